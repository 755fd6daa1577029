"""HTTP hello by aiohttp, over asyncio or uvloop."""

import asyncio
import sys

from aiohttp import web

from common import announce, listener


async def hello(request):
    return web.Response(text="hello, world\n")


async def main():
    app = web.Application()
    app.add_routes([web.get("/hello", hello)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    s = listener()
    await web.SockSite(runner, s).start()
    announce(s)
    await asyncio.Event().wait()


if "uvloop" in sys.argv:
    import uvloop

    uvloop.install()
asyncio.run(main())
