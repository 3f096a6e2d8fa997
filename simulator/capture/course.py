"""Puts sightings in the order of time, and tells from them what each backup has gone through."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from simulator.capture.sightings import LIST, Capture, Document, Sighting, Turn
from simulator.clock import DEFAULT_START, END_OF_TIME
from simulator.core.identifiers import label_problems
from simulator.core.instants import (
    NANOSECONDS_PER_SECOND,
    Instant,
    duration_text,
    elapsed,
    parse_rfc3339,
)
from simulator.core.scripts import MARATHON
from simulator.core.statuses import Status
from simulator.scalars import UUID

APART: Final = 10 * NANOSECONDS_PER_SECOND
"""Between two sightings of which nobody knows when they were made."""

_INSTANT: Final = 1_000_000
"""A millisecond: what is seen at one and the same moment is told apart by so much."""

REFUSALS: Final = range(400, 500)
"""Statuses of answers that say: nothing was done, and whoever asked has to change something."""

UUID_LENGTH: Final = 36


def split_id(backup_id: str) -> tuple[str, str] | None:
    """Return label and UUID of a backup's id; None where it cannot be one."""
    label, dash, uuid = backup_id[: -UUID_LENGTH - 1], backup_id[-UUID_LENGTH - 1 :][:1], ""
    uuid = backup_id[-UUID_LENGTH:]
    if dash != "-" or not UUID.fullmatch(uuid) or label_problems(label):
        return None
    return label, uuid


def timestamp_of(document: Document) -> Instant | None:
    """Return when a backup says that it was made; None where it does not, or in no known form."""
    written = document.get("timestamp")
    try:
        return parse_rfc3339(written) if isinstance(written, str) else None
    except ValueError:
        return None


# --- the order of time ---------------------------------------------------------------------------


def in_order(capture: Capture, notes: list[str]) -> list[Sighting]:
    """Return the sightings with a time each, all different, in the order of time.

    What had to be supposed is added to ``notes``.
    """
    seen = list(capture.sightings)
    if all(each.at is None for each in seen):
        return _spread(seen, notes)
    seen = list(_filled(seen, notes))
    times = [_at(each) for each in seen]
    backwards = next(
        (index for index in range(1, len(times)) if times[index] < times[index - 1]), 0
    )
    if backwards:
        notes.append(
            f"times run backwards at {seen[backwards].source}: the order of the times was taken"
        )
        seen.sort(key=_at)
    seen = _on_the_clusters_clock(seen, capture, notes)
    return list(_told_apart(seen if capture.start is not None else _in_milliseconds(seen)))


def _in_milliseconds(seen: Sequence[Sighting]) -> list[Sighting]:
    """Round times to milliseconds since the first backup that is being made, for people's eyes."""
    first = _at(seen[0])
    made = [
        stamp
        for each in seen
        for document in each.backups or ()
        if (stamp := timestamp_of(document)) is not None
        and (stamp > first - APART or _runs(document, Status.BACKING_UP))
    ]
    base = min(made, default=first)
    return [replace(each, at=_rounded(_at(each), base)) for each in seen]


def _rounded(at: Instant, base: Instant) -> Instant:
    return Instant(base + (at - base + _INSTANT // 2) // _INSTANT * _INSTANT)


def _spread(seen: Sequence[Sighting], notes: list[str]) -> list[Sighting]:
    """Give times to sightings of which none has any: from just after the newest backup."""
    stamps = [
        stamp
        for each in seen
        for document in each.backups or ()
        if (stamp := timestamp_of(document)) is not None
    ]
    newest = max(stamps, default=DEFAULT_START)
    first = newest + APART
    if len(seen) > 1:
        apart = duration_text(_duration(APART))
        notes.append(f"nothing says when the answers came: {apart} apart were taken")
    return [replace(each, at=Instant(first + index * APART)) for index, each in enumerate(seen)]


def _filled(seen: Sequence[Sighting], notes: list[str]) -> Iterator[Sighting]:
    """Give the time of the sighting before to those that have none."""
    known = next(each.at for each in seen if each.at is not None)
    lacking = 0
    for each in seen:
        if each.at is None:
            lacking += 1
            known = Instant(known + NANOSECONDS_PER_SECOND)
            yield replace(each, at=known)
        else:
            known = each.at
            yield each
    if lacking:
        notes.append(
            f"{lacking} of {len(seen)} answers have no time: a second after the one before"
        )


def _on_the_clusters_clock(
    seen: list[Sighting], capture: Capture, notes: list[str]
) -> list[Sighting]:
    """Move all times to the clock that wrote the timestamps, as far as it can be told."""
    if capture.start is not None:
        return seen  # a journal is on it already
    made = [
        (stamp - _at(each))
        for each in seen
        if each.operation == "create" and each.is_good
        for document in each.backups or ()
        if (stamp := timestamp_of(document)) is not None
    ]
    ahead = [
        (stamp - _at(each))
        for each in seen
        for document in each.backups or ()
        if (stamp := timestamp_of(document)) is not None and stamp > _at(each)
    ]
    offset = made[0] if made else max(ahead, default=0)
    if abs(offset) > NANOSECONDS_PER_SECOND:
        way = "behind" if offset > 0 else "ahead of"
        notes.append(
            f"the clock of the capture was {duration_text(_duration(abs(offset)))} {way} the "
            "cluster's: all times were moved"
        )
    return [replace(each, at=Instant(_at(each) + offset)) for each in seen] if offset else seen


def _told_apart(seen: Iterable[Sighting]) -> Iterator[Sighting]:
    before: Instant | None = None
    for each in seen:
        at = _at(each)
        if before is not None and at <= before:
            at = Instant(before + _INSTANT)
        before = at
        yield replace(each, at=at)


def thinned(seen: Sequence[Sighting]) -> list[Sighting]:
    """Leave out answers between two others that are the same: nothing changed meanwhile."""
    kept: set[int] = set()
    streams: dict[tuple[str, str], list[int]] = {}
    for index, each in enumerate(seen):
        streams.setdefault((each.operation, each.argument), []).append(index)
    for indices in streams.values():
        for place, index in enumerate(indices):
            before = seen[indices[place - 1]] if place else None
            later = seen[indices[place + 1]] if place + 1 < len(indices) else None
            is_inside = (
                before is not None
                and later is not None
                and seen[index].same_answer(before)
                and seen[index].same_answer(later)
            )
            if not is_inside or seen[index].operation != LIST:
                kept.add(index)
    return [each for index, each in enumerate(seen) if index in kept]


# --- lives ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class Restored:
    """One restore of a backup.

    Attributes:
        begun: when it began.
        is_guessed: whether nobody has seen that.
        shown: its components at each sighting since: time, name, status, error.
    """

    begun: Instant
    is_guessed: bool
    shown: list[tuple[Instant, Mapping[str, Document]]] = field(default_factory=list)


@dataclass(slots=True)
class Life:
    """What a capture tells of one backup.

    Attributes:
        backup_id: its id.
        label: the beginning of it.
        uuid: the end of it.
        seen: every time it was shown, and how.
        missed: every time a list lacked it that should have shown it.
        created: when it was made; None for one that was there from the start.
        is_guessed: whether nobody has seen it being made.
        restores: those that began within the capture.
        deleted: when it was deleted by a client.
        lost: when it went without anybody asking.
        hidden: spans in which lists lacked it, and showed it again later.
    """

    backup_id: str
    label: str
    uuid: str
    seen: list[tuple[Instant, Document]] = field(default_factory=list)
    missed: list[Instant] = field(default_factory=list)
    created: Instant | None = None
    is_guessed: bool = False
    restores: list[Restored] = field(default_factory=list)
    deleted: Instant | None = None
    lost: Instant | None = None
    hidden: list[tuple[Instant, Instant]] = field(default_factory=list)

    @property
    def first(self) -> Document:
        """How it was shown first."""
        return self.seen[0][1]


def lives_of(seen: Sequence[Sighting], notes: list[str]) -> dict[str, Life]:
    """Return what the sightings tell of each backup, in the order in which they were first seen."""
    lives: dict[str, Life] = {}
    odd: set[str] = set()
    for each in seen:
        for document in each.backups or ():
            backup_id = document["id"]
            parts = split_id(backup_id)
            if parts is None:
                odd.add(backup_id)
                continue
            life = lives.setdefault(backup_id, Life(backup_id, *parts))
            life.seen.append((_at(each), document))
    notes += [
        f"{backup_id!r} is no id of a backup (<label>-<uuid>): it was left out"
        for backup_id in sorted(odd)
    ]
    for each in seen:
        if each.operation == "delete" and each.is_good and each.argument not in lives:
            _add_unshown(lives, each)
        if each.operation == LIST and each.is_good:
            shown = {document["id"] for document in each.backups or ()}
            for life in lives.values():
                if life.backup_id.startswith(each.argument) and life.backup_id not in shown:
                    life.missed.append(_at(each))
    return lives


def _add_unshown(lives: dict[str, Life], delete: Sighting) -> None:
    """Add a backup of which only is seen that it could be deleted."""
    parts = split_id(delete.argument)
    if parts is not None:
        document = {"id": delete.argument, "status": Status.READY.value}
        lives[delete.argument] = Life(delete.argument, *parts, seen=[(_at(delete), document)])


def find_creates(lives: Mapping[str, Life], seen: Sequence[Sighting]) -> list[Sighting]:
    """Find out which backups were made within the capture.

    Returns the sightings, with creates at the very moments that their backups tell.
    """
    moved = list(seen)
    creates = [(index, each) for index, each in enumerate(seen) if each.operation == "create"]
    # Those that are answered come first: what they made, no other has made.
    for index, each in sorted(creates, key=lambda one: not one[1].is_good):
        shown = [document["id"] for document in each.backups or () if document["id"] in lives]
        life = lives[shown[0]] if shown else _made_unseen(lives, each)
        if life is not None and life.created is None:
            moved[index] = _at_its_timestamp(life, moved, index)
            life.created = moved[index].at
    taken = {each.at for each in moved}
    for life in lives.values():
        if life.created is None:
            _guess_create(life, lives, _at(seen[0]))
            while life.created is not None and life.created in taken:
                life.created = Instant(life.created - _INSTANT)  # one thing at one moment
            taken.add(life.created)
    return moved


def _at_its_timestamp(life: Life, seen: Sequence[Sighting], index: int) -> Sighting:
    """Return a create at the moment that its backup tells, where that leaves the order as it is."""
    create, stamp = seen[index], timestamp_of(life.first)
    before = _at(seen[index - 1]) if index else Instant(0)
    after = _at(seen[index + 1]) if index + 1 < len(seen) else END_OF_TIME
    if stamp is None or not before < stamp < after:
        return create
    life.seen = [(stamp if at == create.at else at, document) for at, document in life.seen]
    return replace(create, at=stamp)


def _made_unseen(lives: Mapping[str, Life], create: Sighting) -> Life | None:
    """Find the backup that a create made whose answer did not say so; a refusal made none."""
    if create.status in REFUSALS:
        return None
    for life in lives.values():
        if life.label == create.argument and life.created is None:
            stamp = timestamp_of(life.first)
            is_later = life.seen[0][0] > _at(create)
            was_there = stamp is not None and stamp < _at(create) - APART
            if is_later and not was_there:
                return life
    return None


def _guess_create(life: Life, lives: Mapping[str, Life], begin: Instant) -> None:
    """Tell from the first sighting whether a backup was there from the start."""
    first = life.seen[0][0]
    stamp = timestamp_of(life.first)
    before = max((missed for missed in life.missed if missed < first), default=None)
    if before is not None:
        fits = stamp is not None and before < stamp <= first
        life.created = stamp if fits else Instant((before + first) // 2)
        life.is_guessed = True
    elif stamp is not None and begin < stamp <= first:
        life.created = stamp
        life.is_guessed = True
    elif _runs(life.first, Status.BACKING_UP) and stamp is not None and stamp < first:
        later = [
            other
            for other in lives.values()
            if other.seen[0][0] <= first and (timestamp_of(other.first) or 0) > stamp
        ]
        if not later:  # otherwise it was left behind: two are never made at once
            life.created = stamp
            life.is_guessed = True


def find_restores(lives: Mapping[str, Life], seen: Sequence[Sighting]) -> None:
    """Find out which restores began within the capture."""
    for each in seen:
        if each.operation == "restore" and each.is_good and each.argument in lives:
            lives[each.argument].restores.append(Restored(_at(each), is_guessed=False))
    for life in lives.values():
        _guess_restores(life, lives)
        for at, document in life.seen:
            begun = [restore for restore in life.restores if restore.begun <= at]
            shown = restore_components(document)
            if begun and shown:
                begun[-1].shown.append((at, shown))


def _guess_restores(life: Life, lives: Mapping[str, Life]) -> None:
    """Add restores that nobody has seen beginning: one runs, or is shown, where none was before."""
    before: Instant | None = None
    was_running = was_shown = False
    for at, document in life.seen:
        shown = restore_components(document)
        is_running = any(each.get("status") == Status.RESTORING for each in shown.values())
        appears = bool(shown) and not was_shown and before is not None
        began = any((before or 0) <= restore.begun <= at for restore in life.restores)
        if not began and ((is_running and not was_running) or appears):
            begun = Instant((before + at) // 2) if before is not None else Instant(at - APART)
            if life.created is not None and begun <= life.created:
                begun = Instant((life.created + at) // 2)
            if not _is_busy(lives, begun, life):
                life.restores.append(Restored(begun, is_guessed=True))
        before, was_running, was_shown = at, is_running, bool(shown)
    life.restores.sort(key=lambda restore: restore.begun)


def _is_busy(lives: Mapping[str, Life], at: Instant, but: Life) -> bool:
    """Whether another backup was being made at a time."""
    for life in lives.values():
        if life is but or life.created is None or life.created > at:
            continue
        over = [when for when, shown in life.seen if not _runs(shown, Status.BACKING_UP)]
        if not over or min(over) > at:
            return True
    return False


def find_ends(lives: Mapping[str, Life], seen: Sequence[Sighting]) -> None:
    """Find out which backups were deleted, were lost, or were hidden for a while."""
    deletes = [
        (_at(each), each) for each in seen if each.operation == "delete" and each.argument in lives
    ]
    for at, each in deletes:
        life = lives[each.argument]
        is_gone = any(missed > at for missed in life.missed) and not _seen_after(life, at)
        if each.is_good or is_gone:
            life.deleted = at
    for life in lives.values():
        _find_gaps(life)


def _seen_after(life: Life, at: Instant) -> bool:
    return any(when > at for when, _ in life.seen)


def _find_gaps(life: Life) -> None:
    """Tell a backup that is hidden for a while from one that is gone."""
    begin = life.created if life.created is not None else Instant(0)
    last = life.seen[-1][0]
    for missed in life.missed:
        if missed < begin or (life.deleted is not None and missed > life.deleted):
            continue
        before = max((when for when, _ in life.seen if when < missed), default=None)
        if missed < last:
            after = min(when for when, _ in life.seen if when > missed)
            if before is not None or life.created is not None:
                span = (missed, after)
                if not any(start <= missed < end for start, end in life.hidden):
                    life.hidden.append(span)
        elif life.lost is None and before is not None:
            life.lost = Instant((before + missed) // 2)


# --- documents -----------------------------------------------------------------------------------


def backup_components(document: Document) -> dict[str, Document]:
    """Return the components of a backup; of one that shows none, what its own status means."""
    shown = _components(document.get("component_status"))
    return shown or {MARATHON: {"status": document.get("status")}}


def restore_components(document: Document) -> dict[str, Document]:
    """Return the components of the latest restore that a backup shows, an object or a list."""
    holder: Any = document.get("restores")
    if isinstance(holder, list):
        holder = holder[-1] if holder else None
    return _components(holder.get("component_status")) if isinstance(holder, Mapping) else {}


def _components(value: object) -> dict[str, Document]:
    if not isinstance(value, Mapping):
        return {}
    named = {str(name): each for name, each in value.items() if isinstance(each, Mapping)}
    return {name: each for name, each in named.items() if name.strip()}


def _runs(document: Document, status: Status) -> bool:
    shown = [each.get("status") for each in backup_components(document).values()]
    return status in shown or document.get("status") == status


def turns_of(turns: Sequence[Turn], backup_id: str, restore: int) -> list[Turn]:
    """Return the exact changes of a backup (``restore`` 0) or of one of its restores."""
    return [turn for turn in turns if (turn.backup_id, turn.restore) == (backup_id, restore)]


def _at(seen: Sighting) -> Instant:
    assert seen.at is not None, "in_order() gives each a time"
    return seen.at


def _duration(nanoseconds: int) -> Any:  # noqa: ANN401
    return elapsed(Instant(0), Instant(nanoseconds))
