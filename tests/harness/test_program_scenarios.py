"""How a program of a client is judged: by its exit status and by how the cluster really is."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from simulator.harness.failure_text import failure_text
from simulator.harness.ports import Client, Ok, Ran
from simulator.harness.verdict import Verdict

Program = Callable[[Client, str], Awaitable[Ran]]
Run = Callable[..., Verdict]

GOLDEN = Path(__file__).parent / "golden" / "failures"

BACKUP = """
    script:
      - on: create
        then: [{status: STATUS_BACKING_UP, for: 30s}]
    program: {run: backup, label: nightly, as: first}
"""
FAILING = """
    script:
      - on: create
        then: [{status: STATUS_BACKING_UP, for: 30s}, {status: STATUS_ERROR, error: no leader}]
    program: {run: backup, label: nightly, as: first}
"""
RESTORE = """
    cluster: {backups: [{label: nightly, age: 1d, as: old}]}
    program: {run: restore, backup: old}
"""


REAL = "0.1s of real time"


def ran(status: int, errors: str = "", **more: object) -> Ran:
    """Return how a process went."""
    fields = {"output": b"", "seconds": 0.1, **more}
    return Ran(status=status, errors=errors, **fields)  # type: ignore[arg-type]


def making(end: Ran, polls: int = 3) -> Program:
    """Return a program that makes a backup, asks for it, and ends like this."""

    async def program(client: Client, label: str) -> Ran:
        await client.create(label)
        for _ in range(polls):
            await client.list(label)
        return end

    return program


def restoring(end: Ran, polls: int = 3) -> Program:
    """Return a program that restores a backup, asks for it, and ends like this."""

    async def program(client: Client, backup_id: str) -> Ran:
        await client.restore(backup_id)
        for _ in range(polls):
            await client.list(backup_id)
        return end

    return program


async def do_nothing(client: Client, argument: str) -> Ran:
    """Say that all is well."""
    del client, argument
    return ran(0)


def found(verdict: Verdict) -> list[tuple[str, str]]:
    """Return the check, or what was expected, and what was found."""
    return [
        (finding.check.code if finding.check else finding.expected, finding.found)
        for finding in verdict.findings
    ]


def test_exit_status_0_means_ready(run: Run) -> None:
    """Four requests move the cluster's time by 40 s, and the backup takes 30."""
    verdict = run(BACKUP, program=making(ran(0)))
    assert verdict.passed
    assert list(verdict.names.values()) == ["first"]
    assert verdict.steps[0].outcome == Ok()


@pytest.mark.parametrize(
    ("program", "truth"),
    [
        (making(ran(0), polls=1), "first is STATUS_BACKING_UP"),
        (do_nothing, "there is no new backup"),
    ],
)
def test_exit_status_0_means_nothing_else(run: Run, program: Program, truth: str) -> None:
    """A false success is the worst that a program can say."""
    assert found(run(BACKUP, program=program)) == [("OUT010", f"exit status 0, and {truth}")]


def test_exit_status_0_is_false_when_the_backup_failed(run: Run) -> None:
    assert found(run(FAILING, program=making(ran(0)))) == [
        ("OUT010", "exit status 0, and first is STATUS_ERROR")
    ]


def test_another_exit_status_means_not_ready(run: Run) -> None:
    """A program that cries wolf makes people repeat what has worked."""
    assert run(FAILING, program=making(ran(1, "it failed"))).passed
    assert found(run(BACKUP, program=making(ran(3, "it failed")))) == [
        ("OUT011", "exit status 3, and first is STATUS_READY: it failed")
    ]


def test_the_newest_backup_counts(run: Run) -> None:
    """A program may try again; what it ends with is judged."""
    text = FAILING.replace("script:", "script:", 1).replace(
        "- on: create", "- on: create\n        times: 1"
    )

    async def tries_twice(client: Client, label: str) -> Ran:
        for _ in range(2):
            await client.create(label)
            for _ in range(4):
                await client.list(label)
        return ran(0)

    assert run(text, program=tries_twice).findings == ()


def test_polls_after_an_end_are_counted_for_each_backup(run: Run) -> None:
    """Those for the next one say nothing of the one before."""
    text = FAILING.replace("- on: create", "- on: create\n        times: 1")

    async def cannot_stop(client: Client, label: str) -> Ran:
        for polls in (4, 7):
            await client.create(label)
            for _ in range(polls):
                await client.list(label)
        return ran(0)

    assert found(run(text, program=cannot_stop)) == [
        ("SEQ005", "#9 showed the end, and 4 more polls followed, to #13")
    ]


def test_an_old_backup_is_not_what_the_program_made(run: Run) -> None:
    """However ready it is."""
    text = f"""
    cluster: {{backups: [{{label: nightly, as: old}}]}}
    {BACKUP}
    """
    assert found(run(text, program=do_nothing)) == [
        ("OUT010", "exit status 0, and there is no new backup")
    ]


def test_a_program_that_has_to_be_killed_is_told_with_the_truth(run: Run) -> None:
    """How the backup stands helps to see what it waited for."""
    stopped = ran(-9, stopped="it had not ended after 20s, so it was killed")
    verdict = run(BACKUP, program=making(stopped))
    killed = "it had not ended after 20s, so it was killed, having written nothing"
    asked = "it had sent 4 requests, the last one, #4, answered with 200"
    assert found(verdict) == [("TIM005", f"{killed}; {asked}; first is STATUS_READY")]
    assert verdict.findings[0].path == ("program",)


def test_what_was_killed_is_not_blamed_for_what_it_has_left_undone(run: Run) -> None:
    """That it was killed is the cause, and stands alone."""
    text = f"{meanwhile('{at: 5m, cluster: {deploy: /new}}')}    expect: {{restores: 1}}\n"
    stopped = ran(-9, stopped="it had not ended after 20s, so it was killed")
    assert [code for code, _ in found(run(text, program=making(stopped)))] == ["TIM005"]


def test_a_crash_is_no_failure_that_a_program_reports(run: Run) -> None:
    """Even where the backup has failed as well."""
    assert found(run(FAILING, program=making(ran(-11)))) == [
        ("the program to end by itself", "it was ended by SIGSEGV, having written nothing")
    ]


def test_a_crash_after_all_is_done_is_told_once(run: Run) -> None:
    """As a failure that was none, by the signal's name."""
    assert found(run(BACKUP, program=making(ran(-11)))) == [
        ("OUT011", "it was ended by SIGSEGV, having written nothing, and first is STATUS_READY")
    ]


def test_what_a_program_said_stands_beside_its_false_success(run: Run) -> None:
    """It shows what the program has overlooked."""
    said = ran(0, "no leader", output=b"waiting...\ndone\n")
    (finding,) = run(FAILING, program=making(said)).findings
    assert finding.check
    assert finding.check.code == "OUT010"
    assert finding.notes == (
        "see request #4",
        "on standard output: waiting... done",
        "on standard error: no leader",
    )


def test_what_is_left_running_is_told(run: Run) -> None:
    assert found(run(BACKUP, program=making(ran(0, left_running="sleep 600")))) == [
        ("OUT016", "it left 'sleep 600' running in the background, which was killed")
    ]


def test_a_scenario_may_expect_one_end(run: Run) -> None:
    """Then the other one is wrong, however honest."""
    text = FAILING.replace("as: first}", "as: first, expect: ok}")
    assert found(run(text, program=making(ran(1)))) == [
        ("the client to succeed", f"exit status 1 after {REAL}, and first is STATUS_ERROR")
    ]
    text = BACKUP.replace("as: first}", "as: first, expect: failed}")
    assert found(run(text, program=making(ran(0)))) == [
        (
            "the client to say that it failed",
            f"exit status 0 after {REAL}, and first is STATUS_READY",
        )
    ]


HANGING = """
    script: [{on: create, then: [{status: STATUS_BACKING_UP, for: forever}]}]
    program: {run: backup, label: nightly, as: first, expect: gives_up}
"""


def test_a_program_may_be_expected_to_give_up(run: Run) -> None:
    """That is another end than to report that the backup failed."""
    assert run(HANGING, program=making(ran(1))).passed
    text = FAILING.replace("as: first}", "as: first, expect: gives_up}")
    assert found(run(text, program=making(ran(1)))) == [
        (
            "the program to give up, with another exit status than 0, while it still runs",
            f"exit status 1 after {REAL}, and first is STATUS_ERROR",
        )
    ]


def test_a_program_that_never_gives_up_is_told_from_one_that_hangs(run: Run) -> None:
    """By what it asked until it was killed."""
    stopped = ran(-9, stopped="it had not ended after 20s, so it was killed")
    killed = "it had not ended after 20s, so it was killed, having written nothing"
    asked = "it had sent 4 requests, the last one, #4, answered with 200"
    assert found(run(HANGING, program=making(stopped))) == [
        ("TIM005", f"{killed}; {asked}; first is STATUS_BACKING_UP")
    ]

    async def hangs(client: Client, label: str) -> Ran:
        del client, label
        return stopped

    assert found(run(HANGING, program=hangs)) == [
        ("TIM005", f"{killed}; it had sent no request; there is no new backup")
    ]


@pytest.mark.parametrize(
    "end",
    [ran(1, "it says: no leader"), ran(1, output=b"no leader\n"), ran(1, "no leader", output=b"x")],
)
def test_what_a_program_says_is_compared(run: Run, end: Ran) -> None:
    """On either stream."""
    text = FAILING.replace("as: first}", "as: first, says: {contains: no leader}}")
    assert run(text, program=making(end)).passed


def test_what_a_program_does_not_say_is_told(run: Run) -> None:
    """With what it said instead."""
    text = FAILING.replace("as: first}", "as: first, says: {contains: no leader}}")
    assert found(run(text, program=making(ran(1, "something went wrong")))) == [
        ("it to write: contains 'no leader'", "something went wrong")
    ]
    assert found(run(text, program=making(ran(1)))) == [
        ("it to write: contains 'no leader'", "nothing")
    ]


def test_requests_are_counted(run: Run) -> None:
    """So many at most."""
    text = BACKUP.replace("as: first}", "as: first, requests: 4}")
    assert run(text, program=making(ran(0), polls=3)).passed
    assert found(run(text, program=making(ran(0), polls=4))) == [("4 requests at most", "5")]


def test_the_end_of_the_cluster_is_compared_as_after_steps(run: Run) -> None:
    """With names from the program."""
    text = f"{BACKUP}    expect: {{backups: {{first: STATUS_ERROR}}}}\n"
    assert found(run(text, program=making(ran(0)))) == [
        ("first to be STATUS_ERROR", "STATUS_READY")
    ]


def test_a_script_that_never_applied_is_told_as_after_steps(run: Run) -> None:
    text = FAILING.replace("- on: create", "- on: create\n        when: {label: weekly}")
    (finding,) = run(text, program=making(ran(0))).findings
    assert finding.found == "this script never applied"


async def makes_two(client: Client, label: str) -> Ran:
    """Make a second backup where the first was good."""
    for _ in range(2):
        await client.create(label)
        for _ in range(4):
            await client.list(label)
    return ran(0)


async def makes_another_label(client: Client, label: str) -> Ran:
    """Pass over the label."""
    await client.create(f"my-{label}")
    for _ in range(4):
        await client.list("")
    return ran(0)


async def makes_and_restores(client: Client, label: str) -> Ran:
    """Restore what was made, which nobody has asked for."""
    made = await client.create(label)
    assert isinstance(made, Ok)
    for _ in range(4):
        await client.list(label)
    await client.restore(made.value["id"])
    return ran(0)


async def deletes_the_old(client: Client, label: str) -> Ran:
    """Make room for the new one."""
    listed = await client.list("")
    assert isinstance(listed, Ok)
    for each in listed.value:
        await client.delete(each["id"])
    await client.create(label)
    for _ in range(4):
        await client.list(label)
    return ran(0)


@pytest.mark.parametrize(
    ("program", "codes", "told"),
    [
        (makes_two, ["OUT017", "SEQ002"], "made 2: nightly-"),
        (makes_another_label, ["OUT017", "REQ014"], "was to make one with the label 'nightly', "),
        (makes_and_restores, ["SEQ004"], "was to backup, and sent a restore of first"),
        (deletes_the_old, ["SEQ004"], "was to backup, and sent a delete of old"),
    ],
)
def test_a_program_does_what_it_is_for_and_nothing_else(
    run: Run, program: Program, codes: list[str], told: str
) -> None:
    """Whatever its exit status says."""
    text = f"""
    cluster: {{backups: [{{label: other, as: old}}]}}
    {BACKUP}
    """
    findings = found(run(text, program=program))
    assert [code for code, _ in findings] == codes
    assert findings[0][1].startswith(told)


def test_wall_time_is_compared(run: Run) -> None:
    """Real seconds, from the start of the process to its end."""
    text = BACKUP.replace("as: first}", "as: first, within: 2s}")
    assert run(text, program=making(ran(0, seconds=1.9))).passed
    assert found(run(text, program=making(ran(0, seconds=2.5)))) == [
        ("the program to end within 2s of real time", "it took 2.5s")
    ]


# --- restores ----------------------------------------------------------------------------------


def test_a_restore_is_done_when_its_own_status_says_so(run: Run) -> None:
    """The backup's own status is ready all the time."""
    assert run(RESTORE, program=restoring(ran(0))).passed
    assert found(run(RESTORE, program=restoring(ran(0), polls=1))) == [
        ("OUT010", "exit status 0, and the restore of old is STATUS_RESTORING")
    ]
    how = "it ended with exit status 1, having written nothing"
    assert found(run(RESTORE, program=restoring(ran(1)))) == [
        ("OUT011", f"exit status 1, and the restore of old is STATUS_READY: {how}")
    ]


def test_a_restore_that_was_never_started_is_not_done(run: Run) -> None:
    assert found(run(RESTORE, program=do_nothing)) == [
        ("OUT010", "exit status 0, and no restore of old started")
    ]


def test_a_restore_of_nothing_is_not_done(run: Run) -> None:
    """An id that belongs to no backup."""
    (finding,) = run("program: {run: restore, id: nightly}", program=do_nothing).findings
    assert finding.found == "exit status 0, and there is no backup nightly"


# --- meanwhile ---------------------------------------------------------------------------------


def meanwhile(*events: str, name: str = "BACKUP") -> str:
    """Return a program during which these things happen."""
    text = {"BACKUP": BACKUP, "RESTORE": RESTORE}[name]
    listed = ", ".join(events)
    return text.rstrip().removesuffix("}") + f", meanwhile: [{listed}]}}\n"


def test_a_backup_can_be_lost_while_a_program_waits(run: Run) -> None:
    """Its own new one, as soon as time comes by."""
    text = meanwhile("{at: 20s, cluster: {lose: first}}")
    assert run(text, program=making(ran(1))).passed
    assert run(text + "    expect: {backups: {first: absent}}", program=making(ran(1))).passed
    (finding,) = run(text, program=making(ran(0))).findings
    assert finding.found == "exit status 0, and there is no new backup"


def test_a_backup_can_be_lost_while_it_is_restored(run: Run) -> None:
    text = meanwhile("{at: 20s, cluster: {lose: old}}", name="RESTORE")
    (finding,) = run(text, program=restoring(ran(0))).findings
    assert finding.found.startswith("exit status 0, and there is no backup nightly-")


def test_things_happen_in_the_order_of_their_times(run: Run) -> None:
    """Whatever order they are written in; several may fall into one request."""
    text = meanwhile(
        "{at: 35s, cluster: {remove: /b}}",
        "{at: 31s, cluster: {deploy: /b}}",
        "{at: 31s, cluster: {deploy: /a}}",
    )
    assert run(f"{text}    expect: {{apps: [/a]}}", program=making(ran(0), polls=5)).findings == ()


def test_a_stage_can_be_released_while_a_program_waits(run: Run) -> None:
    text = meanwhile("{at: 20s, cluster: {release: go}}").replace("for: 30s", "for: {until: go}")
    assert run(text, program=making(ran(0))).passed


def test_what_cannot_happen_is_told(run: Run) -> None:
    """Marathon is away during a backup."""
    text = meanwhile("{at: 20s, cluster: {deploy: /new}}")
    (finding,) = run(text, program=making(ran(0))).findings
    assert finding.path == ("program", "meanwhile", 0)
    assert finding.expected == "the cluster to do it"


def test_what_is_not_there_yet_cannot_be_lost(run: Run) -> None:
    text = meanwhile("{at: 0s, cluster: {lose: first}}")
    (finding,) = run(text, program=making(ran(0))).findings
    assert (finding.expected, finding.found) == (
        "a backup named first",
        "the program has made none yet",
    )


def test_what_has_not_happened_is_told(run: Run) -> None:
    """Such a scenario would test something else than it says."""
    text = meanwhile("{at: 5m, cluster: {lose: first}}")
    assert found(run(text, program=making(ran(0)))) == [
        ("the program to run until +5m", "it ended at +40s")
    ]


# --- what a person sees ------------------------------------------------------------------------


def test_a_failure_of_a_program_reads_like_this(
    run: Run, golden: Callable[[Path, str], None]
) -> None:
    """The program stands where steps stand otherwise."""
    golden(GOLDEN / "program.txt", failure_text(run(FAILING, program=making(ran(0)))))
