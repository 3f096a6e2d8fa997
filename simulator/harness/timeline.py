"""Writes what a cluster saw and went through: requests with answers and reasons, and events."""

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from typing import Final
from urllib.parse import unquote

from simulator.core.backups import Backup
from simulator.core.events import (
    AccessChanged,
    AppDeployed,
    AppRemoved,
    BackupDeleted,
    BackupLost,
    BackupStarted,
    DiskChanged,
    Event,
    MarathonStarted,
    MarathonStopped,
    Released,
    RestoreStarted,
    ServiceRestarted,
    StageEntered,
    StatusChanged,
)
from simulator.core.instants import Instant, duration_text, elapsed
from simulator.harness.documents import documents_in, status_of
from simulator.harness.plain_text import beginning, printable
from simulator.journal import Entry, Exchange, Journal

SHOWN_BACKUPS_MAX: Final = 3
"""How many backups of one list the timeline spells out."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that whoever drove the cluster did: when, after which entry, and what."""

    at: Instant
    after_entry: int
    text: str


def timeline(
    journal: Journal,
    start: Instant,
    names: Mapping[str, str] | None = None,
    marks: Sequence[Mark] = (),
) -> Iterator[str]:
    """Yield the lines of a run, an entry a line; requests that repeat are folded into one.

    Args:
        journal: what the cluster recorded.
        start: the cluster time from which times are told.
        names: names of backups, by id; others go by their label and the start of their UUID.
        marks: steps to be written between the entries.
    """
    view = _View(start=start, journal=journal, names=names or {})
    for _, group in groupby(_rows(view, marks), key=lambda row: row.same or object()):
        rows = list(group)
        first, last = rows[0], rows[-1]
        when = view.when(first.at)
        if first is last:
            yield f"  {when:>10}  {first.mark} {first.text}"
        else:
            until = f"{first.mark} to {last.mark.strip()}"
            yield f"  {when:>10}  {until} {first.text}"
            yield f"  {'':>10}    … {len(rows)} times the same, until {view.when(last.at)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """A journal, the time that it is told from, and names for its backups."""

    start: Instant
    journal: Journal
    names: Mapping[str, str]

    def when(self, at: Instant) -> str:
        if at < self.start:
            return f"-{duration_text(elapsed(at, self.start))}"
        return f"+{duration_text(elapsed(self.start, at))}"

    def name(self, backup_id: str) -> str:
        """Return the scenario's own name for a backup, or its label and the start of its UUID."""
        return self.names.get(backup_id, f"{backup_id[:-28]}…")


@dataclass(frozen=True, slots=True)
class _Row:
    """One line: when, who, what. Rows with the same ``same`` may be folded into one."""

    at: Instant
    mark: str
    text: str
    same: str = ""


def _rows(view: _View, marks: Sequence[Mark]) -> Iterator[_Row]:
    rows = deque(_numbered_rows(view))
    for mark in marks:
        while rows and rows[0][0] <= mark.after_entry:
            yield rows.popleft()[1]
        yield _Row(mark.at, *mark.text.split(" ", 1))
    yield from (row for _, row in rows)


def _numbered_rows(view: _View) -> Iterator[tuple[int, _Row]]:
    if view.journal.dropped:
        yield 0, _Row(view.start, "…", f"{view.journal.dropped} older entries were not kept")
    requests = 0
    for number, entry in view.journal.numbered():
        requests += isinstance(entry, Exchange)
        row = _entry_row(view, requests, entry)
        if row.text:
            yield number, row


def _entry_row(view: _View, request: int, entry: Entry) -> _Row:
    if isinstance(entry, Exchange):
        text = _exchange_text(view, entry)
        return _Row(entry.at, f"  #{request}", text, same=text)
    return _Row(entry.at, "    *", _event_text(view, entry))


def _exchange_text(view: _View, exchange: Exchange) -> str:
    target = printable(unquote(exchange.target)).removeprefix("/system/v1/backup/v1")
    body = exchange.request_body.decode("utf-8", "replace")
    sent = f"{exchange.method} {target}{' ' + beginning(body) if body else ''}"
    notes = "".join(f"; {note}" for note in exchange.notes)
    refusal = exchange.reply.refusal if exchange.reply else None
    why = f"refused, {refusal.reason.value}" if refusal and not exchange.fault else exchange.why
    status = exchange.status or "no answer"
    answered = _answered(view, exchange) if exchange.status else ""
    return f"{sent} → {status} {answered}   ({why}{notes})"


def _answered(view: _View, exchange: Exchange) -> str:
    reply = exchange.reply
    if exchange.fault and exchange.status == HTTPStatus.OK:
        return _documents_text(view, exchange.response_body)
    if exchange.fault or reply is None or reply.refusal:
        return beginning(_errors(exchange.response_body))
    if reply.backups is None:
        return f"{view.name(reply.backup.id)} {reply.backup.shown}" if reply.backup else ""
    shown = [
        f"{view.name(each.id)} {each.shown}{_restore(each)}"
        for each in reply.backups[:SHOWN_BACKUPS_MAX]
    ]
    more = len(reply.backups) - len(shown)
    return (", ".join(shown) or "no backups") + (f" and {more} more" if more else "")


def _documents_text(view: _View, answer: bytes) -> str:
    """Say what a fault had the cluster answer."""
    documents = documents_in(answer)
    if documents is None:
        return _shortened_bytes(answer)
    shown = [f"{view.name(str(each['id']))} {status_of(each)}" for each in documents]
    more = len(shown) - SHOWN_BACKUPS_MAX
    return ", ".join(shown[:SHOWN_BACKUPS_MAX]) + (f" and {more} more" if more > 0 else "")


def _shortened_bytes(answer: bytes) -> str:
    return beginning(answer.decode(errors="replace"), 40)


def _restore(backup: Backup) -> str:
    return f" (restore {backup.restores[-1].shown})" if backup.restores else ""


def _errors(body: bytes) -> str:
    try:
        return "; ".join(json.loads(body)["errors"])
    except (ValueError, KeyError, TypeError):
        return "an HTML page" if body.lstrip().startswith(b"<") else ""


def _event_text(view: _View, event: Event) -> str:  # noqa: C901, PLR0911, PLR0912 - one for each
    match event:
        case BackupStarted():
            return f"{view.name(event.backup_id)} is {event.backup_id}"
        case RestoreStarted():
            return f"{view.name(event.backup_id)}: restore {event.restore} starts"
        case StageEntered():
            until = f" until {view.when(event.until)}" if event.until else ""
            error = f": {event.error}" if event.error else ""
            shown = f" shown as {event.shown}" if event.shown != event.status else ""
            subject = f"{_subject(view, event)}, {event.component}"
            return f"{subject} {event.status}{shown}{error}   ({event.because}{until})"
        case StatusChanged():
            return f"{_subject(view, event)} {event.before} → {event.after}"
        case BackupDeleted():
            return f"{view.name(event.backup_id)} is gone"
        case BackupLost():
            return f"{view.name(event.backup_id)} is lost from the master's disk"
        case ServiceRestarted():
            return f"the backup service is restarted: {event.policy}"
        case AccessChanged():
            return event.change
        case DiskChanged():
            return "the disk is full" if event.full else "the disk has room again"
        case MarathonStopped():
            return "Marathon is away"
        case MarathonStarted():
            return f"Marathon is back, with {len(event.apps)} apps"
        case AppDeployed():
            return f"app {event.app_id} is deployed"
        case AppRemoved():
            return f"app {event.app_id} is removed"
        case Released():
            return f"{event.name!r} is released"


def _subject(view: _View, event: StageEntered | StatusChanged) -> str:
    name = view.name(event.backup_id)
    return f"restore {event.restore} of {name}" if event.restore else name
