"""Runs a sandbox over a real socket until it is killed: `python sandbox_server.py <folder> <port>`."""

import asyncio
import sys
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from siyu.connect import sandbox


async def serve(folder: Path, port: int) -> None:
    app = sandbox.create(folder, base_url=f"http://127.0.0.1:{port}")
    await Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI).serve()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
