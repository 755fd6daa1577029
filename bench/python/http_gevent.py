"""HTTP hello by gevent's WSGI server."""

from gevent.pywsgi import WSGIServer
from gevent.socket import socket

from common import announce, listener


def hello(environ, start_response):
    body = b"hello, world\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


s = listener()
announce(s)
WSGIServer(socket(fileno=s.detach()), hello, log=None).serve_forever()
