"""TCP echo by asyncio: a protocol, which is its fastest way. With uvloop if asked."""

import asyncio
import sys

from common import announce, listener


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def main():
    server = await asyncio.get_running_loop().create_server(Echo, sock=listener())
    announce(server.sockets[0])
    await server.serve_forever()


if "uvloop" in sys.argv:
    import uvloop

    uvloop.install()
asyncio.run(main())
