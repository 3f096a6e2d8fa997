"""The five commands."""

from typing import Final, final

from simulator.dcos_backup.api import BAD_REQUEST, BackupService
from simulator.dcos_backup.arguments import Arguments
from simulator.dcos_backup.documents import Document, tidy
from simulator.dcos_backup.errors import CommandError, ServiceError
from simulator.dcos_backup.output import Streams, ordered, table
from simulator.dcos_backup.pause import Pause
from simulator.dcos_backup.statuses import RestoreWatch, backup_seen
from simulator.dcos_backup.waiting import Subject, Waiting

UUID_LENGTH: Final = 36
"""An id is ``<label>-<uuid>``. Source: the documented lengths of both."""


@final
class Commands:
    """Carries out one command line. Everything else than success is a CommandError."""

    def __init__(
        self, arguments: Arguments, service: BackupService, streams: Streams, pause: Pause
    ) -> None:
        self._arguments = arguments
        self._service = service
        self._streams = streams
        self._waiting = Waiting(
            service,
            streams,
            pause,
            interval=arguments.interval,
            timeout=arguments.wait_timeout,
        )

    def run(self) -> None:
        """Carry it out."""
        name, subject = self._arguments.command, self._arguments.subject
        run = {
            "create": self._create,
            "list": self._list,
            "show": self._show,
            "delete": self._service.delete,
            "restore": self._restore,
        }[name]
        try:
            run(subject)
        except ServiceError as error:
            what = f"{name} {tidy(subject)}" if subject else name
            unsure = error.unsure and name in {"create", "delete", "restore"}
            outcome = "; it may have been carried out all the same, see `list`" if unsure else ""
            raise CommandError(f"{what} failed: {error}{outcome}") from None

    def _list(self, prefix: str) -> None:
        backups = self._service.list(prefix)
        if self._arguments.json:
            self._streams.print_json(backups)
        else:
            self._streams.print(table(backups))

    def _show(self, backup_id: str) -> None:
        backup = self._service.show(backup_id) if backup_id else None
        if backup is None:
            raise CommandError(f"show failed: there is no backup {backup_id or 'without an id'}")
        self._streams.print_json(ordered(backup))

    def _create(self, label: str) -> None:
        before = self._ids_of(label) if self._arguments.wait else None
        backup = self._service.create(label)
        if backup is not None:
            backup_id = str(backup["id"])
            if before is not None and backup_id in before:
                raise CommandError(
                    f"create {label} failed: HTTP 200, but the answer is about backup {backup_id}, "
                    "which is older"
                )
        elif before is not None:
            backup_id = self._only_new(label, before)
        else:
            raise CommandError(
                f"create {label} failed: HTTP 200, but the answer names no backup; "
                "it may have been carried out all the same, see `list`"
            )
        if self._arguments.wait:
            self._waiting.wait(Subject("backup", "Backing up", backup_id, backup_seen))

    def _ids_of(self, label: str) -> frozenset[str] | None:
        """Return the ids of the label's backups; None where the service takes it for no label.

        Longer labels begin with the same letters, so only ids of the right length count.
        """
        try:
            backups = self._service.list(f"{label}-")
        except ServiceError as error:
            if error.status == BAD_REQUEST:  # create itself says better what is wrong
                return None
            raise
        length = len(label) + 1 + UUID_LENGTH
        return frozenset(backup["id"] for backup in backups if len(backup["id"]) == length)

    def _only_new(self, label: str, before: frozenset[str]) -> str:
        new = (self._ids_of(label) or frozenset()) - before
        if len(new) != 1:
            raise CommandError(
                f"create {label} failed: HTTP 200, but which backup was started is not known: "
                f"{len(new)} are new in the list"
            )
        return next(iter(new))

    def _restore(self, backup_id: str) -> None:
        if not self._arguments.wait:
            self._service.restore(backup_id)
            return
        watch = RestoreWatch(self._before(backup_id))
        watch.look(self._service.restore(backup_id))
        self._waiting.wait(Subject("restore of", "Restoring", backup_id, watch.look))

    def _before(self, backup_id: str) -> Document | None:
        """Return the backup as it is now; None where restore itself will say what is wrong."""
        try:
            return self._service.show(backup_id)
        except ServiceError as error:
            if error.status == BAD_REQUEST:
                return None
            raise
