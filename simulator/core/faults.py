"""Faults: what goes wrong between a cluster and whoever asks it, as data.

The core decides whether a fault strikes a request; what that does to an answer, and how to break a
socket, is the service's. A rule says where and when; its fault says what.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

from simulator.core.backups import Backup
from simulator.core.instants import ZERO, Duration, duration_text
from simulator.core.scripts import Chance, OperationKind

CHANGING: Final = ("create", "restore", "delete")
"""Operations that change something: of them it matters whether a fault comes before or after."""

PER_MILLION: Final = 1_000_000


# --- what goes wrong: another answer -------------------------------------------------------------


class Page(Enum):
    """Whose body an answer has; each part of a real cluster writes its own."""

    ADMIN_ROUTER = "admin-router"
    SERVICE = "service"
    MARATHON = "marathon"
    EMPTY = "empty"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWith:
    """Another answer than the cluster's own.

    Attributes:
        status: HTTP status code.
        page: whose body it has.
        text: the body of a TEXT page, or the error of the SERVICE.
        retry_after: in a header, as seconds; as a date where ``as_date``.
        location: where a redirect leads.
    """

    status: int
    page: Page = Page.ADMIN_ROUTER
    text: str = ""
    retry_after: Duration | None = None
    as_date: bool = False
    location: str = ""

    def __str__(self) -> str:
        return f"an answer with {self.status}"


@dataclass(frozen=True, slots=True)
class Claim:
    """Headers of the answer are others, whatever is true: a name with None has no header."""

    headers: tuple[tuple[str, str | None], ...]

    def __str__(self) -> str:
        return f"another {', '.join(name for name, _ in self.headers)}"


@dataclass(frozen=True, slots=True)
class Early:
    """An answer with a status from 100 to 199 comes before the real one."""

    status: int

    def __str__(self) -> str:
        return f"an answer with {self.status} before the real one"


# --- what goes wrong: the transport --------------------------------------------------------------


class Part(Enum):
    """How much of an answer has been sent."""

    NOTHING = "nothing"
    HEAD = "head"
    BODY = "body"
    """All of the head, and half of the body."""

    def __str__(self) -> str:
        return {"nothing": "before the answer", "head": "after the head"}.get(
            self.value, "in the middle of the body"
        )


class Ending(Enum):
    """How a TCP connection ends."""

    RESET = "reset"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends before the answer does."""

    after: Part
    ending: Ending

    def __str__(self) -> str:
        verb = "reset" if self.ending is Ending.RESET else "closed"
        return f"the connection {verb} {self.after}"


@dataclass(frozen=True, slots=True)
class WrongLength:
    """Content-Length is off by so many bytes; the connection is closed behind the body."""

    by: int

    def __str__(self) -> str:
        return f"Content-Length {abs(self.by)} bytes too {'long' if self.by > 0 else 'short'}"


@dataclass(frozen=True, slots=True)
class BrokenChunk:
    """The body comes in chunks, and the second has a length that is no number."""

    def __str__(self) -> str:
        return "a broken chunk"


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are no HTTP come instead of an answer, then the connection is closed."""

    def __str__(self) -> str:
        return "garbage instead of an answer"


@dataclass(frozen=True, slots=True)
class Drip:
    """The answer comes byte by byte, with so much real time between two."""

    pause: Duration

    def __str__(self) -> str:
        return f"the answer byte by byte, {duration_text(self.pause)} between two"


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing comes for so much real time; then the answer goes on as if nothing had been."""

    after: Part
    length: Duration

    def __str__(self) -> str:
        return f"{duration_text(self.length)} of silence {self.after}"


@dataclass(frozen=True, slots=True)
class Hang:
    """Nothing comes until the client leaves."""

    def __str__(self) -> str:
        return "silence until the client leaves"


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The answer is whole and keeps the connection; after so much real time it is closed.

    What a client sends meanwhile is not read any more: it has come too late.
    """

    idle: Duration = ZERO

    def __str__(self) -> str:
        later = f" {duration_text(self.idle)}" if self.idle else ""
        return f"the kept connection closed{later} behind the answer"


@dataclass(frozen=True, slots=True)
class Deaf:
    """The connection is closed behind the answer; of the next one, nothing is read for so long."""

    length: Duration

    def __str__(self) -> str:
        return f"the next connection not read for {duration_text(self.length)}"


@dataclass(frozen=True, slots=True)
class Refuse:
    """The connection is reset, and for so much real time nobody listens on the port."""

    length: Duration

    def __str__(self) -> str:
        return f"nobody listening for {duration_text(self.length)}"


# --- what goes wrong: what is shown --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stale:
    """Lists show what was so long ago, in cluster time."""

    age: Duration

    def __str__(self) -> str:
        return f"a list as of {duration_text(self.age)} ago"


@dataclass(frozen=True, slots=True)
class Hide:
    """Lists lack backups whose label fits."""

    label: str

    def __str__(self) -> str:
        return f"backups labelled {self.label} left out"


@dataclass(frozen=True, slots=True)
class Twice:
    """Lists hold backups whose label fits twice."""

    label: str

    def __str__(self) -> str:
        return f"backups labelled {self.label} listed twice"


class Order(Enum):
    """The order of a list, which is documented nowhere."""

    REVERSED = "reversed"
    SHUFFLED = "shuffled"

    def __str__(self) -> str:
        return f"a list {self.value}"


@dataclass(frozen=True, slots=True)
class Strangers:
    """Lists also hold so many backups of another cluster with this label."""

    label: str
    count: int = 1

    def __str__(self) -> str:
        return f"{self.count} backups of another cluster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Backups whose label fits are shown changed.

    Attributes:
        label: a pattern.
        put: dotted paths, and the JSON value that is shown there.
        drop: dotted paths that are not shown.
    """

    label: str = "*"
    put: tuple[tuple[str, Any], ...] = ()
    drop: tuple[str, ...] = ()

    def __str__(self) -> str:
        paths = [path for path, _ in self.put] + list(self.drop)
        return f"another {', '.join(paths)} of backups labelled {self.label}"


@dataclass(frozen=True, slots=True)
class Skew:
    """The ``Date`` of answers is off by so many nanoseconds."""

    by: int

    def __str__(self) -> str:
        sign = "ahead" if self.by > 0 else "behind"
        return f"Date {duration_text(Duration(abs(self.by)))} {sign}"


Transport = (
    Cut | WrongLength | BrokenChunk | Garbage | Drip | Stall | Hang | Goodbye | Deaf | Refuse
)
Shown = Stale | Hide | Twice | Order | Strangers | Edit
Fault = AnswerWith | Claim | Early | Transport | Shown | Skew


def excludes(fault: Fault, other: Fault) -> bool:
    """Whether two faults cannot strike one request: it has one answer, and that goes one way."""
    answers = isinstance(fault, AnswerWith) and isinstance(other, AnswerWith)
    return answers or (isinstance(fault, Transport) and isinstance(other, Transport))


def is_silent(fault: Fault) -> bool:
    """Whether nothing of the cluster's own answer is sent: then it need not have been made."""
    cut_first = isinstance(fault, Cut) and fault.after is Part.NOTHING
    return cut_first or isinstance(fault, (AnswerWith, Garbage, Hang, Refuse))


# --- where and when ------------------------------------------------------------------------------


class Commit(Enum):
    """Whether an interrupted operation is carried out."""

    BEFORE = "before"
    AFTER = "after"


class Asked(NamedTuple):
    """A request, as far as faults look at it: operation is empty for anything but the four."""

    operation: str
    method: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhileStatus:
    """Holds while any backup with a fitting label, or its latest restore, has a status."""

    label: str
    kind: OperationKind
    status: str

    def holds(self, backups: Iterator[Backup]) -> bool:
        """Whether it holds for any of these."""
        return any(
            self._status(backup) == self.status and fnmatchcase(backup.label, self.label)
            for backup in backups  # the status first: it costs less than the pattern
        )

    def _status(self, backup: Backup) -> str:
        if self.kind is OperationKind.CREATE:
            return backup.status.value
        return backup.restores[-1].status.value if backup.restores else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """Which requests a fault strikes.

    Attributes:
        fault: what goes wrong.
        operations: of the backup service; with ``path``, either fits.
        path: a pattern over decoded paths; empty for none.
        methods: HTTP methods; empty for all.
        nth: ranges of numbers, from 1, over the requests for which ``since``, ``until``, ``during``
            and all above hold; empty for all.
        times: how often at most; None for no limit.
        since: cluster time since the start from which on.
        until: cluster time since the start up to which; None for ever.
        chance: of a million.
        during: a status that must hold.
        commit: whether an interrupted operation is carried out.
        also: whether the rules behind it are tried as well.
        optional: whether it may go unused.
        origin: where it was written, for people.
    """

    fault: Fault
    operations: tuple[str, ...] = ()
    path: str = ""
    methods: tuple[str, ...] = ()
    nth: tuple[tuple[int, int | None], ...] = ()
    times: int | None = None
    since: Duration = ZERO
    until: Duration | None = None
    chance: int = PER_MILLION
    during: WhileStatus | None = None
    commit: Commit = Commit.BEFORE
    also: bool = False
    optional: bool = False
    origin: str = "a fault"

    def is_about(self, asked: Asked) -> bool:
        """Whether a request is of the kind that the rule is for, whenever it comes."""
        if self.methods and asked.method not in self.methods:
            return False
        if asked.operation in self.operations:
            return True
        return bool(self.path) and fnmatchcase(asked.path, self.path)

    @property
    def always(self) -> bool:
        """Whether it strikes every request that it is about."""
        is_counted = bool(self.nth) or self.times is not None
        limits = (is_counted, self.since, self.until, self.during)
        return not any(limit for limit in limits) and self.chance == PER_MILLION

    def counts(self, number: int) -> bool:
        """Whether it strikes the request with this number."""
        return not self.nth or any(
            first <= number and (last is None or number <= last) for first, last in self.nth
        )


@dataclass(slots=True)
class FaultUse:
    """A rule, how many requests it has looked at, and how many it has struck."""

    rule: FaultRule
    seen: int = 0
    hits: int = 0
    wakes: int = field(default=0, init=False, repr=False)
    """The next number that it may strike; requests before it are counted without a look."""

    def __post_init__(self) -> None:
        self._look_ahead()

    @property
    def is_spent(self) -> bool:
        """Whether it has struck as often as it may."""
        return self.rule.times is not None and self.hits >= self.rule.times

    def strikes(
        self, elapsed: Duration, backups: Callable[[], Iterator[Backup]], chance: Chance
    ) -> bool:
        """Whether it strikes a request that it is about; count that."""
        rule = self.rule
        is_over = rule.until is not None and elapsed >= rule.until
        if is_over or elapsed < rule.since or self.is_spent:
            return False
        if rule.during is not None and not rule.during.holds(backups()):
            return False
        self.seen += 1
        struck = rule.counts(self.seen) and _falls(rule.chance, chance)
        self.hits += struck
        self._look_ahead()
        return struck

    def _look_ahead(self) -> None:
        rule, after = self.rule, self.seen + 1
        always_on = rule.until is None and not rule.since and rule.during is None
        if not always_on or not rule.nth or self.is_spent:
            self.wakes = 0
            return
        ahead = [max(first, after) for first, last in rule.nth if last is None or last >= after]
        self.wakes = min(ahead, default=NEVER)


@dataclass(slots=True)
class Faults:
    """The rules of one cluster, in order. Whoever asks holds the cluster's lock."""

    uses: list[FaultUse] = field(default_factory=list)
    _by_kind: dict[Asked, list[FaultUse]] = field(default_factory=dict)

    def add(self, rule: FaultRule) -> FaultUse:
        """Add a rule behind those that are there."""
        use = FaultUse(rule)
        self.uses.append(use)
        self._by_kind.clear()
        return use

    def strike(
        self,
        asked: Asked,
        elapsed: Duration,
        backups: Callable[[], Iterator[Backup]],
        chance: Chance,
    ) -> tuple[FaultRule, ...]:
        """Return the rules that strike a request, and count it.

        Args:
            asked: the request.
            elapsed: cluster time since the start.
            backups: the stored backups, for rules that look at statuses.
            chance: for rules that strike some requests only.
        """
        about = self._by_kind.get(asked)
        if about is None:
            if len(self._by_kind) >= REMEMBERED:
                self._by_kind.clear()
            about = self._by_kind[asked] = [use for use in self.uses if use.rule.is_about(asked)]
        struck: list[FaultRule] = []
        for use in about:
            if struck and any(excludes(rule.fault, use.rule.fault) for rule in struck):
                continue
            number = use.seen + 1
            if number < use.wakes:  # a hundred rules that wait cost a list little
                use.seen = number
            elif use.strikes(elapsed, backups, chance):
                struck.append(use.rule)
                if not use.rule.also:
                    break
        return tuple(struck)

    def forgive(self, rules: Sequence[FaultRule]) -> None:
        """Take back that these have struck: there was nothing that they could change."""
        for use in self.uses:
            if any(use.rule is rule for rule in rules):
                use.hits -= 1


NEVER: Final = 1 << 62
"""A number that no request will have."""

REMEMBERED: Final = 256
"""How many kinds of requests are remembered with the rules that are about them."""


def _falls(millionths: int, chance: Chance) -> bool:
    """Throw the dice, where the outcome is open."""
    return millionths == PER_MILLION or not chance.pick((millionths, PER_MILLION - millionths))


# --- rules that cannot be meant ------------------------------------------------------------------

_NOTHINGS: Final = (*(Stall(part, ZERO) for part in Part), Deaf(ZERO), Stale(ZERO), Skew(0))


def fault_problems(rule: FaultRule) -> Iterator[tuple[str, str]]:
    """Yield (key, what is wrong) for everything in a rule that cannot be meant."""
    if rule.until is not None and rule.until <= rule.since:
        yield "until", "ends before it begins, so it never strikes"
    if rule.times == 0:
        yield "times", "strikes 0 times, so it never does"
    if rule.chance == 0:
        yield "chance", "never strikes with a chance of 0%"
    for first, last in rule.nth:
        if first < 1 or (last is not None and last < first):
            yield "nth", "counts from 1, and a range from its smaller number"
    yield from _contradictions(rule)
    if rule.fault in _NOTHINGS or (isinstance(rule.fault, Strangers) and not rule.fault.count):
        yield "do", "changes nothing with a value of 0"


def _contradictions(rule: FaultRule) -> Iterator[tuple[str, str]]:
    """Yield what a fault cannot do to the requests that its rule is about."""
    interrupted = [name for name in CHANGING if name in rule.operations]
    if rule.commit is Commit.BEFORE and interrupted and not is_silent(rule.fault):
        yield "commit", "cannot be before: this fault sends an answer, which must have been made"
    if isinstance(rule.fault, (Stale, Hide, Twice, Order, Strangers)):
        others = [name for name in rule.operations if name != "list"]
        if others or rule.path:
            yield "on", "can only be list: this fault changes what a list holds"
    if isinstance(rule.fault, Edit) and "delete" in rule.operations:
        yield "on", "cannot be delete: its answer shows no backup that could be changed"
    in_body = isinstance(rule.fault, (Cut, Stall)) and rule.fault.after is Part.BODY
    shorter = isinstance(rule.fault, WrongLength) and rule.fault.by < 0
    if (in_body or shorter) and "delete" in rule.operations:
        yield "do", "cannot strike a delete: its answer has no body"
    if rule.path and not rule.path.startswith(("/", "*", "?", "[")):
        yield "path", "fits no request: paths begin with a slash"
    if "?" in rule.path.replace("[?]", "") and "=" in rule.path:
        yield "path", "fits no request: what stands behind a question mark is no part of a path"
    yield from _never_held(rule)


def _never_held(rule: FaultRule) -> Iterator[tuple[str, str]]:
    during = rule.during
    if during is None:
        return
    is_backup = during.kind is OperationKind.CREATE
    other = OperationKind.RESTORE if is_backup else OperationKind.CREATE
    if during.status == other.running.value:
        what = "a backup" if is_backup else "a restore"
        yield "while", f"never holds: {what} is never {during.status}"


def hidden_rules(rules: Sequence[FaultRule]) -> Iterator[tuple[int, int]]:
    """Yield (later, earlier) for every rule that an earlier one leaves no request."""
    for later, rule in enumerate(rules):
        for earlier in range(later):
            if _hides(rules[earlier], rule):
                yield later, earlier
                break


def _hides(first: FaultRule, rule: FaultRule) -> bool:
    everywhere = first.path == "*"
    covers = everywhere or (
        set(rule.operations) <= set(first.operations) and rule.path in {"", first.path}
    )
    methods = not first.methods or (rule.methods and set(rule.methods) <= set(first.methods))
    takes = not first.also or excludes(first.fault, rule.fault)
    return bool(first.always and takes and covers and methods)
