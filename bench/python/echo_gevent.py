"""TCP echo by gevent: a greenlet per connection."""

from gevent.server import StreamServer
from gevent.socket import socket

from common import announce, listener


def echo(conn, address):
    while True:
        data = conn.recv(65536)
        if not data:
            return
        conn.sendall(data)


s = listener()
announce(s)
StreamServer(socket(fileno=s.detach()), echo).serve_forever()
