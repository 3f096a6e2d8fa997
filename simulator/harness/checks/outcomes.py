"""What a client may claim of what happened: one table.

``indeterminate`` is honest, whatever happened; a false success never is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final, final

from simulator.core.statuses import Status
from simulator.harness.checks.conduct import Call, Request
from simulator.harness.ports import Failed, Indeterminate, Ok, Outcome


class Happened(Enum):
    """What came of an operation, and whether the client could know."""

    DONE = "it was done, and a whole answer said so"
    UNTOLD = "it was done, and the answer was lost, or was another one"
    REFUSED = "it was refused, and a whole answer said so"
    UNDONE = "it was not done, and no answer of the service's said why"
    UNASKED = "no request for it arrived"


class Reached(Enum):
    """How what a program has started stands when the program ends."""

    DONE = "it is done"
    DONE_UNTOLD = "it is done, and the answer to its start was lost, or was another one"
    RUNNING = "it runs"
    FAILED = "it has failed"
    ABSENT = "it was never started, or is gone"


class Claim(Enum):
    """What a client claims."""

    OK = "ok"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"


class Judgement(Enum):
    """What a claim is."""

    RIGHT = "right"
    ACCEPTABLE = "acceptable"
    FALSE_SUCCESS = "false success"
    FALSE_FAILURE = "false failure"


@final
@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement with its reason; what is plainly right or wrong needs none."""

    judgement: Judgement
    reason: str = ""


RIGHT: Final = Judged(Judgement.RIGHT)
FALSE_SUCCESS: Final = Judged(Judgement.FALSE_SUCCESS)
FALSE_FAILURE: Final = Judged(Judgement.FALSE_FAILURE)

_HONEST: Final = Judged(Judgement.ACCEPTABLE, "whoever cannot tell may say so, even if told")
_LOOKED: Final = Judged(Judgement.ACCEPTABLE, "it is true; a look at the list can have shown it")
_ALTERED: Final = Judged(Judgement.ACCEPTABLE, "what came can be read; it is compared as it came")
_NO_WORD: Final = Judged(
    Judgement.ACCEPTABLE, "an exit status has no word for 'nobody knows'; the message can say it"
)
_GAVE_UP: Final = Judged(Judgement.ACCEPTABLE, "it gave up waiting, and does not call it done")

CHANGES: Final = ("create", "restore", "delete")
READS: Final = ("list", "show")
PROGRAMS: Final = ("backup", "restore")

_OF_CHANGES: Final = {
    Happened.DONE: (RIGHT, FALSE_FAILURE, _HONEST),
    Happened.UNTOLD: (_LOOKED, _NO_WORD, RIGHT),
    Happened.REFUSED: (FALSE_SUCCESS, RIGHT, _HONEST),
    Happened.UNDONE: (FALSE_SUCCESS, RIGHT, RIGHT),
    Happened.UNASKED: (FALSE_SUCCESS, RIGHT, _HONEST),
}
_OF_READS: Final = _OF_CHANGES | {Happened.UNTOLD: (_ALTERED, RIGHT, RIGHT)}
_OF_PROGRAMS: Final = {
    Reached.DONE: (RIGHT, FALSE_FAILURE, _HONEST),
    Reached.DONE_UNTOLD: (_LOOKED, _NO_WORD, RIGHT),
    Reached.RUNNING: (FALSE_SUCCESS, _GAVE_UP, _HONEST),
    Reached.FAILED: (FALSE_SUCCESS, RIGHT, _HONEST),
    Reached.ABSENT: (FALSE_SUCCESS, RIGHT, _HONEST),
}

Row = tuple[str, Enum, Claim]

OUTCOMES: Final[Mapping[Row, Judged]] = MappingProxyType(
    {
        (name, happened, claim): judged
        for names, table in ((CHANGES, _OF_CHANGES), (READS, _OF_READS))
        for name in names
        for happened, row in table.items()
        for claim, judged in zip(Claim, row, strict=True)
    }
)
"""What each claim is, for each operation and whatever happened."""

PROGRAM_OUTCOMES: Final[Mapping[Row, Judged]] = MappingProxyType(
    {
        (name, reached, claim): judged
        for name in PROGRAMS
        for reached, row in _OF_PROGRAMS.items()
        for claim, judged in zip(Claim, row, strict=True)
    }
)
"""The same for programs: exit status 0, another one, and what had to be killed."""


def claim_of(outcome: Outcome) -> Claim:
    """Return what an outcome claims."""
    match outcome:
        case Ok():
            return Claim.OK
        case Failed():
            return Claim.FAILED
        case Indeterminate():
            return Claim.INDETERMINATE


def judged(call: Call) -> Judged:
    """Judge what a client claims of a call."""
    claim = claim_of(call.outcome)
    if call.is_program:
        return PROGRAM_OUTCOMES[call.operation, reached(call), claim]
    return OUTCOMES[call.operation, happened(call), claim]


# --- what happened -------------------------------------------------------------------------------


def happened(call: Call) -> Happened:
    """Return what came of an operation."""
    return _read(call) if call.operation in READS else _changed(call)


def _changed(call: Call) -> Happened:
    requests = list(call.asked(call.operation))
    if _is_changed(call):
        is_told = any(request.is_told_done for request in requests)
        return Happened.DONE if is_told else Happened.UNTOLD
    if not requests:
        return Happened.UNASKED
    is_told = any(_is_told_no(request) for request in requests)
    return Happened.REFUSED if is_told else Happened.UNDONE


def _is_changed(call: Call) -> bool:
    """Whether the cluster has changed as the client was asked to change it."""
    match call.operation:
        case "create":
            return bool(call.made)
        case "restore":
            return _restores(call, call.argument)
        case _:
            return call.argument in call.before and call.argument not in call.after


def _restores(call: Call, backup_id: str) -> bool:
    was, now = call.before.get(backup_id), call.after.get(backup_id)
    return now is not None and len(now.restores) > (len(was.restores) if was else 0)


def _is_told_no(request: Request) -> bool:
    return request.refusal is not None or (request.is_whole and request.exchange.status >= 400)  # noqa: PLR2004


def _read(call: Call) -> Happened:
    lists = list(call.asked("list"))
    if not lists:
        return Happened.UNASKED
    if call.operation == "show" and call.argument not in _shown_ids(lists):
        is_told = any(_is_plain_list(each) or _is_told_no(each) for each in lists)
        return Happened.REFUSED if is_told else Happened.UNDONE
    if any(_is_plain_list(each) for each in lists):
        return Happened.DONE
    if any(each.has_documents for each in lists):
        return Happened.UNTOLD
    return Happened.REFUSED if any(_is_told_no(each) for each in lists) else Happened.UNDONE


def _is_plain_list(request: Request) -> bool:
    return request.is_whole and request.exchange.status == 200  # noqa: PLR2004


def _shown_ids(lists: list[Request]) -> set[str]:
    return {document["id"] for request in lists for document in request.shown}


def reached(call: Call) -> Reached:
    """Return how what a program has started stands at its end."""
    is_restore = call.operation == "restore"
    subject = call.argument if is_restore else (call.made or ("",))[-1]
    backup = call.after.get(subject)
    if backup is None or (is_restore and not _restores(call, subject)):
        return Reached.ABSENT
    status = backup.restores[-1].status if is_restore else backup.status
    if status is Status.ERROR:
        return Reached.FAILED
    if status is not Status.READY:
        return Reached.RUNNING
    starts = call.asked("restore" if is_restore else "create")
    return Reached.DONE if any(each.is_told_done for each in starts) else Reached.DONE_UNTOLD
