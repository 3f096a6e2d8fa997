"""Scripts in Python: the same stages that scenario files write, chained.

``cluster.on_create("nightly*").backing_up("90s").error("Marathon leader unreachable")``
"""

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import final

from simulator.core.cluster import RuleUse
from simulator.core.instants import parse_duration
from simulator.core.scripts import (
    MARATHON,
    Between,
    Branch,
    End,
    Forever,
    Lasts,
    OneOf,
    Polls,
    Stage,
    Until,
    stage_problems,
)
from simulator.core.statuses import Status


class ScriptError(Exception):
    """A script that cannot be: the message says which stage and why."""


@final
class ScriptBuilder:
    """The script of one rule, stage by stage. Every call takes effect at once.

    A script that does not say how it ends, ends in STATUS_READY. All durations are text such as
    ``"90s"`` and mean cluster time.

    Raises:
        ScriptError: from every method, when the stage cannot stand where it is put.
    """

    def __init__(self, use: RuleUse, lock: AbstractContextManager[object]) -> None:
        self._use = use
        self._lock = lock
        self._component = MARATHON

    def component(self, name: str) -> "ScriptBuilder":
        """Let the stages that follow belong to another component; it runs side by side."""
        self._component = name
        return self

    def backing_up(
        self,
        length: str | tuple[str, str] | None = None,
        *,
        polls: int | None = None,
        until: str | None = None,
        shown_as: str | None = None,
        overall: str | None = None,
    ) -> "ScriptBuilder":
        """Stay STATUS_BACKING_UP for a time, a time between two, some polls, or until a release.

        With none of these it stays so forever.
        """
        ends = _end(length, polls, until)
        return self._add(Status.BACKING_UP, ends, shown_as=shown_as, overall=overall)

    def restoring(
        self,
        length: str | tuple[str, str] | None = None,
        *,
        polls: int | None = None,
        until: str | None = None,
        shown_as: str | None = None,
        overall: str | None = None,
    ) -> "ScriptBuilder":
        """Stay STATUS_RESTORING for a time, a time between two, some polls, or until a release.

        With none of these it stays so forever.
        """
        ends = _end(length, polls, until)
        return self._add(Status.RESTORING, ends, shown_as=shown_as, overall=overall)

    def ready(self, *, shown_as: str | None = None, overall: str | None = None) -> "ScriptBuilder":
        """End in STATUS_READY."""
        return self._add(Status.READY, None, shown_as=shown_as, overall=overall)

    def error(
        self,
        text: str = "",
        *,
        shown_as: str | None = None,
        overall: str | None = None,
        empties_marathon: bool = False,
    ) -> "ScriptBuilder":
        """End in STATUS_ERROR, with a diagnostic for the client; a restore may wipe Marathon."""
        return self._append(
            Stage(
                status=Status.ERROR,
                component=self._component,
                error=text,
                shown_as=shown_as,
                overall=overall,
                empties_marathon=empties_marathon,
            )
        )

    def one_of(self, *branches: tuple[int, tuple[Stage, ...]]) -> "ScriptBuilder":
        """End in one of several ways, each ``(weight, stages)``; drawn as the operation starts."""
        choice = OneOf(tuple(Branch(weight=weight, stages=stages) for weight, stages in branches))
        return self._append(choice)

    def _add(
        self,
        status: Status,
        ends: End | None,
        *,
        shown_as: str | None,
        overall: str | None,
    ) -> "ScriptBuilder":
        return self._append(
            Stage(
                status=status,
                ends=ends,
                component=self._component,
                shown_as=shown_as,
                overall=overall,
            )
        )

    def _append(self, stage: Stage | OneOf) -> "ScriptBuilder":
        with self._lock:
            rule = self._use.rule
            stages = (*rule.stages, stage)
            for path, problem in stage_problems(rule.on, stages):
                raise ScriptError(f"{rule.origin}, stage {path[0] + 1}: {problem}")
            self._use.rule = replace(rule, stages=stages)
        return self


def _end(length: str | tuple[str, str] | None, polls: int | None, until: str | None) -> End:
    given = [value for value in (length, polls, until) if value is not None]
    if len(given) > 1:
        raise ScriptError("a stage ends in one way: after a time, after polls, or at a release")
    if polls is not None:
        return Polls(polls)
    if until is not None:
        return Until(until)
    if length is None:
        return Forever()
    try:
        if isinstance(length, tuple):
            return Between(parse_duration(length[0]), parse_duration(length[1]))
        return Lasts(parse_duration(length))
    except ValueError as error:
        raise ScriptError(str(error)) from None
