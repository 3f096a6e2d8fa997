"""Marathon cannot be reached, so the backup ends in error.

The same, step by step, as ``../errors/a-failed-backup-says-why.scenario.yaml``.
"""

from collections.abc import Callable
from typing import Any

from simulator import FakeCluster, Status


def test_a_failed_backup_says_why(
    cluster: FakeCluster, ask: Callable[..., tuple[int, Any]]
) -> None:
    """A client sees STATUS_ERROR and the reason, and cannot restore the backup."""
    script = cluster.on_create().backing_up("90s")
    script.error("could not reach the Marathon leader")

    status, first = ask(cluster, "POST", "/create", {"label": "nightly"})
    assert status == 200

    for _ in range(30):  # within 5m, every 10s
        _, [shown] = ask(cluster, "GET", f"/list?prefix={first['id']}")
        if shown["status"] != "STATUS_BACKING_UP":
            break
        cluster.clock.advance("10s")
    assert shown["status"] == "STATUS_ERROR"
    assert shown["component_status"]["marathon"] == {
        "status": "STATUS_ERROR",
        "error": "could not reach the Marathon leader",
    }

    status, _ = ask(cluster, "POST", "/restore", {"id": first["id"]})
    assert status == 400

    (backup,) = cluster.backups.values()
    assert backup.status is Status.ERROR
    assert backup.restores == ()
