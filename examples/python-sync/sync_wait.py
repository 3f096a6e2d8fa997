"""Makes or restores a backup, and ends when that is over.

    sync_wait.py backup LABEL
    sync_wait.py restore ID

Exit status 0 means that the backup is ready, or the restore done. Reads DCOS_URL, DCOS_ACS_TOKEN
and DCOS_TLS_CA_PATH; looks every POLL_INTERVAL seconds, POLL_LIMIT times at most.
"""

import os
import sys
import time
from collections.abc import Callable

from sync_client import Backup, BackupClient, BackupError, open_client

READY = "STATUS_READY"
ERROR = "STATUS_ERROR"

POLL_INTERVAL = float(os.environ.get("POLL_INTERVAL", "5"))
POLL_LIMIT = int(os.environ.get("POLL_LIMIT", "720"))
FAILURES_IN_A_ROW_MAX = 8


def back_up(client: BackupClient, label: str) -> None:
    """Make a backup and return when it is ready."""
    wait(client, client.create(label)["id"], is_ready)


def restore(client: BackupClient, backup_id: str) -> None:
    """Restore a backup and return when that is done."""
    watch = RestoreWatch(client.show(backup_id))
    watch.is_done(client.restore(backup_id))
    wait(client, backup_id, watch.is_done)


def is_ready(backup: Backup) -> bool:
    """Tell whether a backup is ready; raises BackupError when it has failed.

    The whole may claim to be ready while a component is still at work, so all must say it. A
    status that nobody documented counts as work.
    """
    statuses = {str(backup.get("status")), *component_statuses(backup)}
    if ERROR in statuses:
        raise BackupError(f"the backup failed: {backup}")
    return statuses == {READY}


class RestoreWatch:
    """Judges the restore that was started last.

    A backup shows its newest restore only, and nothing that tells it from the one before. So it
    counts once it differs from what was there before, or has been seen at work since.
    """

    def __init__(self, before: Backup) -> None:
        self._before = before.get("restores")
        self._is_new = False

    def is_done(self, backup: Backup) -> bool:
        """Tell whether the restore is done; raises BackupError when it has failed."""
        latest = backup.get("restores")
        statuses = component_statuses(latest)
        self._is_new |= latest != self._before or not statuses <= {READY, ERROR}
        if self._is_new and ERROR in statuses:
            raise BackupError(f"the restore failed: {latest}")
        return self._is_new and statuses == {READY}


def component_statuses(part: object) -> set[str]:
    """Return the statuses of all components of a backup, or of a restore in it."""
    components = part.get("component_status") if isinstance(part, dict) else None
    if not isinstance(components, dict):
        return set()
    entries = (each if isinstance(each, dict) else {} for each in components.values())
    return {str(each.get("status")) for each in entries}


def wait(client: BackupClient, backup_id: str, is_over: Callable[[Backup], bool]) -> None:
    """Look at a backup again and again; raises BackupError or TimeoutError when that is in vain."""
    failures = 0
    for _ in range(POLL_LIMIT):
        try:
            backup = client.show(backup_id)
        except (BackupError, TimeoutError) as error:
            # A look changes nothing, so it may be repeated; a 502 says nothing about the backup.
            failures += 1
            may_pass = isinstance(error, TimeoutError) or error.may_pass
            if not may_pass or failures > FAILURES_IN_A_ROW_MAX:
                raise
        else:
            failures = 0
            if is_over(backup):
                return
        time.sleep(POLL_INTERVAL)
    raise BackupError(f"{backup_id} is not over after {POLL_LIMIT} looks; it may go on")


def main() -> None:
    """Carry out one command line."""
    url, token = os.environ.get("DCOS_URL"), os.environ.get("DCOS_ACS_TOKEN")
    if not url or not token:
        sys.exit("set DCOS_URL and DCOS_ACS_TOKEN")
    try:
        with open_client(url, token, os.environ.get("DCOS_TLS_CA_PATH", "")) as client:
            match sys.argv[1:]:
                case ["backup", label]:
                    back_up(client, label)
                case ["restore", backup_id]:
                    restore(client, backup_id)
                case _:
                    sys.exit(__doc__)
    except BackupError as error:
        sys.exit(f"{error}")
    except TimeoutError as error:
        sys.exit(f"{error}; what was asked for may have been carried out all the same")


if __name__ == "__main__":
    main()
