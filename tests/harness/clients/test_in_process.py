import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from simulator.clock import Clock
from simulator.core.events import BackupStarted
from simulator.core.instants import parse_duration
from simulator.core.time_policies import Manual, PerRequest, Rate, TimePolicy
from simulator.harness.clients import client_kind
from simulator.harness.clients.in_process import run_in_process, start_cluster, target_of
from simulator.harness.language.scenario import Scenario
from simulator.harness.ports import ClientError, Session, Target

Load = Callable[..., tuple[Scenario, ...]]

FLOW = """
    time: {per_request: 10s}
    cluster:
      dcos_version: 2.2.0
      start: 2024-02-29T00:00:00Z
      marathon: {apps: 2}
      backups: [{label: old, as: old}]
    steps:
      - create: {label: nightly}
        as: first
      - wait: {backup: first, for: STATUS_READY}
      - list: {}
        expect: {exactly: [old, first]}
    expect: {creates: CREATES}
"""


class RefusesToOpen:
    """A kind of client that cannot be started."""

    name = given = "refuses"
    operations = programs = frozenset[str]()
    packages = ()
    lacks_virtual_time = ""
    rate = 1.0

    @asynccontextmanager
    async def open(self, target: Target, clock: Clock) -> AsyncIterator[Session]:
        """Fail."""
        del clock
        raise ClientError(f"cannot reach {target.url}")
        yield  # never reached: makes this a generator


def test_a_cluster_is_what_its_scenario_says(load: Load) -> None:
    """Version, time, apps, backups, and the seed."""
    (scenario,) = load(FLOW.replace("CREATES", "1"))
    with start_cluster(scenario, "seed") as cluster:
        assert cluster.dcos_version == "2.2.0"
        assert cluster.clock.start == scenario.start
        assert cluster.clock.policy == PerRequest(parse_duration("10s"))
        assert len(cluster.apps) == 2
        assert [backup.label for backup in cluster.backups.values()] == ["old"]
        assert cluster.chance.seed == "seed"


@pytest.mark.parametrize(
    ("work", "policy"),
    [
        ("program: {run: backup, label: nightly}", Rate(240)),
        ("steps: [{list: {}}]", Manual()),
    ],
    ids=["program", "steps"],
)
def test_time_runs_at_the_rate_of_a_program_that_needs_virtual_time(
    load: Load, work: str, policy: TimePolicy
) -> None:
    """Where no process of the client waits by itself, nothing runs."""
    (scenario,) = load(f"time: autojump\n{work}")
    with start_cluster(scenario, "seed", 240) as cluster:
        assert cluster.clock.policy == policy


def test_a_target_is_how_to_get_in(load: Load) -> None:
    """Address, token, user and password; no certificate for plain HTTP."""
    (scenario,) = load(FLOW.replace("CREATES", "1"))
    with start_cluster(scenario, "seed") as cluster:
        assert target_of(cluster) == Target(
            url=cluster.url,
            token=cluster.token,
            username="bootstrapuser",
            password="deleteme",
            ca_cert="",
        )


@pytest.mark.parametrize(("creates", "passed"), [("1", True), ("2", False)])
def test_a_scenario_runs_over_http(load: Load, creates: str, passed: bool) -> None:  # noqa: FBT001 - a parameter
    """Through the reference client, on a cluster of its own."""
    (scenario,) = load(FLOW.replace("CREATES", creates))
    verdict = asyncio.run(run_in_process(scenario, client_kind("http"), "seed"))
    assert verdict.passed is passed
    assert (verdict.client_name, verdict.seed) == ("http", "seed")
    assert {exchange.operation for exchange in verdict.journal.exchanges} == {"create", "list"}


def test_the_same_seed_gives_the_same_journal(load: Load) -> None:
    """To the byte, whatever the port; another seed gives another."""
    (scenario,) = load(FLOW.replace("CREATES", "1"))
    runs = [
        asyncio.run(run_in_process(scenario, client_kind("http"), seed)) for seed in ("a", "a", "b")
    ]
    first, second, other = (list(verdict.journal.lines()) for verdict in runs)
    assert first == second != other


def test_a_client_that_cannot_be_opened_leaves_no_cluster_behind(load: Load) -> None:
    """The error goes on to whoever asked, and nobody listens there any more."""
    (scenario,) = load(FLOW.replace("CREATES", "1"))
    with pytest.raises(ClientError, match=r"cannot reach http://127\.0\.0\.1:") as error:
        asyncio.run(run_in_process(scenario, RefusesToOpen(), "seed"))
    port = int(str(error.value).rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=20)


SLEEPY = """
import json, time, urllib.request
from datetime import UTC, datetime

class Client:
    def __init__(self, target):
        self._target = target
    def create(self, label):
        time.sleep(45)
        request = urllib.request.Request(
            f"{self._target.url}/system/v1/backup/v1/create",
            data=json.dumps({"label": f"{label}-{datetime.now(UTC):%Y%m%d}"}).encode(),
            headers={
                "Authorization": f"token={self._target.token}", "Content-Type": "application/json"
            },
        )
        with urllib.request.urlopen(request) as response:
            made = json.load(response)
        time.sleep(3600)
        return made["id"]
"""


def test_under_autojump_what_a_python_client_sleeps_passes_on_the_cluster(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its dates as well; and nothing of it lasts longer than the scenario."""
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "sleepy_client.py").write_text(SLEEPY, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    (scenario,) = load("""
        cluster: {start: 2024-02-28T23:59:30Z}
        time: autojump
        steps:
          - create: {label: nightly}
    """)
    kind = client_kind("python:sleepy_client:Client")
    verdict = asyncio.run(run_in_process(scenario, kind, "0"))
    (started,) = (
        entry for _, entry in verdict.journal.numbered() if isinstance(entry, BackupStarted)
    )
    assert started.backup_id.startswith("nightly-20240229-")
    assert verdict.end - verdict.start == parse_duration("1h45s")
