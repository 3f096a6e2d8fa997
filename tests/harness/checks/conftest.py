r"""Reads conducts from the notation of ``Check.wrong`` and ``Check.right``.

One line is one thing that happened::

    own time                     the client lives in cluster time; ``scaled time`` is the other one
    can be unsure                its operations have a word for "nobody knows"
    there: ID STATUS [STATUS]    a backup, and the status of its latest restore
    asked: OPERATION [ARGUMENT]  a call begins
    program: NAME ARGUMENT       a call of a program begins
    METHOD PATH [BODY] [| HEADER: VALUE] → ANSWER
    +DURATION                    cluster time and real time go on
    claimed: ok [VALUE], claimed: failed: MESSAGE, claimed: indeterminate, claimed: stopped
    exit: STATUS [WRITTEN], stopped, left running: COMMAND

What comes before any call belongs to a free one. A call without an end has claimed nothing yet,
which is never wrong. An answer is ``nothing`` or a status, and then: nothing more, where it is what
the service answers; ``ID STATUS [STATUS]``, which is true from then on; JSON instead of what is
true; ``half``; the reason of a refusal; ``Retry-After: DURATION``; ``, but done``
where it was carried out all the same. ``\n`` in what is written is a new line.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest

from simulator.core.backups import Backup, Component, Restore
from simulator.core.commands import Refusal, Refused, Reply
from simulator.core.faults import AnswerWith, Cut, Edit, Ending, Fault, FaultRule, Part
from simulator.core.identifiers import BackupId
from simulator.core.instants import Instant, parse_duration, parse_rfc3339
from simulator.core.statuses import Status
from simulator.harness.checks.catalogue import CHECKS
from simulator.harness.checks.check import breaches
from simulator.harness.checks.conduct import BASE_PATH, Call, Conduct, Pace, Request, Sent
from simulator.harness.ports import Failed, Indeterminate, Ok, Outcome, Ran, Target, claimed_by
from simulator.journal import Exchange
from simulator.service.wire import backup_document

TARGET: Final = Target(url="http://cluster", token="TOKEN", username="user", password="word")
START: Final = parse_rfc3339("2019-03-18T23:16:33Z")
PACES: Final = {"own time": Pace.OWN, "scaled time": Pace.SCALED}
DONE: Final = "but done"
NOT_YET: Final = Indeterminate("it has claimed nothing yet")

_REQUEST: Final = re.compile(r"([A-Z]+) (\S+)(?: ([^|]+?))?((?: \| [^|]+?)*) → (.+)")
_ANSWER: Final = re.compile(r"(nothing|\d{3})(?:, | |$)(.*)")
_STATUSES: Final = re.compile(r"(\S+) (STATUS_\w+)(?: (STATUS_\w+))?")


@dataclass
class Reader:
    """Reads one text, line by line."""

    pace: Pace = Pace.NONE
    can_be_unsure: bool = False
    calls: list[Call] = field(default_factory=list)
    unasked: list[Sent] = field(default_factory=list)
    stored: dict[str, Backup] = field(default_factory=dict)
    call: Call | None = None
    passed: int = 0
    requests: int = 0

    def read(self, text: str) -> Conduct:
        """Return the conduct that a text tells."""
        for line in text.splitlines():
            self._read(line)
        self._end(NOT_YET)
        return Conduct(
            target=TARGET,
            calls=tuple(self.calls),
            unasked=tuple(self.unasked),
            pace=self.pace,
            can_be_unsure=self.can_be_unsure,
            names={},
        )

    def _read(self, line: str) -> None:
        word, _, rest = line.partition(":")
        if line in PACES:
            self.pace = PACES[line]
        elif line == "can be unsure":
            self.can_be_unsure = True
        elif line.startswith("+"):
            self.passed += parse_duration(line[1:])
        elif line == "stopped":
            self._end_program(-9, "", stopped="it was stopped after 60s")
        elif request := _REQUEST.fullmatch(line):
            self._request(*request.groups(default=""))
        else:
            read = {
                "there": self._show,
                "asked": self._begin,
                "program": self._begin_program,
                "claimed": self._claimed,
                "exit": self._exit,
                "left running": self._left_running,
            }
            read[word](rest.strip())

    # --- calls -----------------------------------------------------------------------------

    def _begin(self, asked: str) -> None:
        self._end(NOT_YET)
        operation, _, argument = asked.partition(" ")
        self.call = Call(
            operation=operation,
            argument=argument,
            path=("steps", len(self.calls)),
            outcome=NOT_YET,
            before=dict(self.stored),
            after={},
        )

    def _begin_program(self, asked: str) -> None:
        self._begin(asked)
        assert self.call
        self.call = replace(self.call, ran=Ran(status=1, output=b"", errors="", seconds=1))

    def _claimed(self, claimed: str) -> None:
        kind, _, rest = claimed.partition(" ")
        outcomes: Mapping[str, Outcome] = {
            "ok": Ok(_value(rest)),
            "failed:": Failed(_written(rest)),
            "indeterminate": Indeterminate("nobody knows"),
            "stopped": Indeterminate("no end within 30s", is_stopped=True),
        }
        self._end(outcomes[kind])

    def _exit(self, how: str) -> None:
        status, _, written = how.partition(" ")
        self._end_program(int(status), _written(written))

    def _end_program(self, status: int, written: str, *, stopped: str = "") -> None:
        assert self.call
        output, errors = ("", written) if status else (written, "")
        ran = Ran(status=status, output=output.encode(), errors=errors, seconds=1, stopped=stopped)
        self.call = replace(self.call, ran=ran)
        self._end(claimed_by(ran))

    def _left_running(self, command: str) -> None:
        last = self.calls.pop()
        assert last.ran
        self.calls.append(replace(last, ran=replace(last.ran, left_running=command)))

    def _end(self, outcome: Outcome) -> None:
        if self.call:
            self.calls.append(replace(self.call, outcome=outcome, after=dict(self.stored)))
        self.call = None

    # --- requests --------------------------------------------------------------------------

    def _request(self, method: str, path: str, body: str, headers: str, answer: str) -> None:
        if not self.calls and not self.call:
            self._begin("")
        base = "" if path.startswith("/system") else BASE_PATH
        asked = Exchange(
            at=Instant(START + self.passed),
            method=method,
            target=f"{base}{path}",
            headers=_headers(body, headers),
            request_body=body.encode(),
            operation="",
            status=0,
            response_body=b"",
            why="as the test wants it",
            reply=None,
            notes=(),
        )
        exchange = self._answered(Request(number=1, exchange=asked), answer)
        self.requests += 1
        request = Request(number=self.requests, exchange=exchange, received=self.passed)
        if self.call:
            self.call = replace(self.call, requests=(*self.call.requests, request))
        else:
            self.unasked.append(Sent(self.calls[-1], request))

    def _answered(self, request: Request, answer: str) -> Exchange:
        match = _ANSWER.fullmatch(answer)
        assert match, answer
        exchange, status, rest = request.exchange, int(match[1].replace("nothing", "0")), match[2]
        if rest in {each.value for each in Refused}:
            refusal = Refusal(reason=Refused(rest), messages=(rest,))
            return exchange._replace(status=status, reply=Reply(rest, refusal=refusal))
        if statuses := _STATUSES.match(rest):
            is_create = request.route == "create"
            reply = self._done(request, statuses[1] if is_create else "")
            self._show(rest)
            shown = self.stored[statuses[1]]
            reply = reply and reply._replace(backup=shown if reply.backup else None)
        elif (status == 200 and request.is_operation) or rest == DONE:
            reply = self._done(request, "")
        else:
            reply = None
        own = self._body(request) if reply else b""
        body, fault = own, _fault(status, rest)
        if rest == "half":
            body = own[: len(own) // 2]
        elif rest.startswith(("[", "{")) and json.loads(rest) != json.loads(own or b"null"):
            body, fault = rest.encode(), Edit()
        elif fault:
            body = b""
        struck = (FaultRule(fault=fault),) if fault else ()
        return exchange._replace(status=status, response_body=body, reply=reply, struck=struck)

    def _done(self, request: Request, backup_id: str) -> Reply | None:
        """Carry out what a request asks for; what it is about must have been there."""
        if not request.is_operation:
            return None
        argument, backup = request.argument, None
        if request.route == "create":
            backup = self._create(backup_id or f"{argument}-{self._count(argument)}")
        elif request.route in {"restore", "delete"}:
            if argument not in self.stored:
                self._there(argument)
            if request.route == "restore":
                backup = self._restore(argument)
            else:
                del self.stored[argument]
        return Reply("it is so", backup=backup)

    def _create(self, backup_id: str) -> Backup:
        self.stored[backup_id] = _backup(backup_id, Status.BACKING_UP)
        return self.stored[backup_id]

    def _restore(self, backup_id: str) -> Backup:
        was = self.stored[backup_id]
        begun = _restores(len(was.restores) + 1, Status.RESTORING)
        self.stored[backup_id] = was._replace(restores=(*was.restores, begun))
        return self.stored[backup_id]

    def _count(self, label: str) -> int:
        return sum(each.startswith(f"{label}-") for each in self.stored) + 1

    def _there(self, backup_id: str) -> None:
        self.stored[backup_id] = _backup(backup_id, Status.READY)
        if self.call:
            before = {**self.call.before, backup_id: self.stored[backup_id]}
            self.call = replace(self.call, before=before)

    def _show(self, text: str) -> None:
        """Take what is written of a backup for true."""
        match = _STATUSES.fullmatch(text)
        assert match, text
        was = self.stored.get(match[1])
        now = _backup(match[1], Status(match[2]))
        restores = was.restores if was else ()
        if match[3]:
            number = restores[-1].number if restores else 1
            restores = (*restores[:-1], _restores(number, Status(match[3])))
        self.stored[match[1]] = now._replace(restores=restores)

    def _body(self, request: Request) -> bytes:
        if request.route != "list":
            backup = next(reversed(self.stored.values()), None)
            is_empty = request.route == "delete" or not backup
            return b"" if is_empty or not backup else json.dumps(backup_document(backup)).encode()
        fit = [each for each in self.stored.values() if each.id.startswith(request.argument)]
        return json.dumps([backup_document(each) for each in fit]).encode()


def _backup(backup_id: str, status: Status) -> Backup:
    return Backup(
        id=BackupId(backup_id),
        label=backup_id.partition("-")[0],
        timestamp=START,
        dcos_version="1.13.0",
        status=status,
        shown=status.value,
        components=(_component(status),),
    )


def _restores(number: int, status: Status) -> Restore:
    return Restore(number, START, status, status.value, (_component(status),))


def _component(status: Status) -> Component:
    return Component("marathon", status, status.value, "", "", None)


def _fault(status: int, rest: str) -> Fault | None:
    """Return what kept the service's own answer away; None for what is its own."""
    if status == 0:
        return Cut(Part.NOTHING, Ending.RESET)
    if rest == "half":
        return Cut(Part.BODY, Ending.RESET)
    if rest.startswith("Retry-After: "):
        wanted = parse_duration(rest.removeprefix("Retry-After: "))
        return AnswerWith(status=status, retry_after=wanted)
    is_own = status == 200 or 400 <= status < 500
    return AnswerWith(status=status) if rest == DONE or not is_own else None


def _headers(body: str, changes: str) -> tuple[tuple[bytes, bytes], ...]:
    headers = {
        "Host": "cluster",
        "Accept": "application/json",
        "Authorization": f"token={TARGET.token}",
        **({"Content-Type": "application/json"} if body else {}),
    }
    for change in changes.split(" | ")[1:]:
        name, _, value = change.partition(":")
        headers[name] = value.strip()
    return tuple((name.encode(), value.encode()) for name, value in headers.items() if value)


def _value(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _written(text: str) -> str:
    return text.replace("\\n", "\n")


@pytest.fixture(scope="session")
def told() -> Callable[[str], Conduct]:
    """Return how to read a conduct from its text."""
    return lambda text: Reader().read(text)


@pytest.fixture(scope="session")
def found() -> Callable[[str, str], list[str]]:
    """Return how to apply one check to a text: what it finds, once for each call."""

    def found(code: str, text: str) -> list[str]:
        conduct = Reader().read(text)
        return [breach.found for breach in breaches([CHECKS[code]], conduct)]

    return found
