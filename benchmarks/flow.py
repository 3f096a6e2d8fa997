"""One whole flow through real HTTP under the manual clock: nine requests of one client.

Create, three polls, restore, three polls, delete; the clock is advanced before each poll, so that
every flow sees BACKING_UP, READY, RESTORING and READY. The bare side sends the same nine requests.
"""

import asyncio
import json
from collections.abc import Callable
from http.client import HTTPConnection
from statistics import median
from time import perf_counter
from typing import Final

import aiohttp
import bare
from measure import AtMost, Figure, compare, median_ms
from throughput import CREATE, LABEL_BODY, LIST, holding, listed, port_of

from simulator.service.fake_cluster import FakeCluster

RESTORE: Final = f"{bare.BASE_PATH}/restore"
DELETE: Final = f"{bare.BASE_PATH}/delete"
AIM_MS: Final = AtMost(3)
POLLS: Final = 3
FLOWS: Final = 100


def measure(*, quick: bool) -> list[Figure]:
    """Measure flows with two clients, on a running cluster and with a cluster for each."""
    rounds = 3 if quick else 12
    with FakeCluster(holding(1)) as cluster:
        body = listed(cluster)
    pooled = compare(
        lambda: {"ms": _pooled_flows()},
        lambda: {"ms": asyncio.run(_bare_flows(body))},
        rounds,
    )["ms"]
    plain = median(_plain_flows() for _ in range(rounds))
    whole = median_ms(_whole_test, rounds * FLOWS)
    return [
        Figure(
            name="flow, aiohttp client",
            value=pooled.ours,
            unit="ms",
            bare=pooled.bare,
            ratio=pooled.ratio,
            aim=AIM_MS,
            note="bare: server and client in one loop",
        ),
        Figure(name="flow, http.client", value=plain, unit="ms", aim=AIM_MS),
        Figure(name="flows a second, http.client", value=1000 / plain, unit="flows/s"),
        Figure(name="flow with a cluster of its own", value=whole, unit="ms"),
    ]


# --- http.client in this thread: what a synchronous test does ------------------------------------


class _PlainClient:
    def __init__(self, cluster: FakeCluster) -> None:
        self._cluster = cluster
        self._connection = HTTPConnection("127.0.0.1", port_of(cluster))
        self._headers = {"Authorization": f"token={cluster.token}"}

    def flow(self) -> None:
        created = json.loads(self._ask("POST", CREATE, LABEL_BODY))
        named = json.dumps({"id": created["id"]}).encode()
        self._poll()
        self._ask("POST", RESTORE, named)
        self._poll()
        self._ask("DELETE", DELETE, named)

    def close(self) -> None:
        self._connection.close()

    def _poll(self) -> None:
        for _ in range(POLLS):
            self._cluster.clock.advance("15s")
            json.loads(self._ask("GET", LIST))

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = {**self._headers, "Content-Type": "application/json"} if body else self._headers
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        given = answer.read()
        assert answer.status == 200, given  # noqa: PLR2004 - OK
        return given


def _plain_flows() -> float:
    with FakeCluster() as cluster:
        client = _PlainClient(cluster)
        taken = median_ms(client.flow, FLOWS)
        client.close()
    return taken


def _whole_test() -> None:
    with FakeCluster() as cluster:
        client = _PlainClient(cluster)
        client.flow()
        client.close()


# --- aiohttp's client: the same for both sides ---------------------------------------------------


def _pooled_flows() -> float:
    with FakeCluster() as cluster:
        return asyncio.run(_flows(cluster.url, cluster.token, lambda: cluster.clock.advance("15s")))


async def _bare_flows(body: bytes) -> float:
    runner, port = await bare.start(bare.all_routes(body))
    try:
        return await _flows(f"http://127.0.0.1:{port}", "x" * 400, lambda: None)
    finally:
        await runner.cleanup()


async def _flows(url: str, token: str, advance: Callable[[], None]) -> float:
    """Return the median milliseconds of a flow."""
    taken = []
    headers = {"Authorization": f"token={token}"}
    async with aiohttp.ClientSession(url, headers=headers, raise_for_status=True) as session:
        for _ in range(FLOWS):
            started = perf_counter()
            await _flow(session, advance)
            taken.append((perf_counter() - started) * 1000)
    return median(taken)


async def _flow(session: aiohttp.ClientSession, advance: Callable[[], None]) -> None:
    async with session.post(CREATE, json={"label": "nightly"}) as answer:
        named = {"id": (await answer.json())["id"]}
    await _poll(session, advance)
    async with session.post(RESTORE, json=named) as answer:
        await answer.read()
    await _poll(session, advance)
    async with session.delete(DELETE, json=named) as answer:
        await answer.read()


async def _poll(session: aiohttp.ClientSession, advance: Callable[[], None]) -> None:
    for _ in range(POLLS):
        advance()
        async with session.get(LIST) as answer:
            await answer.json()
