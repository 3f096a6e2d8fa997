"""What the judge makes of a client's claims where faults strike, over real sockets."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.harness.clients import client_kind
from simulator.harness.clients.in_process import run_in_process
from simulator.harness.failure_text import failure_text
from simulator.harness.language.scenario import Scenario
from simulator.harness.ports import Client, Ok, Outcome, Session, Target
from simulator.harness.verdict import Finding, Verdict

Load = Callable[..., tuple[Scenario, ...]]
Behaviour = Callable[[Client, str], Awaitable[Outcome]]


class AlteredKind:
    """The built-in client, but for its way to list and show."""

    name = given = "altered"
    operations = programs = frozenset[str]()
    packages = ()
    lacks_virtual_time = ""
    rate = 1.0

    def __init__(self, **altered: Behaviour) -> None:
        """Do what ``altered`` names in its way."""
        self._altered = altered

    @asynccontextmanager
    async def open(self, target: Target, clock: Clock) -> Any:  # noqa: ANN401 - a context manager
        """Open the built-in client."""
        async with client_kind("http").open(target, clock) as session:
            client: Any = _Altered(session.client, self._altered)
            yield Session("altered", "altered", client, session.programs, target)


class _Altered:
    def __init__(self, client: Client, altered: dict[str, Behaviour]) -> None:
        self._client = client
        self._altered = altered

    def __getattr__(self, operation: str) -> Callable[[str], Awaitable[Outcome]]:
        if operation in self._altered:
            return lambda argument: self._altered[operation](self._client, argument)
        method: Callable[[str], Awaitable[Outcome]] = getattr(self._client, operation)
        return method


async def swallows(client: Client, prefix: str) -> Outcome:
    """Call every list that fails an empty one."""
    listed = await client.list(prefix)
    return listed if isinstance(listed, Ok) else Ok([])


async def doubles(client: Client, prefix: str) -> Outcome:
    """List everything twice."""
    listed = await client.list(prefix)
    return Ok(listed.value * 2) if isinstance(listed, Ok) else listed


async def guesses_ready(client: Client, backup_id: str) -> Outcome:
    """Take a status that cannot be read for STATUS_READY."""
    shown = await client.show(backup_id)
    if not isinstance(shown, Ok):
        return shown
    status = shown.value.get("status")
    return Ok({**shown.value, "status": status if isinstance(status, str) else "STATUS_READY"})


def run(load: Load, text: str, **altered: Behaviour) -> Verdict:
    """Run a text through the built-in client, altered."""
    (scenario,) = load(text)
    return asyncio.run(run_in_process(scenario, AlteredKind(**altered), "seed"))


def code_of(finding: Finding) -> str:
    """Return the code of the check that has found something."""
    return finding.check.code if finding.check else ""


@pytest.mark.parametrize("fault", ["{close: head}", "{close: body}", "{reset: body}"])
def test_half_a_list_is_no_list(load: Load, fault: str) -> None:
    """Whoever calls it an empty one has lost what is there."""
    text = f"""
        cluster: {{backups: [{{label: old, as: old}}]}}
        faults: [{{on: list, do: {fault}}}]
        steps: [{{list: {{}}, expect: honest}}]
    """
    assert run(load, text).passed
    (finding,) = run(load, text, list=swallows).findings
    assert code_of(finding) == "OUT001"
    assert finding.found.startswith(
        "the client says that it succeeded, but it was not done, and no answer of the service's "
        "said why (the cluster's last answer: fault in line 3: the connection "
    )


@pytest.mark.parametrize("fault", ["{clock: +2h}", "goodbye", "{order: reversed}"])
def test_a_fault_excuses_no_doubles_that_were_not_answered(load: Load, fault: str) -> None:
    text = f"""
        cluster: {{backups: [{{label: old, times: 2}}]}}
        faults: [{{on: list, do: {fault}}}]
        steps: [{{list: {{}}}}]
    """
    assert run(load, text).passed
    (finding,) = run(load, text, list=doubles).findings
    assert code_of(finding) == "OUT005"
    assert finding.found.endswith(" 2 times")


def test_doubles_that_were_answered_may_be_shown(load: Load) -> None:
    """Or left out: one id is one backup."""
    text = """
        cluster: {backups: [{label: old}]}
        faults: [{on: list, do: {twice: old}}]
        steps: [{list: {}}]
    """
    assert run(load, text).passed


@pytest.mark.parametrize("edit", ["set: {status: null}", "set: {status: 7}", "drop: status"])
def test_a_status_that_was_not_answered_is_made_up(load: Load, edit: str) -> None:
    """STATUS_READY of all."""
    text = f"""
        cluster: {{backups: [{{label: old, as: old}}]}}
        faults: [{{on: list, do: {{edit: "*", {edit}}}}}]
        steps: [{{show: {{backup: old}}}}]
    """
    assert run(load, text).passed
    (finding,) = run(load, text, show=guesses_ready).findings
    assert code_of(finding) == "OUT006"
    assert finding.found.startswith("showed old as ")


def test_a_failure_tells_what_every_fault_has_struck(load: Load) -> None:
    """Beside those that it has met: armed against fired."""
    verdict = run(
        load,
        """
        faults:
          - {on: list, nth: 2, do: {answer: 502}}
          - {on: restore, do: hang}
        steps: [{list: {}}, {list: {}, expect: failed}, {list: {}}]
        """,
    )
    assert [finding.expected for finding in verdict.findings] == [
        "silence until the client leaves to strike a request"
    ]
    text = failure_text(verdict)
    assert "faults:\n  fault in line 3: an answer with 502: struck 1 of 3 requests\n" in text
    assert "  fault in line 4: silence until the client leaves: struck 0 of 0 requests\n" in text


def test_a_wait_ends_at_the_true_end_under_a_fault_that_changes_no_status(load: Load) -> None:
    """With the diagnostic, and without more polls."""
    verdict = run(
        load,
        """
        script:
          - on: create
            then: [{status: STATUS_BACKING_UP, for: 10s}, {status: STATUS_ERROR, error: no leader}]
        faults: [{on: list, do: {clock: +2h}}]
        steps:
          - create: {label: nightly}
            as: first
          - wait: {backup: first, for: STATUS_READY}
        """,
    )
    (finding,) = verdict.findings
    assert finding.found == "STATUS_ERROR at +10s"
    assert finding.notes == ("the diagnostic says: no leader",)


def test_a_wait_waits_until_somebody_listens_again(load: Load) -> None:
    """In real time; the cluster's own time stands still meanwhile."""
    verdict = run(
        load,
        """
        faults: [{on: create, commit: after, do: {refuse: 50ms}}]
        steps:
          - create: {label: nightly}
            as: first
            expect: unsuccessful
          - wait: {backup: first, for: STATUS_READY, within: 1m}
          - list: {}
            expect: {exactly: [first]}
        """,
    )
    assert verdict.findings == ()


def test_a_wait_ends_where_every_poll_is_refused(load: Load) -> None:
    """Each takes its part of the cluster's time: a fault without an end holds nobody up."""
    verdict = run(
        load,
        """
        faults: [{on: list, do: {refuse: 1ms}}]
        steps:
          - create: {label: nightly}
            as: first
          - wait: {backup: first, for: STATUS_READY, within: 1m}
        """,
    )
    (finding,) = verdict.findings
    assert finding.expected == "first to become STATUS_READY within 1m"
    assert finding.found.startswith("never shown; at last ")
    assert finding.notes == ("in truth it is STATUS_READY; the last poll was at +1m",)


def test_a_refused_port_excuses_nothing_later(load: Load) -> None:
    """Once somebody listens again."""
    verdict = run(
        load,
        """
        faults: [{on: create, commit: after, do: {refuse: 1ms}}]
        steps:
          - create: {label: nightly}
            as: first
            expect: unsuccessful
          - wait: {backup: first, for: STATUS_READY, within: 1m}
          - list: {}
        """,
        list=doubles,
    )
    (finding,) = verdict.findings
    assert (finding.path, code_of(finding)) == (("steps", 2), "OUT005")
