"""Where two journals first differ, in words by which a person sees the cause."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final, TypeAlias

from simulator.capture.bundles.archive import json_of
from simulator.capture.bundles.recorded import entries
from simulator.harness.plain_text import printable

Entry: TypeAlias = Mapping[str, Any]

FIELDS_MAX: Final = 8
"""How many fields of an entry are told."""

TEXT_MAX: Final = 100
"""Characters that are shown of a value."""

_BEFORE: Final = 24
"""Characters that are shown before the first that differs, where a value is long."""

_NUMBERS_MAX: Final = 5
_TIMES: Final = ("at", "until")
_BODIES: Final = ("request_body", "response_body")
_MISSING: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first entry that is not the same.

    Attributes:
        number: of the entry, from 1.
        was: the entry that was there, as JSON holds it; None where there was none.
        now: the one that is there now.
        was_count: how many entries there were.
        now_count: how many there are.
        only: ``headers`` or ``times`` where nothing else differs in all entries; else empty.
        headers: the names of the headers that differ, where only headers do.
        numbers: of the entries that differ, where both journals have as many.
    """

    number: int
    was: Entry | None
    now: Entry | None
    was_count: int
    now_count: int
    only: str = ""
    headers: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()


def difference(was: Sequence[str], now: Sequence[str]) -> Difference | None:
    """Compare two journals line by line; None when they are the same.

    Raises:
        ValueError: when a line that differs is no entry of a journal.
    """
    numbers = [number for number, (old, new) in enumerate(zip_longest(was, now), 1) if old != new]
    if not numbers:
        return None
    first = numbers[0]
    only, headers = _only(was, now, numbers) if len(was) == len(now) else ("", ())
    return Difference(
        number=first,
        was=entry_of(was[first - 1]) if first <= len(was) else None,
        now=entry_of(now[first - 1]) if first <= len(now) else None,
        was_count=len(was),
        now_count=len(now),
        only=only,
        headers=headers,
        numbers=tuple(numbers) if len(was) == len(now) else (),
    )


def entry_of(line: str) -> Entry:
    """Read a line of a journal.

    Raises:
        ValueError: when it is none.
    """
    try:
        value = json_of(line.encode(errors="backslashreplace"))
    except RecursionError:
        raise ValueError("is nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("is no mapping")
    return value


def told(difference: Difference) -> Iterator[str]:
    """Yield lines that show a difference."""
    was, now = difference.was, difference.now
    yield _where(difference)
    if difference.only == "headers":
        yield f"only request headers differ: {printable(', '.join(difference.headers))}"
    if difference.only == "times":
        yield "only cluster times differ"
    if was is None or now is None or not _are_alike(was, now):
        yield f"was  {_summary(was, difference.was_count)}"
        yield f"now  {_summary(now, difference.now_count)}"
        return
    yield f"in   {_summary(now, 0, answer=False)}"
    yield from _fields_told(was, now)


def _where(difference: Difference) -> str:
    entry = difference.was or difference.now or {}
    of = f"{difference.was_count}"
    if difference.was_count != difference.now_count:
        of = f"{difference.was_count}, now {difference.now_count}"
    where = f"first difference: entry {difference.number} of {of}, cluster time {_time(entry)}"
    more = len(difference.numbers) - 1
    if more < 1:
        return where
    shown = ", ".join(map(str, difference.numbers[1 : 1 + _NUMBERS_MAX]))
    rest = ", …" if more > _NUMBERS_MAX else ""
    return f"{where}; then {shown}{rest}"


def _time(entry: Entry) -> str:
    return _written(entry.get("at", "unknown"))


def _only(
    was: Sequence[str], now: Sequence[str], numbers: Sequence[int]
) -> tuple[str, tuple[str, ...]]:
    """Say whether headers or times alone differ, in all entries that do."""
    kinds: set[str] = set()
    names: dict[str, None] = {}
    for number in numbers:
        old, new = entry_of(was[number - 1]), entry_of(now[number - 1])
        fields = {name for name, _, _ in _top(old, new)}
        kinds |= {"times" if name in _TIMES else name for name in fields}
        names.update(dict.fromkeys(_header_names(old, new)))
    if kinds == {"headers"}:
        return "headers", tuple(names)
    return ("times", ()) if kinds == {"times"} else ("", ())


def _top(was: Entry, now: Entry) -> Iterator[tuple[str, Any, Any]]:
    """Yield the fields of two entries that differ."""
    for name in dict.fromkeys([*was, *now]):
        old, new = was.get(name, _MISSING), now.get(name, _MISSING)
        if old != new:
            yield name, old, new


def _are_alike(was: Entry, now: Entry) -> bool:
    """Whether two entries are of the same thing, so that it is enough to tell their fields."""
    return all(was.get(name) == now.get(name) for name in ("kind", "method", "target"))


def _summary(entry: Entry | None, count: int, *, answer: bool = True) -> str:
    if entry is None:
        return f"nothing: the journal ends after {entries(count)}"
    kind = entry.get("kind")
    if kind == "Exchange":
        asked = f"{entry.get('method')} {entry.get('target')}"
        return _cut(f"{asked} → {entry.get('status')}" if answer else asked)
    if not answer:
        return _cut(kind)
    fields = (
        f"{name}={value}"
        for name, value in entry.items()
        if name not in {"kind", "number", "at"} and value not in ("", None)
    )
    return _cut(" ".join([str(kind), *fields]))


# --- fields --------------------------------------------------------------------------------------


def _fields_told(was: Entry, now: Entry) -> Iterator[str]:
    fields = list(_fields(was, now))
    told_of = fields[:FIELDS_MAX]
    width = max(len(name) for name, _, _ in told_of)
    for name, old, new in told_of:
        before, after = _pair(old, new)
        yield f"{name:{width}}  was  {before}"
        yield f"{'':{width}}  now  {after}"
    if len(fields) > FIELDS_MAX:
        yield f"and {len(fields) - FIELDS_MAX} more fields"


def _fields(was: Entry, now: Entry) -> Iterator[tuple[str, Any, Any]]:
    """Yield what differs between two entries: name, what was there, what is there."""
    for name, old, new in _top(was, now):
        if name == "headers":
            yield from _headers(was, now)
        elif name in _BODIES:
            yield from _bodies(name, old, new)
        else:
            yield _cut(name), old, new


def _headers(was: Entry, now: Entry) -> Iterator[tuple[str, Any, Any]]:
    old, new = _by_name(was.get("headers")), _by_name(now.get("headers"))
    names = _header_names(was, now)
    if not names:
        yield "headers", list(old), list(new)
    for name in names:
        yield f"header {_cut(name)}", old.get(name, _MISSING), new.get(name, _MISSING)


def _header_names(was: Entry, now: Entry) -> list[str]:
    """Return the names of the headers that differ; none where only their order does."""
    old, new = _by_name(was.get("headers")), _by_name(now.get("headers"))
    return [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]


def _by_name(headers: object) -> dict[str, str]:
    """Return headers by name; those of the same name in one text, whatever is odd as it is."""
    by_name: dict[str, str] = {}
    for pair in headers if isinstance(headers, list) else []:
        name, value = pair if isinstance(pair, list) and len(pair) == 2 else (pair, "")  # noqa: PLR2004
        text = str(value)
        by_name[str(name)] = f"{by_name[str(name)]}, {text}" if str(name) in by_name else text
    return by_name


def _bodies(name: str, old: object, new: object) -> Iterator[tuple[str, Any, Any]]:
    """Yield what differs between two bodies: by value where both are JSON, else as texts."""
    try:
        was, now = (json_of(str(body).encode()) for body in (old, new))
    except (ValueError, RecursionError):
        yield name, old, new
        return
    found = list(_values(name, was, now))
    yield from found or [(name, old, new)]


def _values(path: str, was: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - JSON
    if isinstance(was, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*was, *now]):
            inner = f"{path}.{_cut(key)}"
            yield from _values(inner, was.get(key, _MISSING), now.get(key, _MISSING))
    elif isinstance(was, list) and isinstance(now, list):
        for index, (old, new) in enumerate(zip_longest(was, now, fillvalue=_MISSING)):
            yield from _values(f"{path}[{index}]", old, new)
    elif type(was) is not type(now) or was != now:
        yield path, was, now


def _pair(old: object, new: object) -> tuple[str, str]:
    """Write two values, long ones from a little before where they begin to differ."""
    was, now = _written(old), _written(new)
    if max(len(was), len(now)) <= TEXT_MAX:
        return was, now
    same = next(
        (index for index, (one, other) in enumerate(zip(was, now, strict=False)) if one != other),
        min(len(was), len(now)),
    )
    start = max(0, same - _BEFORE)
    return _part(was, start), _part(now, start)


def _part(text: str, start: int) -> str:
    part = text[start : start + TEXT_MAX]
    before, after = "…" if start else "", "…" if start + TEXT_MAX < len(text) else ""
    return f"{before}{part}{after}" or "(ends here)"


def _written(value: object) -> str:
    if value is _MISSING:
        return "(missing)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return printable(text) or "(empty)"


def _cut(value: object) -> str:
    text = printable(str(value)[: 2 * TEXT_MAX])
    return text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}…"
