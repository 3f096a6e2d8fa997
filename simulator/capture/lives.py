"""Tells from sightings in the order of time what each backup has gone through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from simulator.capture.documents import (
    restore_components,
    runs,
    split_id,
    timestamp_of,
)
from simulator.capture.ordering import A_MOMENT, APART
from simulator.capture.sightings import LIST, REFUSALS, Document, Sighting
from simulator.clock import END_OF_TIME
from simulator.core.instants import LONGEST, Instant
from simulator.core.statuses import Status


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
            life.seen.append((each.moment, document))
    notes += [
        f"{backup_id!r} is no id of a backup (<label>-<uuid>): it was left out"
        for backup_id in sorted(odd)
    ]
    for each in seen:
        if each.operation == "delete" and each.is_good and each.argument not in lives:
            _add_unshown(lives, each)
    for each in seen:
        if each.operation == LIST and each.is_good:
            shown = {document["id"] for document in each.backups or ()}
            for life in lives.values():
                if life.backup_id.startswith(each.argument) and life.backup_id not in shown:
                    life.missed.append(each.moment)
    return lives


def _add_unshown(lives: dict[str, Life], delete: Sighting) -> None:
    """Add a backup of which only is seen that it could be deleted."""
    parts = split_id(delete.argument)
    if parts is not None:
        document = {"id": delete.argument, "status": Status.READY.value}
        lives[delete.argument] = Life(delete.argument, *parts, seen=[(delete.moment, document)])


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
        if life is not None and life.created is None and life.seen[0][0] >= each.moment:
            moved[index] = _at_its_timestamp(life, moved, index)
            life.created = moved[index].at
    taken = {each.at for each in moved}
    for life in lives.values():
        if life.created is None:
            _guess_create(life, lives, seen[0].moment)
            while life.created is not None and life.created in taken:
                life.created = Instant(life.created - A_MOMENT)  # one thing at one moment
            taken.add(life.created)
    return moved


def _at_its_timestamp(life: Life, seen: Sequence[Sighting], index: int) -> Sighting:
    """Return a create at the moment that its backup tells, where that leaves the order as it is."""
    create, stamp = seen[index], timestamp_of(life.first)
    before = seen[index - 1].moment if index else Instant(0)
    after = seen[index + 1].moment if index + 1 < len(seen) else END_OF_TIME
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
            is_later = life.seen[0][0] > create.moment
            was_there = stamp is not None and stamp < create.moment - APART
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
    elif (
        runs(life.first, Status.BACKING_UP)
        and stamp is not None
        and first - LONGEST < stamp < first
    ):
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
            lives[each.argument].restores.append(Restored(each.moment, is_guessed=False))
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
        over = [when for when, shown in life.seen if not runs(shown, Status.BACKING_UP)]
        if not over or min(over) > at:
            return True
    return False


def find_ends(lives: Mapping[str, Life], seen: Sequence[Sighting]) -> None:
    """Find out which backups were deleted, were lost, or were hidden for a while."""
    deletes = [
        (each.moment, each)
        for each in seen
        if each.operation == "delete" and each.argument in lives
    ]
    for at, each in deletes:
        life = lives[each.argument]
        is_gone = any(missed > at for missed in life.missed) and not _seen_after(life, at)
        if life.deleted is None and (each.is_good or is_gone):
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
