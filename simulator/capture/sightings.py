"""What somebody has seen of a cluster, as values: whatever the input was, it becomes these.

A sighting is one answer of the backup service, or one that never came. ``dcos backup show`` and
``dcos backup list`` ask the API for a list, so what they print is a sighting of a list, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from simulator.core.instants import Instant

Document: TypeAlias = Mapping[str, Any]
"""A backup as it was shown."""

LIST: Final = "list"
OK: Final = 200

REFUSALS: Final = range(400, 500)
"""Statuses of answers that say: nothing was done, and whoever asked has to change something."""

SUMMARY: Final = frozenset({"dcos_version", "id", "status", "timestamp"})
"""All that the table of ``dcos backup list`` tells of a backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One answer of the backup service.

    Attributes:
        source: where it was found, for people: ``poll.log:12``.
        at: when it was seen; None where the input does not say.
        operation: ``create``, ``list``, ``restore`` or ``delete``.
        argument: the label, the id or the prefix that was sent; empty for none.
        status: of the answer; 0 where none came.
        backups: what it shows; None where that cannot be read, or it is no success.
        is_summary: whether it tells no more of a backup than a table does.
        body: as it came, where it shows no backups.
        content_type: of such a body; empty where that is not known.
        retry_after: as it came; empty for none.
        location: as it came; empty for none.
        trouble: how the answer failed to come: ``reset``, ``closed``, ``refused``, ``timeout`` or
            ``cut off``; empty where it came.
        order: its place among what happened at the same moment; 0 where nobody knows.
        is_silent: whether a client only told, by saying nothing, that it was done.
    """

    source: str
    at: Instant | None = None
    operation: str = LIST
    argument: str = ""
    status: int = 200
    backups: tuple[Document, ...] | None = None
    is_summary: bool = False
    body: str = ""
    content_type: str = ""
    retry_after: str = ""
    location: str = ""
    trouble: str = ""
    order: int = 0
    is_silent: bool = False

    @property
    def moment(self) -> Instant:
        """When it was seen, where ``ordering.in_order`` has given each a time."""
        assert self.at is not None, "in_order() gives each a time"
        return self.at

    @property
    def is_good(self) -> bool:
        """Whether it is what a client asked for: a success that can be read."""
        return (
            not self.trouble
            and self.status == OK
            and (self.backups is not None or self.operation == "delete" or self.is_silent)
        )

    def same_answer(self, other: "Sighting") -> bool:
        """Whether another one has the same request and the same answer."""
        return _answer(self) == _answer(other)


def _answer(seen: Sighting) -> tuple[object, ...]:
    return (
        seen.operation,
        seen.argument,
        seen.status,
        seen.backups,
        seen.is_summary,
        seen.body,
        seen.content_type,
        seen.retry_after,
        seen.location,
        seen.trouble,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a component really changed; only our own journal knows that.

    Attributes:
        at: when.
        backup_id: of which backup.
        restore: which of its restores, from 1; 0 for the backup itself.
        component: whose.
        status: that it has from then on.
        error: the reason beside ``STATUS_ERROR``.
    """

    at: Instant
    backup_id: str
    restore: int
    component: str
    status: str
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What happened to a cluster, not through a client; only our own journal knows that.

    Attributes:
        at: when.
        action: what a step ``cluster`` says of it, such as ``{"deploy": "/web"}``.
        order: as a sighting has it.
    """

    at: Instant
    action: Mapping[str, Any]
    order: int = 0


@dataclass(slots=True)
class Capture:
    """Everything that was read, in the order of the input.

    Attributes:
        sightings: the answers.
        turns: exact times of changes, where they are known.
        happenings: what happened to the cluster beside.
        start: when cluster time began, where that is known.
        inputs: what was read, a line for each.
        notes: what had to be left out or taken for something, a sentence for each.
    """

    sightings: list[Sighting] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    start: Instant | None = None
    inputs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class CaptureError(ValueError):
    """An input of which nothing can be made; the message says why and what would be of use."""
