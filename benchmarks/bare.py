"""What the simulator is compared with: aiohttp as anybody would use it, and nothing behind it.

Run as a script it serves one ready answer and prints its URL: the bare side of ``launch.py``.
"""

import asyncio
import json
from typing import Final
from uuid import uuid4

from aiohttp import web

BASE_PATH: Final = "/system/v1/backup/v1"
HEADERS: Final = {"Content-Type": "application/json", "Server": "openresty"}


def ready_bytes(body: bytes) -> web.Application:
    """Answer every list with these bytes."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, headers=HEADERS)

    app = web.Application()
    app.router.add_get(f"{BASE_PATH}/list", answer)
    return app


async def encoded(request: web.Request) -> web.Response:
    """Parse a body and encode an answer of the documented shape."""
    document = json.loads(await request.read())
    label = document.get("label", "nightly")
    backup = {
        "dcos_version": "1.13.0",
        "id": f"{label}-{uuid4()}",
        "component_status": {"marathon": {"status": "STATUS_READY"}},
        "timestamp": "2019-03-18T23:16:33.265478871Z",
        "status": "STATUS_READY",
    }
    body = json.dumps(backup, separators=(",", ":")).encode()
    return web.Response(body=body, headers=HEADERS)


async def _parsed(request: web.Request) -> web.Response:
    json.loads(await request.read())
    return web.Response(headers=HEADERS)


def all_routes(listed: bytes) -> web.Application:
    """Answer the four routes: list with these bytes, the others after parsing the body."""
    app = ready_bytes(listed)
    app.router.add_post(f"{BASE_PATH}/create", encoded)
    app.router.add_post(f"{BASE_PATH}/restore", encoded)
    app.router.add_delete(f"{BASE_PATH}/delete", _parsed)
    return app


async def start(app: web.Application) -> tuple[web.AppRunner, int]:
    """Serve an application on a free port of the running loop; the caller cleans the runner up."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port: int = runner.addresses[0][1]
    return runner, port


async def _serve() -> None:
    _, port = await start(ready_bytes(b"[]"))
    print(f"http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
