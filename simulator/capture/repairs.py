"""The faults of a draft: answers that failed, and documents that would look otherwise."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from email.utils import parsedate_to_datetime
from typing import Any, Final

from simulator.capture.comparing import MISSING, Change, changes, same_text
from simulator.capture.draft import Act, Draft, Item
from simulator.capture.ordering import A_MOMENT
from simulator.capture.sightings import LIST, Sighting
from simulator.capture.steps import carried_out, edit_value
from simulator.core.faults import CHANGING
from simulator.core.instants import NANOSECONDS_PER_SECOND, Duration, Instant, duration_text
from simulator.service import pages
from simulator.service.wire import error_body

TROUBLES: Final[Mapping[str, Mapping[str, Any] | str]] = {
    "reset": {"reset": "before"},
    "closed": {"close": "before"},
    "refused": {"close": "before"},
    "timeout": "hang",
    "cut off": {"close": "body"},
}
"""What breaks a connection as it broke then. Nobody can refuse one at one moment only."""

_OURS: Final = range(200, 600)


# --- answers that failed ---------------------------------------------------------------------


def failures(draft: Draft, but: AbstractSet[int]) -> list[Item]:
    """Return a fault for each span in which one operation failed in one way.

    Args:
        draft: what was captured.
        but: numbers of acts that the simulator refuses by itself in the same words.
    """
    items: list[Item] = []
    for operation in ("create", LIST, "restore", "delete"):
        acts = [
            (number, act) for number, act in enumerate(draft.acts) if act.operation == operation
        ]
        items += _spans(draft, operation, acts, but)
    items += [*_hidden(draft), *_stale(draft)]
    return items


def _spans(
    draft: Draft, operation: str, acts: Sequence[tuple[int, Act]], but: AbstractSet[int]
) -> Iterator[Item]:
    """Yield the faults of one operation: equal failures that follow one another are one fault."""
    open_since: Instant | None = None
    current: list[dict[str, Any]] = []
    comment = ""
    for number, act in acts:
        fails = act.seen is not None and not act.seen.is_good and number not in but
        wanted = _faults(draft, act) if fails else []
        if wanted == current:
            continue
        if current:
            yield from _span(draft, operation, current, open_since, act.at, comment)
        current, open_since = wanted, act.at
        comment = _comment(draft, act) if wanted else ""
    if current:
        yield from _span(draft, operation, current, open_since, None, comment)


def _comment(draft: Draft, act: Act) -> str:
    """Say where a failure was seen, and why a change counts as made."""
    assert act.seen is not None, "what failed was seen"
    source = f"seen in {act.seen.source}"
    if act.operation in CHANGING and carried_out(draft, act):
        return f"{source}; guessed: it was carried out, for its effect is seen later"
    return source


def _span(
    draft: Draft,
    operation: str,
    faults: Iterable[dict[str, Any]],
    since: Instant | None,
    until: Instant | None,
    comment: str,
) -> Iterator[Item]:
    for fault in faults:
        value = {"on": operation, **_window(draft, since, until), **fault}
        yield Item(value, comment)


def _window(draft: Draft, since: Instant | None, until: Instant | None) -> dict[str, str]:
    window = {}
    if since is not None and since > draft.start:
        window["from"] = draft.since(since)
    if until is not None:
        window["until"] = draft.since(until)
    return window


def _faults(draft: Draft, act: Act) -> list[dict[str, Any]]:
    """Return what went wrong with one answer, without when."""
    seen = act.seen
    assert seen is not None, "only what was seen can have failed"
    commit = {}
    if act.operation in CHANGING:
        commit = {"commit": "after" if carried_out(draft, act) else "before"}
    if seen.trouble:
        return [{"do": TROUBLES[seen.trouble], **commit}]
    if seen.status not in _OURS:
        return [{"do": {"close": "before"}, **commit}]
    do, content_type = _answer(draft, act, seen)
    wrong_type = seen.content_type and seen.content_type != content_type
    first = {"do": do, **commit}
    if not wrong_type:
        return [first]
    claim = {"headers": {"Content-Type": seen.content_type}}
    return [{**first, "also": "true"}, {"do": claim, "also": "true", **_after(commit)}]


def _after(commit: Mapping[str, str]) -> Mapping[str, str]:
    """Return how a second fault, which changes what the first one sends, is carried out."""
    return commit if commit.get("commit") == "after" else {}


def _answer(draft: Draft, act: Act, seen: Sighting) -> tuple[dict[str, Any], str]:
    """Return the fault that answers so, and the content type that comes with it."""
    do: dict[str, Any] = {"answer": str(seen.status)}
    body = seen.body.encode()
    own, own_type, _ = pages.admin_router_page(seen.status, draft.version)
    text = _error_text(seen.body)
    content_type = own_type
    if same_text(seen.body, own.decode()):
        pass
    elif text is not None and same_text(seen.body, error_body((text,)).decode()):
        do.update(body="service", text=text)
        content_type = "application/json"
    elif not body:
        do.update(body="empty")
        content_type = ""
    else:
        do.update(body="text", text=seen.body)
        content_type = "text/plain"
    if seen.retry_after.isdigit():
        do["retry_after"] = f"{seen.retry_after}s"
    elif seconds := _seconds_until(seen.retry_after, act.at):
        do["retry_date"] = f"{seconds}s"
    if seen.location and seen.location.isascii() and seen.location.isprintable():
        do["location"] = seen.location
    return do, content_type


def _error_text(body: str) -> str | None:
    """Return the one text of the documented body of errors; None for any other body."""
    try:
        errors = json.loads(body)["errors"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    one = errors[0] if isinstance(errors, list) and len(errors) == 1 else None
    return one if isinstance(one, str) and one else None


def _seconds_until(written: str, now: Instant) -> int:
    try:
        then = int(parsedate_to_datetime(written).timestamp())
    except (ValueError, TypeError, OverflowError):
        return 0
    return max(then - now // NANOSECONDS_PER_SECOND, 0)


def _hidden(draft: Draft) -> Iterator[Item]:
    for life in draft.lives.values():
        for start, end in life.hidden:
            comment = f"{draft.names.get(life.backup_id, life.label)} was not listed for a while"
            window = _window(draft, start, end)
            yield Item(
                {"on": LIST, **window, "do": {"hide": life.backup_id}, "also": "true"}, comment
            )


def _stale(draft: Draft) -> Iterator[Item]:
    """Yield a fault for each backup that lists still show though it has been deleted."""
    for life in draft.lives.values():
        late = [at for at, _ in life.seen if life.deleted is not None and at > life.deleted]
        if life.deleted is None or not late:
            continue
        name = draft.names.get(life.backup_id, life.label)
        comment = f"{name} was listed still after it had been deleted"
        until = min((missed for missed in life.missed if missed > late[-1]), default=None)
        age = duration_text(Duration(late[-1] - life.deleted + A_MOMENT))
        window = _window(draft, late[0], until)
        yield Item({"on": LIST, **window, "do": {"stale": age}, "also": "true"}, comment)


# --- documents that would look otherwise ---------------------------------------------------------


def edits(draft: Draft, again: Sequence[Sighting | None]) -> list[Item]:
    """Return faults that show documents as they were captured, where the simulator does not.

    Args:
        draft: what was captured.
        again: what the simulator answers without these.
    """
    wanted = _wanted(draft, again)
    items: list[Item] = []
    for backup_id, shown in wanted.items():
        operations = sorted({draft.acts[number].operation for number, _ in shown}, key=_order)
        if all(change == shown[0][1] for _, change in shown):
            if shown[0][1]:
                items.append(_edit(backup_id, operations, shown[0][1], {}))
            continue
        items += _edits_by_time(draft, backup_id, operations, shown)
    return items


def order(draft: Draft, again: Sequence[Sighting | None]) -> list[Item]:
    """Return a fault that turns lists round, where they came the newest first."""
    kept = reversed_ = 0
    for act, answer in zip(draft.acts, again, strict=True):
        if act.operation != LIST or act.seen is None or not answer:
            continue
        then = [each["id"] for each in act.seen.backups or ()]
        now = [each["id"] for each in answer.backups or ()]
        if len(then) > 1 and sorted(then) == sorted(now):
            kept += then == now
            reversed_ += then == now[::-1]
    if reversed_ and not kept:
        return [Item({"on": LIST, "do": {"order": "reversed"}, "also": "true"})]
    return []


def _wanted(
    draft: Draft, again: Sequence[Sighting | None]
) -> dict[str, list[tuple[int, list[Change]]]]:
    """Return for each backup, at each act that shows it, what is to be changed."""
    wanted: dict[str, list[tuple[int, list[Change]]]] = {}
    for number, (act, answer) in enumerate(zip(draft.acts, again, strict=True)):
        if act.seen is None or answer is None or act.seen.backups is None:
            continue
        now = {each["id"]: each for each in answer.backups or ()}
        for document in act.seen.backups:
            backup_id = document["id"]
            if backup_id in now:
                change = changes(document, now[backup_id], act.seen)
                wanted.setdefault(backup_id, []).append((number, change))
    return wanted


def _edits_by_time(
    draft: Draft,
    backup_id: str,
    operations: list[str],
    shown: Sequence[tuple[int, list[Change]]],
) -> Iterator[Item]:
    """Yield an edit for each span in which a document needs the same changes."""
    since, current = shown[0]
    for number, change in [*shown[1:], (-1, [])]:
        if change == current and number >= 0:
            continue
        if current:
            until = draft.acts[number].at if number >= 0 else None
            window = _window(draft, draft.acts[since].at, until)
            yield _edit(backup_id, operations, current, window)
        since, current = number, change


def _edit(
    backup_id: str, operations: list[str], change: Sequence[Change], window: Mapping[str, str]
) -> Item:
    do: dict[str, Any] = {"edit": backup_id}
    put = {".".join(path): edit_value(then) for path, then, _ in change if then is not MISSING}
    drop = [".".join(path) for path, then, _ in change if then is MISSING]
    if put:
        do["set"] = put
    if drop:
        do["drop"] = drop
    on: str | list[str] = operations[0] if len(operations) == 1 else operations
    comment = "what the captured document has and the simulator's own would not"
    return Item({"on": on, **window, "do": do, "also": "true"}, comment)


def _order(operation: str) -> int:
    return ("create", LIST, "restore", "delete").index(operation)
