"""OUT: what the client claims is what happened."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from simulator.core.instants import parse_rfc3339
from simulator.core.statuses import Status
from simulator.harness.checks.check import Check, Claimed, Severity
from simulator.harness.checks.conduct import Call, Conduct
from simulator.harness.checks.outcomes import (
    CHANGES,
    READS,
    Happened,
    Judgement,
    happened,
    judged,
    reached,
)
from simulator.harness.documents import Document, documents_in, entries_by_id, status_of
from simulator.harness.plain_text import beginning, written
from simulator.harness.ports import WROTE_NOTHING, Failed, Ok

COMPARED: Final = ("dcos_version", "timestamp", "component_status", "restores")
"""The documented keys of a document, beside its id and status."""

COMPARED_MAX: Final = 200
"""In a longer list, only ids are compared with the truth."""

_SHOWN_MAX: Final = 200

_NAMED_MAX: Final = 5

_PART: Final = 32
"""Characters of a token that are as good as all of it: nobody writes them by chance."""

_TOLD_MAX: Final = 100
"""Characters of a reason, from its end, that a message must hold: messages may be cut."""

_STATUSES: Final = frozenset(status.value for status in Status)

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ID: Final = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{2,24}}-{_UUID}")

_CRASH: Final = re.compile(
    r"Traceback \(most recent call last\)"
    r"|^(?:\w+\.)*(?:Key|Type|Attribute|Index|Name|Assertion|Recursion|UnboundLocal|JSONDecode|UnicodeDecode)"
    r"Error(?::|$)"
    r"|^\s+at .*(?:[/\\<\[]|node:)\S*:\d+:\d+\)?$"
    r"|^(?:Syntax|Type|Reference|Range)Error: "
    r"|^Unexpected (?:token |end of (?:JSON )?input|non-whitespace)"
    r"|^Cannot read propert"
    r"|^panic: |^invalid character '"
    r"|^jq: |^parse error: "
    r"|: line \d+: .*(?:unbound variable|command not found|syntax error|integer expression)"
    r"|Segmentation fault",
    re.MULTILINE,
)
"""What languages write when a program comes to an end that nobody has thought of."""


# --- what is looked at ---------------------------------------------------------------------------


def _each(fits: Callable[[Call], bool]) -> Callable[[Conduct], list[Claimed]]:
    """Return what looks at the calls for which something holds."""

    def looks_at(conduct: Conduct) -> list[Claimed]:
        return [Claimed(call) for call in conduct.calls if not call.is_free and fits(call)]

    return looks_at


def _is_operation(call: Call) -> bool:
    return not call.is_program


def _is_program(call: Call) -> bool:
    return call.is_program


def _is_anything(call: Call) -> bool:
    return bool(call.operation)


def _has_made(call: Call) -> bool:
    return call.operation in {"create", "backup"} and bool(call.made)


def _names_a_backup(call: Call) -> bool:
    """Whether a successful create names a backup: some clients are silent."""
    outcome = call.outcome
    return call.operation == "create" and isinstance(outcome, Ok) and outcome.value is not None


def _shows_something(call: Call) -> bool:
    is_read = call.operation in READS and not call.is_program
    return is_read and isinstance(call.outcome, Ok)


def _is_list(call: Call) -> bool:
    return call.operation == "list" and _shows_something(call) and _is_readable(call)


def _is_show(call: Call) -> bool:
    return call.operation == "show" and _shows_something(call) and _is_readable(call)


def _has_documents(call: Call) -> bool:
    return not call.is_program and any(_shown_by(call))


def _has_failed(call: Call) -> bool:
    return isinstance(call.outcome, Failed) and not (call.ran and call.ran.stopped)


def _prints(call: Call) -> bool:
    """Whether a program has made a backup and says that all went well: it may print its id."""
    is_backup = call.operation == "backup" and call.ran is not None and not call.ran.status
    return is_backup and bool(call.made)


_claims = _each(_is_anything)
_operations = _each(_is_operation)
_programs = _each(_is_program)
_creates = _each(_has_made)
_named = _each(_names_a_backup)
_reads = _each(_shows_something)
_lists = _each(_is_list)
_shows = _each(_is_show)
_documents = _each(_has_documents)
_failures = _each(_has_failed)
_printed_ids = _each(_prints)


# --- success and failure -------------------------------------------------------------------------


def _false_success(claimed: Claimed, _: Conduct) -> str | None:
    call = claimed.call
    if judged(call).judgement is not Judgement.FALSE_SUCCESS:
        return None
    return f"the client says that it succeeded, but {happened(call).value}{_last_reason(call)}"


def _false_failure(claimed: Claimed, _: Conduct) -> str | None:
    call = claimed.call
    if judged(call).judgement is not Judgement.FALSE_FAILURE:
        return None
    return f"{call.outcome}; but {happened(call).value}"


def _last_reason(call: Call) -> str:
    why = call.requests[-1].exchange.why if call.requests else ""
    return f" (the cluster's last answer: {why})" if why else ""


def _too_early(claimed: Claimed, conduct: Conduct) -> str | None:
    if judged(claimed.call).judgement is not Judgement.FALSE_SUCCESS:
        return None
    return f"exit status 0, and {truth(claimed.call, conduct)}"


def _program_failed(claimed: Claimed, conduct: Conduct) -> str | None:
    call = claimed.call
    if judged(call).judgement is not Judgement.FALSE_FAILURE or call.ran is None:
        return None
    how = call.ran.how_it_ended
    if call.ran.status < 0:
        return f"{how}, and {truth(call, conduct)}"
    return f"exit status {call.ran.status}, and {truth(call, conduct)}: {how}"


def truth(call: Call, conduct: Conduct) -> str:
    """Say how what a program has started stands when it ends."""
    is_restore = call.operation == "restore"
    subject = call.argument if is_restore else (call.made or ("",))[-1]
    name = conduct.name(subject)
    if not subject:
        return "there is no new backup"
    backup = call.after.get(subject)
    if backup is None:
        return f"there is no backup {subject}"
    if not is_restore:
        return f"{name} is {backup.status}"
    if reached(call).name == "ABSENT":
        started = any(request.is_done for request in call.asked("restore"))
        return f"the restore of {name} is forgotten" if started else f"no restore of {name} started"
    return f"the restore of {name} is {backup.restores[-1].status}"


def _one_backup(claimed: Claimed, conduct: Conduct) -> str | None:
    """One that has failed may be followed by another."""
    call = claimed.call
    good = [key for key in call.made if call.after[key].status is not Status.ERROR]
    if len(good) > 1:
        return f"made {len(good)}: {', '.join(conduct.name(key) for key in good)}"
    if call.made[-1].startswith(f"{call.argument}-"):
        return None
    return f"was to make one with the label {call.argument!r}, and made {call.made[-1]}"


# --- what is shown -------------------------------------------------------------------------------


def _new_id(claimed: Claimed, _: Conduct) -> str | None:
    call = claimed.call
    assert isinstance(call.outcome, Ok), "others name nothing"
    value = call.outcome.value
    named = value.get("id") if isinstance(value, Mapping) else value
    if not call.made or named == call.made[-1]:
        return None
    return f"named {_shown(named)}; the new backup is {call.made[-1]}"


def _unreadable(claimed: Claimed, _: Conduct) -> str | None:
    call = claimed.call
    if _is_readable(call):
        return None
    verb = "listed" if call.operation == "list" else "showed"
    return f"{verb} {_shown(call.outcome.value if isinstance(call.outcome, Ok) else None)}"


def _is_readable(call: Call) -> bool:
    assert isinstance(call.outcome, Ok), "others show nothing"
    value = call.outcome.value
    is_list = call.operation == "list"
    return entries_by_id(value) is not None if is_list else isinstance(value, Mapping)


def _other_backup(claimed: Claimed, _: Conduct) -> str | None:
    call = claimed.call
    assert isinstance(call.outcome, Ok), "others show nothing"
    shown = call.outcome.value.get("id")
    if shown == call.argument:
        return None
    return f"showed {_shown(shown)}, and was asked for {call.argument}"


def _lost(claimed: Claimed, conduct: Conduct) -> str | None:
    there, shown = _there(claimed.call), set(_listed(claimed.call))
    lost = [conduct.name(key) for key in there if key not in shown]
    return f"of {len(set(there))} backups it lost {_several(lost)}" if lost else None


def _invented(claimed: Claimed, conduct: Conduct) -> str | None:
    there, shown = Counter(_there(claimed.call)), Counter(_listed(claimed.call))
    invented = [conduct.name(key) for key in shown if key not in there]
    if invented:
        return f"listed {_several(invented)}, which was not there"
    twice = next((key for key, times in shown.items() if times > there[key]), None)
    return None if twice is None else f"listed {conduct.name(twice)} {shown[twice]} times"


def _shown(value: object) -> str:
    """Quote what a client shows, if need be only its beginning."""
    return beginning(written(value), _SHOWN_MAX)


def _several(names: list[str]) -> str:
    """Name some of many, each once."""
    names = list(dict.fromkeys(names))
    more = len(names) - _NAMED_MAX
    shown = ", ".join(map(beginning, names[:_NAMED_MAX]))
    return f"{shown} and {more} more" if more > 0 else shown


def _listed(call: Call) -> list[str]:
    assert isinstance(call.outcome, Ok), "others list nothing"
    return [str(each["id"]) for each in call.outcome.value]


def _there(call: Call) -> list[str]:
    """Return the ids that a list must show: as stored, or as a fault had them answered."""
    newest = next((each for each in reversed(call.operations) if each.route == "list"), None)
    if newest and newest.exchange.struck and newest.exchange.status == 200:  # noqa: PLR2004
        answered = documents_in(newest.exchange.response_body)
        if answered is not None:
            ids = (str(each["id"]) for each in answered)
            return [key for key in ids if key.startswith(call.argument)]
    return [key for key in call.after if key.startswith(call.argument)]


def _shown_by(call: Call) -> Iterator[Document]:
    """Yield the documents that a client shows; a show of another backup is judged apart."""
    value = call.outcome.value if isinstance(call.outcome, Ok) else None
    each = value if isinstance(value, list) else [value]
    if len(each) <= COMPARED_MAX:
        documents = (one for one in each if isinstance(one, Mapping) and "id" in one)
        of_any = call.operation != "show"
        yield from (one for one in documents if of_any or one["id"] == call.argument)


def _statuses(claimed: Claimed, conduct: Conduct) -> str | None:
    for document in _shown_by(claimed.call):
        answered = _answered(claimed.call, document)
        status, name = document.get("status"), beginning(conduct.name(str(document["id"])))
        if "status" not in answered:
            if is_status(status):
                return f"showed {name} as {status}, and the answer had no status"
        elif "status" in document and differs(status, answered["status"]):
            return f"showed {name} as {_shown(status)}; the answer was {status_of(answered)}"
    return None


def _details(claimed: Claimed, conduct: Conduct) -> str | None:
    for document in _shown_by(claimed.call):
        answered = _answered(claimed.call, document)
        for key in COMPARED:
            if key in document and key in answered and differs(document[key], answered[key]):
                shown, right = _shown(document[key]), _shown(answered[key])
                name = beginning(conduct.name(str(document["id"])))
                return f"showed {name} with {key} {shown}; the answer was {right}"
    return None


def _answered(call: Call, document: Document) -> Document:
    """Return what the cluster last answered of a backup; what is stored, where it was not asked."""
    backup_id = str(document["id"])
    answered = call.answered(backup_id)
    if answered is not None:
        return answered
    stored = call.after.get(backup_id)
    return {"status": stored.shown} if stored else {}


def differs(found: object, answered: object) -> bool:
    """Whether a client shows something else than was answered; it may leave things out."""
    try:
        return _differs(found, answered)
    except RecursionError:  # no document of the service's is nested so deep
        return False


def _differs(found: object, answered: object) -> bool:
    if isinstance(found, Mapping) and isinstance(answered, Mapping):
        return any(key in answered and _differs(found[key], answered[key]) for key in found)
    if isinstance(found, str) and isinstance(answered, str):
        return found != answered and not _same_instant(found, answered)
    return (is_status(found) or type(found) is type(answered)) and found != answered


def is_status(value: object) -> bool:
    """Whether a value is a status that the service knows."""
    return isinstance(value, str) and value in _STATUSES


def _same_instant(one: str, other: str) -> bool:
    """Whether two texts are timestamps of the same instant, however they are written."""
    try:
        return parse_rfc3339(one) == parse_rfc3339(other)
    except ValueError:
        return False


# --- what is said --------------------------------------------------------------------------------


def _nothing_said(claimed: Claimed, _: Conduct) -> str | None:
    assert isinstance(claimed.call.outcome, Failed), "others need not explain"
    message = claimed.call.outcome.message.strip()
    if not message or message.endswith(WROTE_NOTHING):
        return message or "an empty message"
    is_bare = message.isidentifier() and message.endswith(("Error", "Exception"))
    return f"nothing but {message}" if is_bare else None


def _reason_kept(claimed: Claimed, _: Conduct) -> str | None:
    reasons = _reasons(claimed.call)
    said = " ".join(text for _, text in _said(claimed.call))
    for reason in reasons:
        if " ".join(reason[-_TOLD_MAX:].split()) not in " ".join(said.split()):
            return f"the service said: {beginning(reason, _SHOWN_MAX)}"
    return None


def _reasons(call: Call) -> tuple[str, ...]:
    """Return why the service refused the last request, as the client was told."""
    last = call.operations[-1] if call.operations else None
    reply = last.exchange.reply if last and last.refusal else None
    return reply.refusal.messages if reply and reply.refusal else ()


def _was_refused(call: Call) -> bool:
    return _has_failed(call) and bool(_reasons(call))


def _untold(conduct: Conduct) -> list[Claimed]:
    """Changes that were made, and whose answer says something else or never came.

    Only where nothing came: any other answer says something, and the client may say just that.
    """
    if not conduct.can_be_unsure:
        return []
    claims = [each for each in _operations(conduct) if each.call.operation in CHANGES]
    unsure = [each for each in claims if _last_status(each.call) == 0]
    return [each for each in unsure if happened(each.call) is Happened.UNTOLD]


def _last_status(call: Call) -> int:
    return call.requests[-1].exchange.status if call.requests else 0


def _too_sure(claimed: Claimed, _: Conduct) -> str | None:
    outcome = claimed.call.outcome
    return f"{outcome}; but {Happened.UNTOLD.value}" if isinstance(outcome, Failed) else None


def _crash(claimed: Claimed, _: Conduct) -> str | None:
    call = claimed.call
    assert isinstance(call.outcome, Failed), "others did not crash"
    match = _CRASH.search(call.ran.errors if call.ran else call.outcome.message)
    if match is None:
        return None
    last = call.outcome.message.strip().rpartition("\n")[2]
    return f"it ended in {beginning(match[0], 60)}: {beginning(last)}"


def _secret(claimed: Claimed, conduct: Conduct) -> str | None:
    token = conduct.target.token
    parts = [token[at : at + _PART] for at in range(0, len(token) - _PART + 1, _PART)] or [token]
    for where, said in _said(claimed.call):
        if any(part in said for part in parts):  # what is quoted of a client may be cut
            return f"wrote the token into {where}"
    return None


def _said(call: Call) -> Iterator[tuple[str, str]]:
    if call.ran:
        yield "its output", call.ran.output.decode(errors="replace")
        yield "its standard error", call.ran.errors
    match call.outcome:
        case Ok(value=value):
            yield "its result", _text(value)
        case outcome:
            yield "its message", outcome.message


def _text(value: Any) -> str:  # noqa: ANN401 - whatever a client returns
    return "" if isinstance(value, list) and len(value) > COMPARED_MAX else written(value)


def _ids_in(call: Call) -> list[str]:
    assert call.ran is not None, "operations print what is read"
    return _ID.findall(call.ran.output.decode(errors="replace"))


def _wrong_id(claimed: Claimed, conduct: Conduct) -> str | None:
    printed, made = _ids_in(claimed.call), claimed.call.made[-1]
    if made in printed or not printed:
        return None
    return f"printed {conduct.name(printed[-1])}; the new backup is {made}"


def _left_running(claimed: Claimed, _: Conduct) -> str | None:
    ran = claimed.call.ran
    if ran is None or not ran.left_running:
        return None
    return f"it left {ran.left_running!r} running in the background, which was killed"


_refused = _each(_was_refused)

_NIGHTLY = 'POST /create {"label": "nightly"}'
_OLD = "there: nightly-1 STATUS_READY\n"
_NEW = "→ 200 nightly-1 STATUS_BACKING_UP\n"

CLAIM_CHECKS: Final = (
    Check(
        code="OUT001",
        rule="An operation is called successful only when it was done.",
        why="Nobody looks again: the backup that is needed one day was never made.",
        looks_at=_operations,
        problem=_false_success,
        wrong=f"asked: create nightly\n{_NIGHTLY} → 400 busy\nclaimed: ok",
        right=f"asked: create nightly\n{_NIGHTLY} → 400 busy\nclaimed: failed: busy",
    ),
    Check(
        code="OUT002",
        rule="An operation is not called a failure when it was done, and a whole answer said so.",
        why="Whoever believes it does it again.",
        looks_at=_operations,
        problem=_false_failure,
        wrong=f"asked: create nightly\n{_NIGHTLY} {_NEW}claimed: failed: unexpected answer",
        right=f"asked: create nightly\n{_NIGHTLY} {_NEW}claimed: ok",
    ),
    Check(
        code="OUT003",
        rule="A create names the backup that it made.",
        why="Whatever follows is done to another backup: it is waited for, restored, deleted.",
        looks_at=_named,
        problem=_new_id,
        wrong=f"asked: create nightly\n{_NIGHTLY} {_NEW}claimed: ok nightly-0",
        right=f"asked: create nightly\n{_NIGHTLY} {_NEW}claimed: ok nightly-1",
    ),
    Check(
        code="OUT004",
        rule="A list has every backup that was answered.",
        why="A backup that is not seen is not there for whoever needs it.",
        looks_at=_lists,
        problem=_lost,
        wrong=f"{_OLD}asked: list\nGET /list → 200\nclaimed: ok []",
        right=f'{_OLD}asked: list\nGET /list → 200\nclaimed: ok [{{"id": "nightly-1"}}]',
    ),
    Check(
        code="OUT005",
        rule="A list has no backup that was not answered, and none more often.",
        why="It is counted on, and is not there.",
        looks_at=_lists,
        problem=_invented,
        wrong='asked: list\nGET /list → 200\nclaimed: ok [{"id": "nightly-0"}]',
        right="asked: list\nGET /list → 200\nclaimed: ok []",
    ),
    Check(
        code="OUT006",
        rule="A status is shown as it was answered.",
        why="All that is decided about a backup is decided by its status.",
        looks_at=_documents,
        problem=_statuses,
        wrong=f"{_OLD}asked: show nightly-1\nGET /list → 200 nightly-1 STATUS_BACKING_UP\n"
        'claimed: ok {"id": "nightly-1", "status": "STATUS_READY"}',
        right=f"{_OLD}asked: show nightly-1\nGET /list → 200 nightly-1 STATUS_BACKING_UP\n"
        'claimed: ok {"id": "nightly-1", "status": "STATUS_BACKING_UP"}',
    ),
    Check(
        code="OUT007",
        rule="Version, time, components and restores are shown as they were answered.",
        why="Why a backup failed stands in its components; which is the newest, in its timestamp.",
        looks_at=_documents,
        problem=_details,
        wrong='asked: list\nGET /list → 200 [{"id": "nightly-1", "dcos_version": "1.13.0"}]\n'
        'claimed: ok [{"id": "nightly-1", "dcos_version": "1.10"}]',
        right='asked: list\nGET /list → 200 [{"id": "nightly-1", "dcos_version": "1.13.0"}]\n'
        'claimed: ok [{"id": "nightly-1", "dcos_version": "1.13.0"}]',
    ),
    Check(
        code="OUT008",
        rule="A show shows the backup that was asked for.",
        why="A prefix is not an id: a list for one may hold others.",
        looks_at=_shows,
        problem=_other_backup,
        wrong=f"{_OLD}asked: show nightly-1\nGET /list → 200 nightly-1 STATUS_READY\n"
        'claimed: ok {"id": "nightly-10"}',
        right=f"{_OLD}asked: show nightly-1\nGET /list → 200 nightly-1 STATUS_READY\n"
        'claimed: ok {"id": "nightly-1"}',
    ),
    Check(
        code="OUT009",
        rule="What a list or show prints can be read: documents, each with its id.",
        why="Scripts read it.",
        looks_at=_reads,
        problem=_unreadable,
        wrong='asked: list\nGET /list → 200\nclaimed: ok "no backups"',
        right="asked: list\nGET /list → 200\nclaimed: ok []",
    ),
    Check(
        code="OUT010",
        rule="A program ends with exit status 0 only when the backup is ready, the restore done.",
        why="Whoever called it goes on: upgrades the cluster, deletes the older backup.",
        looks_at=_programs,
        problem=_too_early,
        wrong=f"program: backup nightly\n{_NIGHTLY} {_NEW}exit: 0",
        right=f"program: backup nightly\n{_NIGHTLY} {_NEW}GET /list → 200 nightly-1 STATUS_READY\n"
        "exit: 0",
    ),
    Check(
        code="OUT011",
        rule="A program ends with exit status 0 when the backup is ready, or the restore done.",
        why="Whoever called it does all of it again, or wakes somebody up.",
        looks_at=_programs,
        problem=_program_failed,
        wrong=f"program: backup nightly\n{_NIGHTLY} {_NEW}GET /list → 200 nightly-1 STATUS_READY\n"
        "exit: 1 it took too long",
        right=f"program: backup nightly\n{_NIGHTLY} {_NEW}GET /list → 200 nightly-1 STATUS_READY\n"
        "exit: 0",
    ),
    Check(
        code="OUT012",
        rule="A failure says what has failed.",
        severity=Severity.WARNING,
        why="At three in the morning, it is all that somebody has.",
        looks_at=_failures,
        problem=_nothing_said,
        wrong="asked: list\nGET /list → 401\nclaimed: failed: ",
        right="asked: list\nGET /list → 401\nclaimed: failed: HTTP 401: Unauthorized",
    ),
    Check(
        code="OUT013",
        rule="A failure is told in the client's own words, not by a crash.",
        severity=Severity.WARNING,
        why="Admin Router answers with HTML: a client that expects JSON must survive that.",
        looks_at=_failures,
        problem=_crash,
        wrong="asked: list\nGET /list → 502\nclaimed: failed: JSONDecodeError: Expecting value: "
        "line 1 column 1 (char 0)",
        right="asked: list\nGET /list → 502\nclaimed: failed: HTTP 502: Bad Gateway",
    ),
    Check(
        code="OUT014",
        rule="The token is not printed.",
        why="Outputs end up in logs, which more people can read than may make backups.",
        looks_at=_claims,
        problem=_secret,
        wrong="asked: list\nGET /list → 502\nclaimed: failed: 502, sent with token=TOKEN",
        right="asked: list\nGET /list → 502\nclaimed: failed: HTTP 502: Bad Gateway",
    ),
    Check(
        code="OUT015",
        rule="A program that prints ids of backups prints that of the one which it made.",
        why="Scripts take it from there.",
        looks_at=_printed_ids,
        problem=_wrong_id,
        wrong=f"program: backup nightly\n{_NIGHTLY} {_NEW}GET /list → 200 nightly-1 STATUS_READY\n"
        "exit: 0 nightly-00000000-0000-4000-8000-000000000000",
        right=f"program: backup nightly\n{_NIGHTLY} {_NEW}GET /list → 200 nightly-1 STATUS_READY\n"
        "exit: 0 nightly-1",
    ),
    Check(
        code="OUT016",
        rule="A program leaves nothing running behind.",
        why="What goes on in the background acts on the cluster when nobody expects it.",
        looks_at=_programs,
        problem=_left_running,
        wrong="program: backup x\nexit: 1 no label\nleft running: sleep 600",
        right="program: backup x\nexit: 1 no label",
    ),
    Check(
        code="OUT017",
        rule="One backup is made, with the label that was given.",
        why="The others fill the master's disk, and nobody knows that they are there.",
        looks_at=_creates,
        problem=_one_backup,
        wrong=f"asked: create nightly\n{_NIGHTLY} → nothing, but done\nGET /list → 200\n"
        f"{_NIGHTLY} → 200\nclaimed: ok",
        right=f"asked: create nightly\n{_NIGHTLY} → nothing, but done\nGET /list → 200\n"
        "claimed: ok",
    ),
    Check(
        code="OUT018",
        rule="A refusal is told with the reason that the service gave.",
        why="Another backup runs, or the label is wrong: nobody can guess which.",
        severity=Severity.WARNING,
        looks_at=_refused,
        problem=_reason_kept,
        wrong=f"asked: create nightly\n{_NIGHTLY} → 400 busy\nclaimed: failed: HTTP 400",
        right=f"asked: create nightly\n{_NIGHTLY} → 400 busy\nclaimed: failed: HTTP 400: busy",
    ),
    Check(
        code="OUT019",
        rule="A change that nobody has answered is not called a failure, where that can be said.",
        why="Whoever is told of a failure does it again. Only a warning: the message may say it.",
        severity=Severity.WARNING,
        looks_at=_untold,
        problem=_too_sure,
        wrong=f"can be unsure\nasked: create nightly\n{_NIGHTLY} → nothing, but done\n"
        "claimed: failed: the connection was reset",
        right=f"can be unsure\nasked: create nightly\n{_NIGHTLY} → nothing, but done\n"
        "claimed: indeterminate",
    ),
)
