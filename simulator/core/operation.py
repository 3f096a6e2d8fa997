"""One running create or restore: where each of its components stands in its script."""

from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.core.backups import Component
from simulator.core.identifiers import BackupId
from simulator.core.instants import Instant, after
from simulator.core.scripts import Lasts, Polls, Stage, Timelines, Until
from simulator.core.statuses import RUNNING, Status, move, overall


@dataclass(slots=True)
class _Cursor:
    """Where one component stands."""

    name: str
    stages: tuple[Stage, ...]
    status: Status
    index: int = -1
    until: Instant | None = None
    polls_left: int = 0

    @property
    def stage(self) -> Stage:
        return self.stages[self.index]

    def enter_next(self, now: Instant) -> None:
        """Go to the next stage; its status is reached by the table of transitions only."""
        self.index += 1
        self.status = move(self.status, self.stage.status)
        ends = self.stage.ends
        self.until = after(now, ends.length) if isinstance(ends, Lasts) else None
        self.polls_left = ends.count if isinstance(ends, Polls) else 0


@dataclass(slots=True, kw_only=True)
class Operation:
    """A running create (``restore`` 0) or restore of one backup.

    The operation knows nothing of backups, journals or Marathon: the cluster reads its components
    and its status, and acts on the changes.
    """

    backup_id: BackupId
    restore: int
    origin: str
    begun_as: Status
    released: set[str]
    status: Status = field(init=False)
    shown: str = field(init=False)
    components: tuple[Component, ...] = field(init=False)
    _cursors: list[_Cursor] = field(default_factory=list)

    def begin(self, timelines: Timelines, now: Instant) -> None:
        """Enter the first stage of every component."""
        self._cursors = [_Cursor(name, stages, self.begun_as) for name, stages in timelines.items()]
        for cursor in self._cursors:
            self._enter_next(cursor, now)
        self._look()

    @property
    def is_running(self) -> bool:
        """Whether any component still runs."""
        return self.status in RUNNING

    @property
    def empties_marathon(self) -> bool:
        """Whether Marathon is left without any app where it ends as it stands."""
        return any(cursor.stage.empties_marathon for cursor in self._cursors)

    @property
    def why(self) -> str:
        """The stages that it stands in, for people."""
        return "; ".join([component.because for component in self.components])

    def _look(self) -> None:
        """Work out what the operation shows, once for every move."""
        cursors = self._cursors
        self.status = overall(tuple([cursor.status for cursor in cursors]))
        said = [cursor.stage.overall for cursor in cursors if cursor.stage.overall is not None]
        alone = cursors[0].stage.shown if len(cursors) == 1 else self.status.value
        self.shown = said[0] if said else alone
        self.components = tuple([self._component(cursor) for cursor in cursors])

    def overrule(self, stage: Stage, now: Instant) -> tuple[str, ...]:
        """Let every component that still runs go on with this stage; return those that moved."""
        for cursor in self._cursors:
            if cursor.status in RUNNING:
                done = cursor.stages[: cursor.index + 1]
                cursor.stages = (*done, stage)
        return self._end(now, lambda cursor: cursor.status in RUNNING)

    def next_deadline(self) -> Instant | None:
        """When the next stage ends by itself; None when none does."""
        deadlines = [cursor.until for cursor in self._cursors if cursor.until is not None]
        return min(deadlines, default=None)

    def end_due_stages(self, now: Instant) -> tuple[str, ...]:
        """End every stage that falls due at ``now``; return the components that moved."""
        return self._end(now, lambda cursor: cursor.until is not None and cursor.until <= now)

    def release(self, now: Instant) -> tuple[str, ...]:
        """End every stage that waits for a name already released."""
        return self._end(now, self._is_released)

    def polled(self, now: Instant) -> tuple[str, ...]:
        """Count one list that showed the operation; end the stages that it was the last for."""
        seen = [cursor for cursor in self._cursors if cursor.polls_left]
        for cursor in seen:
            cursor.polls_left -= 1
        return self._end(now, lambda cursor: cursor in seen and cursor.polls_left == 0)

    def due(self, now: Instant) -> tuple[Instant, Status] | None:
        """Foresee when the operation ends and how; None when that depends on more than time."""
        ends = []
        for cursor in self._cursors:
            end = self._end_of(cursor, now)
            if end is None:
                return None
            ends.append(end)
        last = tuple(cursor.stages[-1].status for cursor in self._cursors)
        return max(ends), overall(last)

    def _end(self, now: Instant, ends: Callable[[_Cursor], bool]) -> tuple[str, ...]:
        moved = [cursor for cursor in self._cursors if ends(cursor)]
        for cursor in moved:
            self._enter_next(cursor, now)
        if moved:
            self._look()
        return tuple(cursor.name for cursor in moved)

    def _enter_next(self, cursor: _Cursor, now: Instant) -> None:
        cursor.enter_next(now)
        while self._is_released(cursor):
            cursor.enter_next(now)

    def _is_released(self, cursor: _Cursor) -> bool:
        ends = cursor.stage.ends
        return isinstance(ends, Until) and ends.release in self.released

    def _end_of(self, cursor: _Cursor, now: Instant) -> Instant | None:
        """Return when a component reaches its last stage, if time alone decides."""
        if cursor.status not in RUNNING:
            return now
        end = cursor.until
        for stage in cursor.stages[cursor.index + 1 :]:
            if end is None or stage.status not in RUNNING:
                return end
            end = self._left_at(stage, end)
        return None

    def _left_at(self, stage: Stage, entered: Instant) -> Instant | None:
        """Return when a stage ends that will be entered at a known time."""
        match stage.ends:
            case Lasts(length):
                return after(entered, length)
            case Until(name) if name in self.released:
                return entered
        return None

    def _component(self, cursor: _Cursor) -> Component:
        stage = cursor.stage
        place = f"{self.origin}, stage {cursor.index + 1} of {len(cursor.stages)}"
        return Component(
            name=cursor.name,
            status=cursor.status,
            shown=stage.shown,
            error=stage.error,
            because=f"{place}, {stage.ends}" if stage.ends else place,
            until=cursor.until,
        )
