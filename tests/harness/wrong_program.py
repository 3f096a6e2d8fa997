"""A program that makes or restores a backup and waits, with one mistake of your choice.

Called with the mistake (``none`` for a correct program), an address, ``backup`` or ``restore``, and
a label or an id. The token is read from the environment.
"""

import http.client
import json
import os
import sys
from typing import Any
from urllib.parse import quote, urlsplit

POLLS_MAX = 60
FOR_EVER = 10**9
RUNNING = {"STATUS_BACKING_UP", "STATUS_RESTORING"}

Backup = dict[str, Any]


def main(mistake: str, url: str, program: str, argument: str) -> int:
    """Run a program to its end; returns the exit status."""
    cluster = Cluster(url)
    backup_id = started(cluster, program, argument, mistake)
    if backup_id is None:
        return 0 if mistake == "ignores refusals" else 1
    if mistake == "restores what it made":
        cluster.wait_and_restore(backup_id)
    if mistake == "does not wait":
        return 0
    prefix = argument if "by label" in mistake else backup_id
    seen_running = False
    for poll in range(FOR_EVER if mistake == "waits for ever" else POLLS_MAX):
        backup = chosen(cluster.ask("GET", "list", prefix), backup_id, mistake)
        status = status_of(backup, program, mistake) if backup else "gone"
        seen_running = seen_running or status in RUNNING
        if mistake == "wants to see it run" and not seen_running:
            continue
        if mistake == "asks five times" and poll == len("12345"):
            return 1
        ended = exit_status(status, mistake)
        if ended is not None:
            return ended
    return 0 if mistake == "gives up with success" else 1


def started(cluster: "Cluster", program: str, argument: str, mistake: str) -> str | None:
    """Start a backup or a restore; returns the backup's id, None when it was refused."""
    if mistake == "takes its own label":
        argument = "something-else"
    if mistake == "cleans up before":
        for old in cluster.ask("GET", "list", argument):
            cluster.ask("DELETE", "delete", {"id": old["id"]})
    if program == "restore":
        return argument if cluster.ask("POST", "restore", {"id": argument}) else None
    made = cluster.ask("POST", "create", {"label": argument})
    return str(made["id"]) if made else None


def chosen(listed: list[Backup], backup_id: str, mistake: str) -> Backup | None:
    """Find the backup that is waited for."""
    if mistake == "takes the first by label":
        return listed[0]
    if mistake == "takes any by label":
        ready = [each for each in listed if each["status"] == "STATUS_READY"]
        return (ready or listed)[0]
    return next((each for each in listed if each["id"] == backup_id), None)


def status_of(backup: Backup, program: str, mistake: str) -> str:
    """Return the status of a backup, or of its restore: the worst of its components."""
    holder = backup
    if program == "restore" and mistake != "takes the backup for its restore":
        holder = backup["restores"]
    if mistake == "looks at the whole only":
        return str(backup["status"])
    components = dict(holder["component_status"])
    if mistake == "looks at Marathon only":
        components = {"marathon": components["marathon"]}
    statuses = [str(each["status"]) for each in components.values()]
    order = ("STATUS_ERROR", *RUNNING, *(each for each in statuses if each != "STATUS_READY"))
    return next((status for status in order if status in statuses), "STATUS_READY")


def exit_status(status: str, mistake: str) -> int | None:
    """Say what a status means; None while it goes on."""
    if status == "gone":
        return 0 if mistake == "takes gone for done" else 1
    if status == "STATUS_ERROR":
        return 0 if mistake == "takes any end for success" else 1
    if mistake == "takes the unknown for an end" and status not in RUNNING:
        return 0
    return 0 if status == "STATUS_READY" else None


class Cluster:
    """A connection to the service."""

    def __init__(self, url: str) -> None:
        """Talk to the cluster at this address."""
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        self._headers = {
            "Authorization": "token=" + os.environ["DCOS_ACS_TOKEN"],
            "Content-Type": "application/json",
        }

    def wait_and_restore(self, backup_id: str) -> None:
        """Restore a backup as soon as that is possible."""
        while not self.ask("POST", "restore", {"id": backup_id}):
            pass

    def ask(self, method: str, path: str, what: str | dict[str, str]) -> Any:  # noqa: ANN401 - JSON
        """Ask for one thing; returns what was answered, None for a refusal."""
        target = "/system/v1/backup/v1/" + path
        if isinstance(what, str):
            target += "?prefix=" + quote(what)
        body = None if isinstance(what, str) else json.dumps(what)
        self._connection.request(method, target, body, self._headers)
        response = self._connection.getresponse()
        text = response.read()
        answered = response.status == http.client.OK and text
        return json.loads(text) if answered else None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
