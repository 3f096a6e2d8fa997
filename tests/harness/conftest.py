"""What the tests of the harness share: loaded texts, and a correct client that needs no HTTP."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from textwrap import dedent
from typing import Protocol

import pytest

from simulator.core import commands
from simulator.core.commands import Command, Reply
from simulator.core.faults import Asked
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.ports import Client, Failed, Ok, Outcome, Ran, Session, Target
from simulator.harness.runner import run_scenario
from simulator.harness.verdict import Verdict
from simulator.journal import Exchange
from simulator.service.wire import backup_document, error_body
from simulator.simulation import Simulation

collect_ignore = ["language/golden"]  # scenario files that are wrong on purpose

SEED = "test"
TARGET = Target(url="http://fake", token="the-token", username="user", password="word")
HEADERS = (
    (b"Host", b"fake"),
    (b"Accept", b"application/json"),
    (b"Authorization", b"token=the-token"),
    (b"Content-Type", b"application/json"),
)
BASE_PATH = "/system/v1/backup/v1"

Behaviour = Callable[[Client, str], Awaitable[Outcome]]
"""One operation of a client, done with the help of a correct one."""


def _body(reply: Reply, operation: str) -> bytes:
    if reply.backups is not None:
        return json.dumps([backup_document(backup) for backup in reply.backups]).encode()
    shown = reply.backup if operation != "delete" else None
    return json.dumps(backup_document(shown)).encode() if shown else b""


class CorrectClient:
    """Does all five operations as they should be done, straight on a simulated cluster.

    Each is written to the journal as the request that it stands for.
    """

    def __init__(self, simulation: Simulation) -> None:
        """Talk to this cluster."""
        self._simulation = simulation

    async def create(self, label: str) -> Outcome:
        """Start a backup; the value is its document."""
        return self._ask("POST", "create", "label", label, commands.Create(label))

    async def list(self, prefix: str) -> Outcome:
        """List backups."""
        return self._ask("GET", "list", "prefix", prefix, commands.List(prefix))

    async def show(self, backup_id: str) -> Outcome:
        """Show one backup, found in a list."""
        listed = self._ask("GET", "list", "prefix", backup_id, commands.List(backup_id))
        if not isinstance(listed, Ok):
            return listed
        found = [document for document in listed.value if document["id"] == backup_id]
        return Ok(found[0]) if found else Failed(f"there is no backup {backup_id}")

    async def restore(self, backup_id: str) -> Outcome:
        """Start a restore; the value is the backup's document."""
        return self._ask("POST", "restore", "id", backup_id, commands.Restore(backup_id))

    async def delete(self, backup_id: str) -> Outcome:
        """Delete a backup; there is no value."""
        return self._ask("DELETE", "delete", "id", backup_id, commands.Delete(backup_id))

    def _ask(
        self, method: str, operation: str, field: str, argument: str, command: Command
    ) -> Outcome:
        in_query = f"?{field}={argument}" if operation == "list" and argument else ""
        body = b"" if operation == "list" else json.dumps({field: argument}).encode()
        simulation = self._simulation
        with simulation.lock:
            now = simulation.clock.on_request(Asked(operation, method, f"{BASE_PATH}/{operation}"))
            reply = simulation.answer(command, now)
            refusal = reply.refusal
            exchange = Exchange(
                now,
                method,
                f"{BASE_PATH}/{operation}{in_query}",
                HEADERS,
                body,
                operation,
                400 if refusal else 200,
                error_body(refusal.messages) if refusal else _body(reply, operation),
                reply.why,
                reply,
                (),
            )
            simulation.journal.record(exchange)
            simulation.record(reply.events)
        if refusal:
            return Failed("; ".join(refusal.messages), 400)
        if reply.backups is not None:
            return Ok([backup_document(backup) for backup in reply.backups])
        shown = reply.backup if operation != "delete" else None
        return Ok(backup_document(shown) if shown else None)


class AlteredClient:
    """A correct client, but for the operations that are done in another way."""

    def __init__(self, correct: Client, **altered: Behaviour) -> None:
        """Do what ``altered`` names in its way, and the rest correctly."""
        self._correct = correct
        self._altered = altered

    async def create(self, label: str) -> Outcome:
        """Start a backup, or what is done instead."""
        return await self._do("create", label)

    async def list(self, prefix: str) -> Outcome:
        """List backups, or what is done instead."""
        return await self._do("list", prefix)

    async def show(self, backup_id: str) -> Outcome:
        """Show a backup, or what is done instead."""
        return await self._do("show", backup_id)

    async def restore(self, backup_id: str) -> Outcome:
        """Start a restore, or what is done instead."""
        return await self._do("restore", backup_id)

    async def delete(self, backup_id: str) -> Outcome:
        """Delete a backup, or what is done instead."""
        return await self._do("delete", backup_id)

    async def _do(self, operation: str, argument: str) -> Outcome:
        if operation in self._altered:
            return await self._altered[operation](self._correct, argument)
        outcome: Outcome = await getattr(self._correct, operation)(argument)
        return outcome


Program = Callable[[Client, str], Awaitable[Ran]]
"""A program of a client: does its work through a correct one, and says how it went."""


class Programs:
    """The programs of a client, if it has any: one for whatever is to be run."""

    def __init__(self, client: Client, program: Program | None) -> None:
        """Do everything as this program does."""
        self._client = client
        self._program = program

    async def run(self, program: str, argument: str) -> Ran:
        """Run the program."""
        assert self._program, f"nobody has said how to {program}"
        return await self._program(self._client, argument)


class Load(Protocol):
    """Loads a text as a scenario file."""

    def __call__(self, text: str, name: str = ...) -> tuple[Scenario, ...]:
        """Return the scenarios of ``name.scenario.yaml`` with this text."""
        ...


class Run(Protocol):
    """Runs a text as a scenario through a correct client, or one that is altered."""

    def __call__(
        self, text: str, *, program: Program | None = ..., **altered: Behaviour
    ) -> Verdict:
        """Return the verdict on the only scenario of this text."""
        ...


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Return how to load a text; a title is put before it, and it may be indented."""
    monkeypatch.chdir(tmp_path)

    def load(text: str, name: str = "flow") -> tuple[Scenario, ...]:
        path = Path(f"{name}.scenario.yaml")
        path.write_text(f"scenario: A test\n{dedent(text).lstrip()}", encoding="utf-8")
        return load_scenarios(path)

    return load


@pytest.fixture
def run(load: Load) -> Run:
    """Return how to run a text, with the seed ``test`` and without any HTTP."""

    def run(text: str, *, program: Program | None = None, **altered: Behaviour) -> Verdict:
        (scenario,) = load(text)
        simulation = Simulation(
            scenario.spec(),
            seed=SEED,
            policy=scenario.policy,
            start=scenario.start,
            made_up=scenario.made_up_apps,
            made_up_backups=scenario.made_up_backups,
        )
        client = AlteredClient(CorrectClient(simulation), **altered)
        session = Session("fake", "fake", client, Programs(client, program), TARGET)
        return asyncio.run(run_scenario(scenario, session, simulation, seed=SEED))

    return run


@pytest.fixture
def dcos_sim(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return how to run ``dcos-sim`` as a process of its own, in the test's folder."""
    environment = {name: os.environ[name] for name in os.environ if "PYTEST" not in name}

    def dcos_sim(*arguments: str, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "simulator.cli.main", *arguments],
            cwd=cwd,
            env={**environment, "COLUMNS": "120", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return dcos_sim
