"""The journal: what a cluster saw, what it answered and why, and what happened in it.

One stream of typed events, in order. Everything that shows or judges a run listens to it.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from threading import Lock
from typing import Final, NamedTuple, TypeAlias, final

from simulator.core.commands import Reply
from simulator.core.events import Event
from simulator.core.faults import FaultRule
from simulator.core.instants import Instant, rfc3339

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]


class Exchange(NamedTuple):
    """One request and its answer. A plain tuple: it is made once for every request.

    Attributes:
        at: cluster time of the request.
        method: as sent.
        target: path and query, as sent.
        headers: as sent, in order; shared with other requests that are the same.
        request_body: as sent.
        operation: ``create``, ``list``, ``restore``, ``delete``; empty for any other path.
        status: of the answer.
        response_body: as answered; shared with other answers that are the same.
        why: what made the answer what it is, for people.
        reply: what the cluster itself answered; None when the request never reached it.
        notes: what was odd about the request but let pass, one sentence each.
        fault: what a fault made of the answer, for people; empty for none. ``status`` and
            ``response_body`` are what was sent of the answer then; status 0 is nothing.
        struck: the rules that made it so.
    """

    at: Instant
    method: str
    target: str
    headers: Headers
    request_body: bytes
    operation: str
    status: int
    response_body: bytes
    why: str
    reply: Reply | None
    notes: tuple[str, ...]
    fault: str = ""
    struck: tuple[FaultRule, ...] = ()


Entry: TypeAlias = Exchange | Event
Listener: TypeAlias = Callable[[int, Entry], None]

UNSTABLE_HEADERS: Final = frozenset({b"host"})
"""Left out of the written journal: the port differs from run to run."""

UNWRITTEN: Final = frozenset({"reply", "struck"})
"""Fields of entries that the written journal leaves out: other fields say the same in words."""


@final
class Journal:
    """The entries of one cluster, numbered from 1.

    Args:
        limit: how many entries are kept; the oldest are dropped. None keeps all.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.count = 0
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._listeners: list[Listener] = []
        self._lock = Lock()  # one thread may read while another records

    def record(self, entry: Entry) -> None:
        """Append one entry and tell every listener."""
        self.record_all((entry,))

    def record_all(self, entries: Sequence[Entry]) -> None:
        """Append entries in order and tell every listener of each."""
        with self._lock:
            before = self.count
            self.count = before + len(entries)
            self._entries.extend(entries)
        if self._listeners:
            for number, entry in enumerate(entries, before + 1):
                for listener in tuple(self._listeners):
                    listener(number, entry)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(number, entry)`` for each new entry; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def dropped(self) -> int:
        """How many entries the limit has pushed out."""
        return self.count - len(self._entries)

    def numbered(self, since: int = 1) -> Iterator[tuple[int, Entry]]:
        """Yield the kept entries with their numbers, from number ``since`` on."""
        with self._lock:
            entries, first = tuple(self._entries), self.dropped + 1
        for number, entry in enumerate(entries, first):
            if number >= since:
                yield number, entry

    def newest(self, since: int) -> Iterator[Entry]:
        """Yield the kept entries after number ``since``, the newest first."""
        with self._lock:
            count = min(self.count - since, len(self._entries))
            entries = [self._entries[-1 - index] for index in range(count)]
        yield from entries

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The kept requests with their answers, in order."""
        return tuple(entry for entry in tuple(self._entries) if isinstance(entry, Exchange))

    def lines(self) -> Iterator[str]:
        """Write the journal as JSON, an entry a line.

        The same seed and the same requests give the same bytes on any run and in any process.
        """
        for number, entry in self.numbered():
            line = plain_entry(number, entry)
            yield json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plain_entry(number: int, entry: Entry) -> dict[str, object]:
    """Return an entry as JSON can hold it: its number, its kind, and its fields."""
    return {"number": number, "kind": type(entry).__name__, **_plain_fields(entry)}


def _plain_fields(entry: Entry) -> dict[str, object]:
    plain = {
        name: _plain(value) for name, value in entry._asdict().items() if name not in UNWRITTEN
    }
    if isinstance(entry, Exchange):
        plain["headers"] = [
            [name.decode("latin-1"), value.decode("latin-1")]
            for name, value in entry.headers
            if name.lower() not in UNSTABLE_HEADERS
        ]
    for name in ("at", "until"):
        if plain.get(name) is not None:
            plain[name] = rfc3339(getattr(entry, name))
    return plain


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
