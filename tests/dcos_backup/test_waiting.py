import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from simulator.core import commands
from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.core.instants import parse_duration
from simulator.core.statuses import Status
from simulator.core.time_policies import PerRequest
from simulator.dcos_backup.main import main
from simulator.service.fake_cluster import FakeCluster

Run = Callable[..., tuple[int, str, str]]
Canned = Callable[..., Any]
MakeAnswer = Callable[..., bytes]

BACKUP_ID = "nightly-" + "0" * 36
CREATE = ("create", "--label=nightly", "--wait")
RESTORE = ("restore", BACKUP_ID, "--wait")


def shown(status: str) -> str:
    return json.dumps([{"id": BACKUP_ID, "status": status}])


CREATED = json.dumps({"id": BACKUP_ID, "status": "STATUS_BACKING_UP"})
BACKING_UP, READY = shown("STATUS_BACKING_UP"), shown("STATUS_READY")


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


# --- create --------------------------------------------------------------------------------------


def test_create_comes_back_when_the_backup_is_ready(run: Run, clock: Any) -> None:  # noqa: ANN401
    """However long that takes."""
    with FakeCluster(policy=PerRequest(parse_duration("20m"))) as fake:
        fake.on_create().backing_up("1h")
        assert run(fake, *CREATE) == (0, "", "")
        assert [backup.status for backup in fake.backups.values()] == [Status.READY]
    assert clock.waits == [1.0, 1.0]


def test_create_fails_with_the_backup(fake: FakeCluster, run: Run) -> None:
    """And says why, if the service does."""
    fake.on_create().backing_up("30s").error("disk full")
    status, _, err = run(fake, *CREATE)
    (backup_id,) = fake.backups
    assert status == 1
    assert err == f"backup {backup_id} failed: STATUS_ERROR (marathon: disk full)\n"


def test_a_backup_that_claims_to_be_ready_too_early_is_waited_for(
    fake: FakeCluster, run: Run
) -> None:
    """Its component is still at work."""
    fake.on_create().backing_up("2m", overall="STATUS_READY")
    assert run(fake, *CREATE)[0] == 0
    assert [backup.status for backup in fake.backups.values()] == [Status.READY]


def test_a_status_that_nobody_documented_is_waited_through(fake: FakeCluster, run: Run) -> None:
    """It may become one that is known."""
    fake.on_create().backing_up("50s", shown_as="STATUS_QUEUED").backing_up("10s")
    assert run(fake, *CREATE) == (0, "", "")


def test_a_backup_that_is_deleted_is_gone(run: Run, clock: Any) -> None:  # noqa: ANN401
    """By somebody else, meanwhile."""
    with FakeCluster() as fake:
        fake.on_create().backing_up(until="over").ready(shown_as="STATUS_ARCHIVED")

        def delete() -> None:
            fake.release("over")
            for backup_id in fake.backups:
                fake.do(commands.Delete(backup_id))

        clock.then = delete
        status, _, err = run(fake, *CREATE)
    assert status == 1
    assert err.startswith("backup nightly-")
    assert err.endswith(" is gone\n")


def test_waiting_ends_in_time(fake: FakeCluster, run: Run, clock: Any) -> None:  # noqa: ANN401
    """With a last look at the end of it; the interval is the user's."""
    fake.on_create().backing_up()
    status, _, err = run(fake, *CREATE, "--interval=4", "--wait-timeout=10")
    assert status == 1
    assert err.endswith(" is not over after 10 s: STATUS_BACKING_UP; it may go on\n")
    assert clock.waits == [4.0, 4.0, 2.0]


def test_another_backup_of_the_label_is_not_taken_for_this_one(run: Run) -> None:
    """Ready ones from before."""
    spec = ClusterSpec(backups=(ExistingBackup(label="nightly"),))
    with FakeCluster(spec, policy=PerRequest(parse_duration("10s"))) as fake:
        fake.on_create().backing_up("1m").error()
        assert run(fake, *CREATE)[0] == 1


def test_the_new_backup_is_found_in_the_list(run: Run, canned: Canned, answer: MakeAnswer) -> None:
    """Where the answer to create does not name it; longer labels do not count."""
    longer = json.loads(shown("STATUS_BACKING_UP"))[0] | {"id": "nightly-2-" + "0" * 36}
    after = json.dumps([longer, *json.loads(BACKING_UP)])
    bodies = ("[]", "{}", after, BACKING_UP, READY)
    service = canned(*(answer(body) for body in bodies))
    assert run(f"http://127.0.0.1:{service.port}", *CREATE) == (0, "", "")
    assert len(service.requests) == len(bodies)


@pytest.mark.parametrize(
    ("bodies", "said"),
    [
        (("[]", "{}", "[]"), "which backup was started is not known: 0 are new in the list"),
        ((READY, CREATED), "the answer is about backup nightly-"),
    ],
)
def test_a_backup_that_cannot_be_told_is_no_success(
    run: Run, canned: Canned, answer: MakeAnswer, bodies: tuple[str, ...], said: str
) -> None:
    """An answer that names none, or one that was there before."""
    service = canned(*(answer(body) for body in bodies))
    status, _, err = run(f"http://127.0.0.1:{service.port}", *CREATE)
    assert status == 1
    assert said in err


def test_a_lost_answer_leaves_the_outcome_unknown(
    run: Run, canned: Canned, answer: MakeAnswer
) -> None:
    """It is not tried again: there could be two backups then."""
    service = canned(answer("[]"), b"", answer(CREATED), answer(READY))
    status, _, err = run(f"http://127.0.0.1:{service.port}", *CREATE)
    assert (status, len(service.requests)) == (1, 2)
    assert err.endswith("it may have been carried out all the same, see `list`\n")


# --- looks that fail ---------------------------------------------------------------------------


def test_some_looks_may_fail(
    run: Run,
    canned: Canned,
    answer: MakeAnswer,
    clock: Any,  # noqa: ANN401
) -> None:
    """With longer pauses after each; a look that works begins anew."""
    bad = (answer("", "502 X"), answer("[", "200 OK"), b"", b"reset", answer("", "503 X"))
    looks = (*bad, answer(BACKING_UP), *bad, answer(READY))
    service = canned(answer("[]"), answer(CREATED), *looks)
    assert run(f"http://127.0.0.1:{service.port}", *CREATE) == (0, "", "")
    assert clock.waits == [1.0, 2.0, 4.0, 8.0, 16.0, 1.0, 1.0, 2.0, 4.0, 8.0, 16.0]


def test_too_many_failed_looks_in_a_row_end_the_waiting(
    run: Run, canned: Canned, answer: MakeAnswer
) -> None:
    """The sixth is the last."""
    service = canned(answer("[]"), answer(CREATED), *[answer("", "504 X")] * 7)
    status, _, err = run(f"http://127.0.0.1:{service.port}", *CREATE)
    assert (status, len(service.requests)) == (1, 8)
    assert err == (
        f"waiting for backup {BACKUP_ID} failed: HTTP 504: without a word; "
        "what becomes of it is not known\n"
    )


@pytest.mark.parametrize("refusal", ["401 X", "403 X", "400 X", "404 X"])
def test_a_refused_look_ends_the_waiting_at_once(
    run: Run, canned: Canned, answer: MakeAnswer, refusal: str
) -> None:
    """It would be refused again."""
    service = canned(answer("[]"), answer(CREATED), answer("", refusal), answer(READY))
    status, _, err = run(f"http://127.0.0.1:{service.port}", *CREATE)
    assert (status, len(service.requests)) == (1, 3)
    assert f"failed: HTTP {refusal[:3]}: " in err


# --- restore -------------------------------------------------------------------------------------


@pytest.fixture
def ready(fake: FakeCluster) -> tuple[FakeCluster, str]:
    """Return a cluster with one backup that is ready, and its id."""
    fake.do(commands.Create("nightly"))
    fake.clock.advance("1h")
    return fake, next(iter(fake.backups))


def test_restore_comes_back_when_the_restore_is_ready(
    ready: tuple[FakeCluster, str], run: Run
) -> None:
    """The backup itself is ready all the while; a second restore is judged by itself."""
    fake, backup_id = ready
    fake.on_restore().restoring("1m")
    for number in (1, 2):
        assert run(fake, "restore", backup_id, "--wait") == (0, "", "")
        restores = fake.backups[backup_id].restores
        assert [restore.status for restore in restores] == [Status.READY] * number


def test_restore_fails_with_the_restore(ready: tuple[FakeCluster, str], run: Run) -> None:
    """Also after one that was ready; and a failed one does not spoil the next."""
    fake, backup_id = ready
    fake.on_restore(times=1).restoring("30s")
    fake.on_restore(times=2).restoring("30s").error("no such migration")
    statuses = [run(fake, "restore", backup_id, "--wait")[0] for _ in range(2)]
    sentence = f"restore of {backup_id} failed: STATUS_ERROR (marathon: no such migration)\n"
    assert run(fake, "restore", backup_id, "--wait") == (1, "", sentence)
    assert [*statuses, run(fake, "restore", backup_id, "--wait")[0]] == [0, 1, 0]


def test_a_restore_is_waited_for_until_its_last_component(
    ready: tuple[FakeCluster, str], run: Run
) -> None:
    """Marathon's alone is not all."""
    fake, backup_id = ready
    fake.on_restore().restoring("20s").component("metronome").restoring("3m").error("no jobs")
    assert "metronome: no jobs" in run(fake, "restore", backup_id, "--wait")[2]


def test_a_restore_that_cannot_be_told_from_an_older_one_is_no_success(
    ready: tuple[FakeCluster, str], run: Run
) -> None:
    """Over before it began to be seen, with the same end."""
    fake, backup_id = ready
    fake.on_restore().ready()
    assert run(fake, "restore", backup_id, "--wait") == (0, "", "")
    status, _, err = run(fake, "restore", backup_id, "--wait", "--wait-timeout=3")
    assert status == 1
    assert "is not over after 3 s: no restore to be seen yet" in err


def test_a_restore_that_is_refused_is_not_waited_for(fake: FakeCluster, run: Run) -> None:
    """In the service's own words."""
    assert "does not exist" in run(fake, *RESTORE)[2]
    assert run(fake, "restore", "x y", "--wait")[2].startswith("restore x y failed: HTTP 400: id:")


# --- on a terminal -------------------------------------------------------------------------------


def test_progress_is_shown_on_a_terminal_and_removed(
    fake: FakeCluster,
    clock: Any,  # noqa: ANN401
) -> None:
    """One line, rewritten."""
    fake.on_create().backing_up("20s")
    environ = {"DCOS_URL": fake.url, "DCOS_ACS_TOKEN": fake.token}
    err = Terminal()
    assert main(CREATE, environ, io.StringIO(), err, clock) == 0
    written = err.getvalue().split("\r")
    assert written[1].startswith("Backing up nightly-")
    assert written[1].endswith(": STATUS_BACKING_UP, 0 s")
    assert written[-2].strip() == written[-1] == ""
    assert "\n" not in err.getvalue()


def test_an_interrupt_says_what_goes_on(fake: FakeCluster, clock: Any) -> None:  # noqa: ANN401
    """The line is removed; the exit status is that of an interrupted program."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    clock.then = interrupt
    environ = {"DCOS_URL": fake.url, "DCOS_ACS_TOKEN": fake.token}
    err = Terminal()
    assert main(CREATE, environ, io.StringIO(), err, clock) == 130
    *_, blank, said = err.getvalue().split("\r")
    assert blank == " " * 79
    assert said.startswith("interrupted; backup nightly-")
    assert said.endswith(" goes on, see `list`\n")
