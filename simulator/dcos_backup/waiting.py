"""``--wait``: looks at a backup again and again until what was started is over."""

from collections.abc import Callable
from typing import Final, NamedTuple, final

from simulator.dcos_backup.api import BackupService
from simulator.dcos_backup.documents import Document
from simulator.dcos_backup.errors import CommandError, ServiceError
from simulator.dcos_backup.output import Streams
from simulator.dcos_backup.pause import Pause
from simulator.dcos_backup.statuses import Seen, Stage

FAILURES_IN_A_ROW_MAX: Final = 5
LONGEST_PAUSE_SECONDS: Final = 30.0


class Subject(NamedTuple):
    """What is waited for.

    Attributes:
        what: ``backup`` or ``restore of``, for sentences.
        doing: the same for the progress line.
        look: judges the backup's document.
    """

    what: str
    doing: str
    backup_id: str
    look: Callable[[Document], Seen]

    def __str__(self) -> str:
        return f"{self.what} {self.backup_id}"


@final
class Waiting:
    """Waits for one thing at a time.

    Args:
        interval: seconds between two looks. After a failed look it doubles each time, up to 30:
            Admin Router alone takes more than 5 seconds to come back from a restart.
        timeout: seconds in all, from the moment it was started.
    """

    def __init__(
        self,
        service: BackupService,
        streams: Streams,
        pause: Pause,
        *,
        interval: float,
        timeout: float,
    ) -> None:
        self._service = service
        self._streams = streams
        self._pause = pause
        self._interval = interval
        self._timeout = timeout

    def wait(self, subject: Subject) -> None:
        """Return as soon as a look shows STATUS_READY.

        Raises:
            CommandError: when it failed, is gone, is not over in time, or cannot be seen.
        """
        try:
            self._wait(subject)
        except KeyboardInterrupt:
            self._streams.clear_progress()
            self._streams.complain(f"interrupted; {subject} goes on, see `list`")
            raise
        finally:
            self._streams.clear_progress()

    def _wait(self, subject: Subject) -> None:
        began = self._pause.now()
        failures = 0
        status = "not seen yet"
        while True:
            seen = self._seen(subject, failures)
            failures = 0 if seen else failures + 1
            if seen:
                status = seen.status
                if seen.stage is Stage.READY:
                    return
            passed = self._pause.now() - began
            if passed >= self._timeout:
                raise CommandError(
                    f"{subject} is not over after {self._timeout:g} s: {status}; it may go on"
                )
            shown = status if seen else f"{status}, no answer"
            self._streams.show_progress(
                f"{subject.doing} ", subject.backup_id, f": {shown}, {passed:.0f} s"
            )
            self._pause.sleep(min(self._delay(failures), self._timeout - passed))

    def _delay(self, failures: int) -> float:
        longest = max(self._interval, LONGEST_PAUSE_SECONDS)
        return float(min(self._interval * 2 ** max(failures - 1, 0), longest))

    def _seen(self, subject: Subject, failures: int) -> Seen | None:
        """Look once; None where another look may do better."""
        try:
            backup = self._service.show(subject.backup_id)
        except ServiceError as error:
            if error.passing and failures < FAILURES_IN_A_ROW_MAX:
                return None
            raise CommandError(
                f"waiting for {subject} failed: {error}; what becomes of it is not known"
            ) from None
        if backup is None:
            raise CommandError(f"backup {subject.backup_id} is gone")
        seen = subject.look(backup)
        if seen.stage is Stage.FAILED:
            reasons = f" ({seen.reasons})" if seen.reasons else ""
            raise CommandError(f"{subject} failed: {seen.status}{reasons}")
        return seen
