"""TCP echo by Trio: a task per connection."""

import trio

from common import announce, listener


async def echo(stream):
    async with stream:
        try:
            async for data in stream:
                await stream.send_all(data)
        except trio.BrokenResourceError:
            pass  # the load generator hangs up


async def main():
    s = listener()
    announce(s)
    await trio.serve_listeners(echo, [trio.SocketListener(trio.socket.from_stdlib_socket(s))])


trio.run(main)
