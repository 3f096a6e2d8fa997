"""Made-up backups: the history of a cluster, told from its latest day backwards.

Each night at two a backup by the scheduler, each Sunday another one; in the evening before an
upgrade somebody makes one, and some are made by hand. Some nights in a row fail for one reason.
Nobody upgrades after a backup that failed, so those that people make are ready.
"""

from collections.abc import Iterator
from datetime import date
from itertools import count as counted
from itertools import islice
from typing import Final, NamedTuple

from simulator.chance import SeededChance
from simulator.core.cluster import ExistingBackup
from simulator.core.identifiers import label_problems
from simulator.core.instants import NANOSECONDS_PER_SECOND, Duration, Instant
from simulator.core.statuses import Status
from simulator.world import words
from simulator.world.provider import provider_of
from simulator.world.users import first_users

_MINUTE: Final = 60 * NANOSECONDS_PER_SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR

_EPOCH: Final = date(1970, 1, 1).toordinal()
_TUESDAY_TO_THURSDAY: Final = (1, 2, 3)
_SUNDAY: Final = 6

_NIGHTLY: Final = 2 * _HOUR
_WEEKLY: Final = 4 * _HOUR + 30 * _MINUTE
_AFTER_CRON: Final = 20 * NANOSECONDS_PER_SECOND
"""How long the scheduler takes at most to come to it."""

_IN_OFFICE_HOURS: Final = (9 * _HOUR, 17 * _HOUR)
_IN_THE_EVENING: Final = (18 * _HOUR, 21 * _HOUR)

# Days from one to the next, going back. The first ones come soon, so that 30 backups have them all.
_FIRST_UPGRADE: Final = (3, 12)
_UPGRADES: Final = (40, 90)
_FIRST_BY_HAND: Final = (4, 25)
_BY_HAND: Final = (12, 50)
_FIRST_TROUBLE: Final = (2, 10)
_TROUBLE: Final = (8, 25)
_NIGHTS_OF_TROUBLE: Final = (1, 1, 1, 2, 3)

ADMINISTRATORS: Final = 6
"""How many users make backups by hand."""


class _Told(NamedTuple):
    """A backup of the past, its time in nanoseconds of its day."""

    time: int
    label: str
    error: str = ""


def latest_backups(
    chance: SeededChance, count: int, *, start: Instant, dcos_version: str
) -> tuple[ExistingBackup, ...]:
    """Return the latest ``count`` backups up to ``start``, newest first."""
    uuid = chance.uuids("made-up backup ids")
    past = islice(_Past(chance, dcos_version).until(start), count)
    return tuple(
        ExistingBackup(
            label=told.label,
            age=Duration(start - made),
            status=Status.ERROR if told.error else Status.READY,
            error=told.error,
            uuid=uuid(),
            dcos_version=version,
        )
        for made, told, version in past
    )


class _Past:
    """A cluster's past, as far as it has been told."""

    def __init__(self, chance: SeededChance, version: str) -> None:
        fake = self._fake = provider_of(chance, "backups")
        self._version = version
        self._nightly = fake.pick(words.NIGHTLY_LABELS)
        self._weekly = fake.pick(words.WEEKLY_LABELS)
        self._upgrade = fake.pick(words.UPGRADE_LABELS)
        self._administrators = [user.uid for user in first_users(chance, ADMINISTRATORS)]
        self._days_to_upgrade = fake.between(*_FIRST_UPGRADE)
        self._days_to_manual = fake.between(*_FIRST_BY_HAND)
        self._days_to_trouble = fake.between(*_FIRST_TROUBLE)
        self._bad_nights = 0
        self._error = ""

    def until(self, start: Instant) -> Iterator[tuple[int, _Told, str]]:
        """Yield each backup with when it was made and the cluster's version then, newest first."""
        for day in counted(start // _DAY, -1):
            today = date.fromordinal(_EPOCH + day)
            for told in (*self._by_people(today), *self._by_night(today)):
                made = day * _DAY + told.time
                if made <= start:
                    yield made, told, self._version

    def _by_people(self, today: date) -> Iterator[_Told]:
        self._days_to_upgrade -= 1
        if self._days_to_upgrade <= 0 and today.weekday() in _TUESDAY_TO_THURSDAY:
            self._days_to_upgrade = self._fake.between(*_UPGRADES)
            yield _Told(self._time(*_IN_THE_EVENING), self._label_of_upgrade())
        self._days_to_manual -= 1
        if self._days_to_manual <= 0:
            self._days_to_manual = self._fake.between(*_BY_HAND)
            form = self._fake.pick(words.MANUAL_LABELS)
            uid = self._fake.pick(self._administrators)
            label = self._fake.spell(form.replace("{{uid}}", uid))
            yield _Told(self._time(*_IN_OFFICE_HOURS), label)

    def _by_night(self, today: date) -> Iterator[_Told]:
        error = self._trouble_of_the_night()
        if today.weekday() == _SUNDAY:
            label = _dated(self._weekly, today)
            yield _Told(self._time(_WEEKLY, _WEEKLY + _AFTER_CRON), label, error)
        yield _Told(
            self._time(_NIGHTLY, _NIGHTLY + _AFTER_CRON), _dated(self._nightly, today), error
        )

    def _label_of_upgrade(self) -> str:
        """Go back to the version before; say which one was then about to be installed."""
        older = version_before(self._version)
        label = self._upgrade.format(version=self._version)
        if not older or label_problems(label):
            label = words.UPGRADE_LABELS[0]
        self._version = older or self._version
        return label

    def _trouble_of_the_night(self) -> str:
        """Return why tonight's backups failed; empty when they did not."""
        self._days_to_trouble -= 1
        if self._days_to_trouble <= 0:
            self._days_to_trouble = self._fake.between(*_TROUBLE)
            self._bad_nights = self._fake.pick(_NIGHTS_OF_TROUBLE)
            self._error = self._fake.trouble()
        self._bad_nights -= 1
        return self._error if self._bad_nights >= 0 else ""

    def _time(self, earliest: int, latest: int) -> int:
        return self._fake.between(earliest, latest)


def version_before(version: str) -> str:
    """Return the release of DC/OS that a cluster was upgraded from; empty when it had none."""
    older = [each for each in words.RELEASES if _numbers(each) < _numbers(version)]
    return older[-1] if older else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _dated(form: str, day: date) -> str:
    iso = day.isocalendar()
    written = day.isoformat()
    compact = written.replace("-", "")
    return form.format(day=written, compact=compact, week=f"{iso.year}-w{iso.week:02d}")
