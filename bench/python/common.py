"""What the servers written in Python have in common."""

import os
import socket
import sys
import threading


def listener():
    """A listener at a free port. Its connections send at once, as those of asyncio and of Go do."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(4096)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited by its connections
    s.setblocking(False)
    return s


def announce(s):
    """Says where the server listens, and ends it when whoever started it is gone."""
    print("%s:%d" % s.getsockname()[:2], flush=True)

    def watch():
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
