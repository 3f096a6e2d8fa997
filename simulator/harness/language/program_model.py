"""What a scenario says of a program of the client: one that starts an operation and waits."""

from typing import Literal

from pydantic import Field, model_validator

from simulator.harness.language.step_model import ClusterActionModel, Matcher
from simulator.scalars import Count, DurationText, Filled, Strict, Text


class MeanwhileModel(Strict):
    """Something that happens while the program runs, at this cluster time since the start."""

    at: DurationText
    cluster: ClusterActionModel


class ProgramRunModel(Strict):
    """The client's own backup-and-wait or restore-and-wait, run as a process.

    Exit status 0 must mean that the backup is ready, or the restore done, at that moment, and any
    other must mean that it is not: that is always judged. The rest narrows it down.
    """

    run: Literal["backup", "restore"]
    label: Text | None = None
    backup: Filled | None = None
    id: Text | None = None
    as_: Filled | None = Field(None, alias="as")
    expect: Literal["ok", "failed", "gives_up"] | None = None
    says: Matcher | None = None
    requests: Count | None = None
    within: DurationText | None = None
    meanwhile: list[MeanwhileModel] = Field([])

    @model_validator(mode="after")
    def _about_one_thing(self) -> "ProgramRunModel":
        is_backup = self.run == "backup"
        if is_backup and (self.label is None or self.backup is not None or self.id is not None):
            raise ValueError("needs a label to make a backup, and neither backup nor id")
        if not is_backup and (self.label is not None or (self.backup is None) == (self.id is None)):
            raise ValueError("needs a backup (a name from this file) or an id to restore, no label")
        if not is_backup and self.as_:
            raise ValueError("must not have as: a restore makes no backup to name")
        return self
