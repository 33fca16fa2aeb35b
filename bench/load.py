"""A load of requests over kept-alive connections, light enough to share two cores with what it measures."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import cast
from urllib.parse import urlsplit

import msgspec


class Load(msgspec.Struct, frozen=True):
    """What came back within `seconds`: answers by status, and latencies in milliseconds."""

    seconds: float
    statuses: dict[int, int]
    latency_ms_p50: float
    latency_ms_p99: float

    @property
    def answers(self) -> int:
        return sum(self.statuses.values())

    def per_second(self, status: int | None = None) -> float:
        """Answers (with this status) a second."""
        count = self.answers if status is None else self.statuses.get(status, 0)
        return count / self.seconds


class _Client(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, sends the next."""

    def __init__(self, request: Callable[[], bytes | None], tally: "_Tally") -> None:
        self.request = request
        self.tally = tally
        self.buffer = b""
        self.needed = -1
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own class does not inherit from it
        self._send()

    def _send(self) -> None:
        body = self.request()
        if body is None:
            self.transport.close()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(body)

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        if self.needed < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self.needed = end + 4 + length
        if len(self.buffer) >= self.needed:
            self.tally.count(int(self.buffer[9:12]), time.perf_counter() - self.sent_at)
            self.buffer, self.needed = b"", -1
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if not self.done.done():
            self.done.set_result(None)


class _Tally:
    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.latencies: list[float] = []

    def count(self, status: int, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.latencies.append(seconds)


async def run(
    url: str, request: Callable[[], bytes], *, connections: int, seconds: float, warm_up: float = 1.0
) -> Load:
    """Keep `connections` busy for `seconds` after a warm-up that is not counted. `request` makes the next bytes."""
    address = urlsplit(url)
    assert address.hostname in {"127.0.0.1", "localhost"}, "load is only ever put on this machine"
    loop = asyncio.get_running_loop()
    tally = _Tally()
    ends = loop.time() + warm_up + seconds

    def following() -> bytes | None:
        return request() if loop.time() < ends else None

    clients = [
        (await loop.create_connection(lambda: _Client(following, tally), address.hostname, address.port))[1]
        for _ in range(connections)
    ]
    await asyncio.sleep(warm_up)
    tally.statuses.clear()
    tally.latencies.clear()
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    elapsed = time.perf_counter() - started
    statuses, latencies = dict(tally.statuses), sorted(tally.latencies)
    await asyncio.wait_for(asyncio.gather(*(client.done for client in clients)), 30)
    return Load(
        seconds=elapsed,
        statuses=statuses,
        latency_ms_p50=latencies[len(latencies) // 2] * 1000 if latencies else 0.0,
        latency_ms_p99=latencies[len(latencies) * 99 // 100] * 1000 if latencies else 0.0,
    )


async def each(url: str, requests: Iterator[bytes], *, connections: int, patience: float = 120) -> Load:
    """Send every request once, `connections` at a time, and wait for the answer to each of them."""
    address = urlsplit(url)
    assert address.hostname in {"127.0.0.1", "localhost"}, "load is only ever put on this machine"
    loop = asyncio.get_running_loop()
    tally = _Tally()
    started = time.perf_counter()
    clients = [
        (await loop.create_connection(
            lambda: _Client(lambda: next(requests, None), tally), address.hostname, address.port
        ))[1]
        for _ in range(connections)
    ]  # fmt: skip
    await asyncio.wait_for(asyncio.gather(*(client.done for client in clients)), patience)
    elapsed = time.perf_counter() - started
    latencies = sorted(tally.latencies)
    return Load(
        seconds=elapsed,
        statuses=tally.statuses,
        latency_ms_p50=latencies[len(latencies) // 2] * 1000 if latencies else 0.0,
        latency_ms_p99=latencies[len(latencies) * 99 // 100] * 1000 if latencies else 0.0,
    )


def http(method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", "accept: application/json"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
