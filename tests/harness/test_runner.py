from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import pytest

from simulator.core.events import BackupStarted
from simulator.core.instants import duration_text, elapsed, parse_duration
from simulator.harness.ports import Client, Failed, Indeterminate, Ok, Outcome
from simulator.harness.verdict import Verdict

Behaviour = Callable[[Client, str], Awaitable[Outcome]]
Run = Callable[..., Verdict]

ONE_BACKUP = """
    cluster: {backups: [{label: old, as: old, age: 1d}]}
"""
TWO_BACKUPS = """
    cluster: {backups: [{label: old, as: old, age: 1d}, {label: older, as: older, age: 2d}]}
"""

SUCCEEDED = "the client says that it succeeded"
UNASKED = "no request for it arrived"
DONE = "it was done, and a whole answer said so"
ALLOW_FALSE_FAILURES = "\n    allow: {OUT002: it is what this is about}\n"


def only(verdict: Verdict) -> tuple[str, str, str]:
    """Return the only finding of a verdict: its path with dots, check or expected, and found."""
    (finding,) = verdict.findings
    wanted = finding.check.code if finding.check else finding.expected
    return ".".join(map(str, finding.path)), wanted, finding.found


def told(verdict: Verdict) -> list[tuple[str, str]]:
    """Return the check, or what is expected, and what was found of each finding."""
    return [
        (finding.check.code if finding.check else finding.expected, finding.found)
        for finding in verdict.findings
    ]


def notes(verdict: Verdict) -> Sequence[str]:
    """Return the notes of the only finding."""
    (finding,) = verdict.findings
    return finding.notes


def id_of(verdict: Verdict, name: str) -> str:
    """Return the id of a backup by the scenario's name for it."""
    return next(backup_id for backup_id, known in verdict.names.items() if known == name)


def made_in(verdict: Verdict) -> list[str]:
    """Return the ids of the backups that were made."""
    entries = (entry for _, entry in verdict.journal.numbered())
    return [entry.backup_id for entry in entries if isinstance(entry, BackupStarted)]


def saying(outcome: Outcome) -> Behaviour:
    """Return how to do nothing and claim this."""

    async def claim(correct: Client, argument: str) -> Outcome:
        del correct, argument
        return outcome

    return claim


def doing(operation: str, outcome: Outcome) -> Behaviour:
    """Return how to do it correctly and then claim something else."""

    async def do(correct: Client, argument: str) -> Outcome:
        await getattr(correct, operation)(argument)
        return outcome

    return do


def changing(operation: str, change: Callable[[Any], Any]) -> Behaviour:
    """Return how to do it correctly and change what came of it before it is shown."""

    async def do(correct: Client, argument: str) -> Outcome:
        outcome = await getattr(correct, operation)(argument)
        return Ok(change(outcome.value)) if isinstance(outcome, Ok) else outcome

    return do


def altered_at(key: str, value: object, document: dict[str, object]) -> dict[str, object]:
    """Return a document with another value at a key."""
    return {**document, key: value}


# --- correct clients ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "steps: [{create: {label: nightly}}]",
        "steps: [{create: {label: nightly}, expect: {status: STATUS_BACKING_UP}}]",
        "steps: [{create: {label: x}, expect: refused}]",
        "steps: [{create: {label: x}, expect: failed}]",
        TWO_BACKUPS + "    steps: [{list: {}}]",
        TWO_BACKUPS + "    steps: [{list: {prefix: old-}, expect: {count: 1, exactly: [old]}}]",
        TWO_BACKUPS + "    steps: [{list: {}, expect: {includes: [older], lacks: []}}]",
        ONE_BACKUP + "    steps: [{list: {}, expect: {entries: {old: {status: STATUS_READY}}}}]",
        ONE_BACKUP + "    steps: [{list: {prefix: weekly}, expect: {lacks: [old], count: 0}}]",
        ONE_BACKUP + "    steps: [{list: {prefix: ' '}, expect: refused}]",
        ONE_BACKUP + "    steps: [{show: {backup: old}, expect: {id: {starts_with: old-}}}]",
        "steps: [{show: {id: nothing}, expect: refused}]",
        ONE_BACKUP + "    steps: [{restore: {backup: old}}]",
        ONE_BACKUP + "    steps: [{restore: {backup: old}, expect: {restores: {not: ''}}}]",
        "steps: [{restore: {id: nothing}, expect: refused}]",
        ONE_BACKUP + "    steps: [{delete: {backup: old}}]",
        "steps: [{delete: {id: nothing}, expect: refused}]",
        ONE_BACKUP + "    steps: [{wait: {backup: old, for: STATUS_READY}}]",
        "steps: [{advance: 1h}]",
        "steps: [{cluster: {deploy: /web}}, {cluster: {remove: /web}}, {expect: {apps: []}}]",
        "steps: [{expect: {apps: 0}}, {cluster: {deploy: /web}}, {expect: {apps: 1}}]",
        ONE_BACKUP + "    steps: [{expect: {backups: {old: STATUS_READY}, marathon: available}}]",
    ],
)
def test_a_correct_client_passes_every_kind_of_step(run: Run, text: str) -> None:
    """Each alone, with each of its expectations."""
    verdict = run(text)
    assert verdict.findings == ()
    assert verdict.passed


def test_a_cluster_has_what_a_file_counts(run: Run) -> None:
    """Apps and backups are made up; a backup that the file makes has its name beside them."""
    verdict = run("""
        cluster: {marathon: {apps: 20}, backups: 30}
        steps:
          - list: {}
            expect: {count: 30}
          - create: {label: nightly-db}
            as: mine
          - wait: {backup: mine, for: STATUS_READY}
          - list: {prefix: nightly-db-}
            expect: {exactly: [mine]}
          - cluster: {deploy: /mine}
          - restore: {backup: mine}
          - wait: {restore: mine, for: STATUS_READY}
        expect: {apps: 20, backups: {mine: STATUS_READY}}
    """)
    assert verdict.findings == ()
    assert list(verdict.names.values()) == ["mine"]


def test_a_correct_client_passes_a_whole_flow(run: Run) -> None:
    """Create, wait, restore, wait, delete; the cluster is looked at between and at the end."""
    verdict = run("""
        cluster: {marathon: {apps: [/web]}}
        script:
          - on: create
            then: [{status: STATUS_BACKING_UP, for: {until: go}}]
          - on: restore
            then: [{status: STATUS_RESTORING, for: 1m}]
        steps:
          - create: {label: nightly}
            as: first
          - expect: {backups: {first: STATUS_BACKING_UP}, marathon: unavailable}
          - cluster: {release: go}
          - wait: {backup: first, for: STATUS_READY}
          - cluster: {remove: web}
          - cluster: {deploy: /new}
          - restore: {backup: first}
          - wait: {restore: first, for: STATUS_READY}
          - expect: {apps: [/web]}
          - delete: {backup: first}
          - list: {}
            expect: {exactly: []}
        expect:
          backups: {first: absent}
          creates: 1
          restores: 1
          deletes: 1
          apps: [web]
          marathon: available
    """)
    assert verdict.findings == ()
    assert [record.number for record in verdict.steps] == list(range(11))
    assert [str(record.outcome) for record in verdict.steps if record.outcome] == ["ok"] * 4
    assert duration_text(elapsed(verdict.start, verdict.end)) == "1m"
    assert list(verdict.names.values()) == ["first"]


def test_a_verdict_says_what_ran(run: Run) -> None:
    """Everything that a replay needs."""
    verdict = run("steps: [{create: {label: nightly}}]")
    assert (verdict.client_name, verdict.seed) == ("fake", "test")
    assert verdict.scenario.title == "A test"
    assert verdict.journal.count > 0


def test_a_run_stops_at_the_first_step_that_goes_wrong(run: Run) -> None:
    """What follows would only be noise, the end expectations too."""
    verdict = run("""
        steps:
          - create: {label: nightly}
          - create: {label: weekly}
          - create: {label: daily}
        expect: {creates: 7}
    """)
    path, wanted, found = only(verdict)
    assert (path, wanted) == ("steps.1", "the client to succeed")
    assert found.startswith("failed (HTTP 400): backup nightly-")
    assert found.endswith("is in progress: only one backup or restore runs at a time")
    assert notes(verdict)[0].startswith("the cluster's last answer: refused, busy: backup nightly-")
    assert len(verdict.steps) == 2


# --- create ------------------------------------------------------------------------------------

CREATE = """
    steps:
      - create: {label: nightly}
        as: first
"""


@pytest.mark.parametrize("value", [None, "nightly-0", {"id": "nightly-0"}])
def test_a_create_that_did_not_happen_is_a_false_success(run: Run, value: object) -> None:
    """Whatever the client shows for it."""
    verdict = run(CREATE, create=saying(Ok(value)))
    assert only(verdict) == ("steps.0", "OUT001", f"{SUCCEEDED}, but {UNASKED}")


def test_a_false_success_that_is_allowed_has_nothing_to_show(run: Run) -> None:
    """What is expected of the new backup is missing then."""
    text = "    steps: [{create: {label: nightly}, expect: {status: STATUS_BACKING_UP}}]"
    verdict = run(f"{text}\n    allow: {{OUT001: known}}\n", create=saying(Ok({"id": "nightly-0"})))
    wanted = "status: 'STATUS_BACKING_UP'"
    assert only(verdict) == ("steps.0.expect.status", wanted, "nothing there")
    assert verdict.judged.allowed == {"OUT001"}


def test_of_one_call_the_first_broken_claim_is_told_that_is_not_allowed(run: Run) -> None:
    """Others about the same call mostly follow from it."""
    ready = doing("create", Ok({"id": "nightly-0", "status": "STATUS_READY"}))
    text = "    steps: [{create: {label: nightly}}]\n"
    assert only(run(text, create=ready))[1] == "OUT003"
    allowed = run(text + "    allow: {OUT003: known}\n", create=ready)
    assert only(allowed)[1] == "OUT006"
    assert allowed.judged.broken == {"OUT003", "OUT006"}


def test_a_create_that_was_refused_is_a_false_success(run: Run) -> None:
    """With the cluster's own reason."""
    verdict = run("steps: [{create: {label: x}}]", create=doing("create", Ok()))
    path, code, found = only(verdict)
    assert (path, code) == ("steps.0", "OUT001")
    assert found.startswith(
        f"{SUCCEEDED}, but it was refused, and a whole answer said so "
        "(the cluster's last answer: refused, "
    )
    assert notes(verdict) == ("see request #1",)


def test_two_backups_of_one_create_are_found(run: Run) -> None:
    """As of a client that repeats what has worked."""

    async def twice(correct: Client, label: str) -> Outcome:
        await correct.create(label)
        return await correct.create(label)

    script = "script: [{on: create, then: [{status: STATUS_READY}]}]\n"
    verdict = run(script + "steps: [{create: {label: nightly}}]", create=twice)
    assert told(verdict) == [
        ("OUT017", f"made 2: {', '.join(made_in(verdict))}"),
        ("SEQ002", "#1 was carried out, and #2 asked for it again"),
    ]
    assert {finding.path for finding in verdict.findings} == {("steps", 0)}


def test_another_label_than_was_asked_for_is_found(run: Run) -> None:
    """The cluster made what the client asked for, which was not what it was told."""

    async def shout(correct: Client, label: str) -> Outcome:
        return await correct.create(label.upper())

    verdict = run(CREATE, create=shout)
    (made,) = made_in(verdict)
    assert told(verdict) == [
        ("OUT017", f"was to make one with the label 'nightly', and made {made}"),
        ("REQ014", "sent 'NIGHTLY', and was given 'nightly'"),
    ]


@pytest.mark.parametrize("value", ["nightly-0", {"id": "nightly-0"}, {"id": 3}, {}, ""])
def test_a_wrong_id_is_found(run: Run, value: object) -> None:
    """Alone or in a document."""
    verdict = run(CREATE, create=doing("create", Ok(value)))
    claimed = value.get("id") if isinstance(value, dict) else value
    found = f"named {claimed!r}; the new backup is {id_of(verdict, 'first')}"
    assert only(verdict) == ("steps.0", "OUT003", found)


@pytest.mark.parametrize("change", [lambda _: None, lambda document: document["id"]])
def test_a_client_may_be_silent_or_print_the_id_alone(
    run: Run, change: Callable[[Any], Any]
) -> None:
    """As the documented command does: what it expects is then looked up."""
    text = """
        steps:
          - create: {label: nightly}
            as: first
            expect: {id: {starts_with: nightly-}, status: STATUS_BACKING_UP}
          - show: {backup: first}
    """
    assert run(text, create=changing("create", change)).passed


def test_a_create_that_worked_and_is_reported_as_failed_is_found(run: Run) -> None:
    """The request that did it stands beside it."""
    verdict = run(CREATE, create=doing("create", Failed("no idea", 500)))
    assert only(verdict) == ("steps.0", "OUT002", f"failed (HTTP 500): no idea; but {DONE}")
    assert notes(verdict) == ("see request #1",)


def test_a_client_that_cannot_tell_is_neither(run: Run) -> None:
    """A third outcome: expected by its name only."""
    cannot_tell = doing("create", Indeterminate("no answer within 10 s"))
    verdict = run(CREATE, create=cannot_tell)
    wanted = ("steps.0", "the client to succeed", "indeterminate: no answer within 10 s")
    assert only(verdict) == wanted
    assert run(CREATE + "        expect: indeterminate\n", create=cannot_tell).passed
    verdict = run("steps: [{create: {label: nightly}, expect: failed}]", create=cannot_tell)
    assert only(verdict)[0] == "steps.0.expect"


def test_what_a_new_backup_shows_is_compared(run: Run) -> None:
    """At the path that the expectation names."""
    verdict = run("steps: [{create: {label: nightly}, expect: {status: STATUS_READY}}]")
    assert only(verdict) == (
        "steps.0.expect.status",
        "status: 'STATUS_READY'",
        "'STATUS_BACKING_UP'",
    )


def test_a_silent_client_that_cannot_show_the_backup_shows_nothing(run: Run) -> None:
    """The expectation has nothing to look into."""
    text = "steps: [{create: {label: nightly}, expect: {status: STATUS_BACKING_UP}}]"
    silent = changing("create", lambda _: None)
    verdict = run(text, create=silent, show=saying(Failed("no such command")))
    assert only(verdict)[2] == "nothing there"


# --- refused -----------------------------------------------------------------------------------

REFUSED = "    steps: [{create: {label: nightly}, expect: refused}]"


def test_refused_means_that_the_client_fails_and_nothing_changes(run: Run) -> None:
    """Both halves: a refusal without a trace."""
    assert run(REFUSED, create=saying(Failed("no"))).passed


def test_a_success_is_no_refusal(run: Run) -> None:
    """Whether it happened or not."""
    wanted = "the client to say that it failed, and nothing to change"
    verdict = run(REFUSED, create=doing("create", Ok()))
    assert only(verdict) == ("steps.0.expect", wanted, SUCCEEDED)
    verdict = run(REFUSED, create=saying(Ok()))
    assert only(verdict) == ("steps.0", "OUT001", f"{SUCCEEDED}, but {UNASKED}")


def test_a_change_is_no_refusal(run: Run) -> None:
    """A client that fails after it has done it: a false failure, and where that is allowed, too."""
    expected = ("steps.0.expect", "nothing to change", "it changed the cluster")
    restore = ONE_BACKUP + "    steps: [{restore: {backup: old}, expect: refused}]"
    delete = ONE_BACKUP + "    steps: [{delete: {backup: old}, expect: refused}]"
    for name, text in (("create", REFUSED), ("restore", restore), ("delete", delete)):
        altered = {name: doing(name, Failed("no"))}
        assert only(run(text, **altered)) == ("steps.0", "OUT002", f"failed: no; but {DONE}")
        assert only(run(text + ALLOW_FALSE_FAILURES, **altered)) == expected


def test_not_knowing_is_no_refusal(run: Run) -> None:
    """A client without an answer has not been refused."""
    verdict = run(REFUSED, create=saying(Indeterminate("no answer")))
    assert only(verdict)[2] == "indeterminate: no answer"


def test_failed_says_nothing_about_the_cluster(run: Run) -> None:
    """Unlike refused: the create may have happened. That the client knew of it is a check's."""
    text = "    steps: [{create: {label: nightly}, expect: failed}]"
    assert run(text, create=saying(Failed("no"))).passed
    done = {"create": doing("create", Failed("no"))}
    assert only(run(text, **done)) == ("steps.0", "OUT002", f"failed: no; but {DONE}")
    verdict = run(text + ALLOW_FALSE_FAILURES, **done)
    assert verdict.passed
    assert verdict.judged.broken == verdict.judged.allowed == {"OUT002"}


# --- list --------------------------------------------------------------------------------------

LIST = TWO_BACKUPS + "    steps: [{list: {}}]"


def test_a_lost_entry_is_found(run: Run) -> None:
    """By the scenario's name for it."""
    verdict = run(LIST, list=changing("list", lambda entries: entries[1:]))
    assert only(verdict) == ("steps.0", "OUT004", "of 2 backups it lost older")


def test_an_extra_entry_is_found(run: Run) -> None:
    """By its id, where the scenario has no name for it."""
    verdict = run(LIST, list=changing("list", lambda entries: [*entries, {"id": "ghost-1"}]))
    assert only(verdict) == ("steps.0", "OUT005", "listed ghost-1, which was not there")


def test_an_entry_that_is_shown_twice_is_found(run: Run) -> None:
    """Nothing is lost, and yet the number is wrong."""
    verdict = run(LIST, list=changing("list", lambda entries: [*entries, entries[0]]))
    assert only(verdict) == ("steps.0", "OUT005", "listed older 2 times")


def test_a_prefix_that_is_not_applied_is_found(run: Run) -> None:
    """The client lists more than it was asked for."""

    async def everything(correct: Client, prefix: str) -> Outcome:
        del prefix
        return await correct.list("")

    text = TWO_BACKUPS + "    steps: [{list: {prefix: old-}}]"
    found = "listed older, which was not there"
    assert only(run(text, list=everything)) == ("steps.0", "OUT005", found)


@pytest.mark.parametrize("value", [None, "old-1", {"id": "old-1"}, [{"status": "x"}], ["old-1"]])
def test_what_is_no_list_of_backups_is_found(run: Run, value: object) -> None:
    """Entries need ids."""
    verdict = run(LIST, list=doing("list", Ok(value)))
    assert only(verdict) == ("steps.0", "OUT009", f"listed {value!r}")


def test_a_very_long_value_is_shortened(run: Run) -> None:
    """The first screen must hold the cause."""
    found = only(run(LIST, list=doing("list", Ok("x" * 10_000))))[2]
    assert len(found.removeprefix("listed ")) == len("…") + 200
    found = only(run(SHOW, show=doing("show", Ok("x" * 10_000))))[2]
    assert len(found.removeprefix("showed ")) == len("…") + 200
    for key in ("id", "status", "dcos_version"):
        altered = changing("show", partial(altered_at, key, "x" * 10_000))
        assert len(only(run(SHOW, show=altered))[2]) < 300
    listed = doing("list", Ok([{"id": "x" * 10_000}]))
    assert len(only(run("steps: [{list: {}}]", list=listed))[2]) < 300
    for create in ("x" * 10_000, {"id": "x" * 10_000}):
        assert len(only(run(CREATE, create=doing("create", Ok(create))))[2]) < 300


def test_of_many_entries_some_are_named(run: Run) -> None:
    """All of them would fill the screen."""
    text = "    cluster: {backups: [{label: daily, times: 9}]}\n    steps: [{list: {}}]"
    found = only(run(text, list=doing("list", Ok([]))))[2]
    assert found.startswith("of 9 backups it lost daily-")
    assert (found.count("daily-"), found[-11:]) == (5, " and 4 more")
    made_up = Ok([{"id": f"ghost-{number}"} for number in range(7)])
    assert only(run("steps: [{list: {}}]", list=doing("list", made_up))) == (
        "steps.0",
        "OUT005",
        "listed ghost-0, ghost-1, ghost-2, ghost-3, ghost-4 and 2 more, which was not there",
    )


@pytest.mark.parametrize(
    ("expected", "finding"),
    [
        ("{count: 3}", ("count", "3 backups", "2")),
        ("{exactly: [old]}", ("exactly", "exactly old", "old, older")),
        ("{exactly: []}", ("exactly", "exactly none", "old, older")),
        ("{lacks: [older]}", ("lacks", "older not among them", "old, older")),
        (
            "{entries: {old: {status: STATUS_ERROR}}}",
            ("entries.old.status", "status: 'STATUS_ERROR'", "'STATUS_READY'"),
        ),
    ],
)
def test_each_expectation_of_a_list_is_compared(
    run: Run, expected: str, finding: tuple[str, str, str]
) -> None:
    """With the scenario's names."""
    verdict = run(f"{TWO_BACKUPS}    steps: [{{list: {{}}, expect: {expected}}}]")
    where, wanted, found = finding
    assert only(verdict) == (f"steps.0.expect.{where}", wanted, found)


def test_an_expected_backup_that_a_prefix_leaves_out_is_found(run: Run) -> None:
    """The list is right; the scenario expects something else."""
    verdict = run(TWO_BACKUPS + "    steps: [{list: {prefix: old-}, expect: {includes: [older]}}]")
    assert only(verdict) == ("steps.0.expect.includes", "older among them", "old")
    text = "    steps: [{list: {prefix: old-}, expect: {entries: {older: {id: x}}}}]"
    verdict = run(TWO_BACKUPS + text)
    assert only(verdict) == ("steps.0.expect.entries.older", "older among them", "old")


def test_all_expectations_of_a_list_are_compared(run: Run) -> None:
    """Each is a finding of its own."""
    expected = "{count: 1, exactly: [old], lacks: [old, older]}"
    verdict = run(f"{TWO_BACKUPS}    steps: [{{list: {{}}, expect: {expected}}}]")
    assert [finding.path[-1] for finding in verdict.findings] == [
        "count",
        "exactly",
        "lacks",
        "lacks",
    ]


# --- show --------------------------------------------------------------------------------------


def not_shown(value: object, wanted: str) -> tuple[str, str]:
    """Return the check and what it finds where this is shown instead of a backup."""
    if isinstance(value, dict):
        return "OUT008", f"showed {value.get('id')!r}, and was asked for {wanted}"
    return "OUT009", f"showed {value!r}"


SHOW = TWO_BACKUPS + "    steps: [{show: {backup: old}}]"


@pytest.mark.parametrize("value", [None, "old", [], {}, {"id": "older-1", "status": "x"}])
def test_another_backup_than_was_asked_for_is_found(run: Run, value: object) -> None:
    """Or none at all."""
    verdict = run(SHOW, show=doing("show", Ok(value)))
    assert only(verdict) == ("steps.0", *not_shown(value, id_of(verdict, "old")))


def test_a_whole_other_backup_is_told_as_that(run: Run) -> None:
    """Not as a status that nobody answered."""

    async def first_of_all(correct: Client, backup_id: str) -> Outcome:
        del backup_id
        listed = await correct.list("")
        return Ok(listed.value[0]) if isinstance(listed, Ok) else listed

    verdict = run(SHOW, show=first_of_all)
    other = id_of(verdict, "older")
    assert told(verdict) == [not_shown({"id": other}, id_of(verdict, "old"))]
    verdict = run(SHOW, show=changing("show", partial(altered_at, "id", "new")))
    assert told(verdict) == [not_shown({"id": "new"}, id_of(verdict, "old"))]


def test_a_backup_that_is_not_there_cannot_be_shown(run: Run) -> None:
    """A client that shows what it remembers."""
    text = ONE_BACKUP + "    steps: [{delete: {backup: old}}, {show: {backup: old}}]"

    async def remember(correct: Client, backup_id: str) -> Outcome:
        await correct.show(backup_id)
        return Ok({"id": backup_id, "status": "STATUS_READY"})

    path, code, found = only(run(text, show=remember))
    assert (path, code) == ("steps.1", "OUT001")
    assert found.startswith(f"{SUCCEEDED}, but it was refused, and a whole answer said so")


def test_what_a_backup_shows_is_compared(run: Run) -> None:
    """Every path."""
    text = "    steps: [{show: {backup: old}, expect: {status: STATUS_ERROR, x: {absent: false}}}]"
    verdict = run(ONE_BACKUP + text)
    assert [(finding.path[-1], finding.found) for finding in verdict.findings] == [
        ("status", "'STATUS_READY'"),
        ("x", "nothing there"),
    ]


# --- restore and delete ------------------------------------------------------------------------


def test_a_restore_that_did_not_start_is_a_false_success(run: Run) -> None:
    """The client says ok, and the cluster has none."""
    verdict = run(ONE_BACKUP + "    steps: [{restore: {backup: old}}]", restore=saying(Ok()))
    assert only(verdict) == ("steps.0", "OUT001", f"{SUCCEEDED}, but {UNASKED}")


def test_a_restore_of_another_backup_is_a_false_success(run: Run) -> None:
    """It counts for the one that was asked for only."""

    async def first_of_all(correct: Client, backup_id: str) -> Outcome:
        del backup_id
        listed = await correct.list("")
        assert isinstance(listed, Ok)
        return await correct.restore(listed.value[0]["id"])

    verdict = run(TWO_BACKUPS + "    steps: [{restore: {backup: old}}]", restore=first_of_all)
    older, old = id_of(verdict, "older"), id_of(verdict, "old")
    (_, first), second = told(verdict)
    assert [finding.check.code for finding in verdict.findings if finding.check] == [
        "OUT001",
        "REQ014",
    ]
    assert first.startswith(f"{SUCCEEDED}, but it was not done, ")
    assert second == ("REQ014", f"sent {older!r}, and was given {old!r}")


def test_what_a_restored_backup_shows_is_compared(run: Run) -> None:
    """Looked up where the client prints nothing."""
    text = "    steps: [{restore: {backup: old}, expect: {status: STATUS_ERROR}}]"
    for restore in (changing("restore", lambda _: None), changing("restore", lambda each: each)):
        verdict = run(ONE_BACKUP + text, restore=restore)
        assert only(verdict) == (
            "steps.0.expect.status",
            "status: 'STATUS_ERROR'",
            "'STATUS_READY'",
        )


def test_a_delete_that_did_not_happen_is_a_false_success(run: Run) -> None:
    """Of a backup that is still there, or never was."""
    verdict = run(ONE_BACKUP + "    steps: [{delete: {backup: old}}]", delete=saying(Ok()))
    assert only(verdict) == ("steps.0", "OUT001", f"{SUCCEEDED}, but {UNASKED}")
    verdict = run("steps: [{delete: {id: nothing}}]", delete=doing("delete", Ok()))
    path, code, found = only(verdict)
    assert (path, code) == ("steps.0", "OUT001")
    assert found.startswith(f"{SUCCEEDED}, but it was refused, and a whole answer said so")


def test_a_delete_that_worked_and_is_reported_as_failed_is_found(run: Run) -> None:
    """The other way round."""
    text = ONE_BACKUP + "    steps: [{delete: {backup: old}}]"
    verdict = run(text, delete=doing("delete", Failed("odd")))
    assert only(verdict) == ("steps.0", "OUT002", f"failed: odd; but {DONE}")
    assert notes(verdict) == ("see request #1",)


def test_a_client_that_does_not_even_ask_has_no_last_answer(run: Run) -> None:
    """Nothing is made up."""
    verdict = run("steps: [{list: {}}]", list=saying(Failed("no such command")))
    assert notes(verdict) == ()


# --- names -------------------------------------------------------------------------------------


def test_a_backup_that_was_never_made_is_missed_by_its_name(run: Run) -> None:
    """A scenario may allow a create to fail; what then speaks of its backup cannot go on."""
    text = """
        steps:
          - create: {label: nightly}
            as: first
            expect: failed
          - show: {backup: first}
    """
    expected = ("steps.1", "a backup named first", "no create has made it")
    assert only(run(text, create=saying(Failed("no")))) == expected
    waiting = text.replace("show: {backup: first}", "wait: {backup: first, for: STATUS_READY}")
    assert only(run(waiting, create=saying(Failed("no")))) == expected


def test_a_backup_that_was_made_all_the_same_has_its_name(run: Run) -> None:
    """Whatever the client says of it: that is what a lost answer is like."""
    text = """
        steps:
          - create: {label: nightly}
            as: first
            expect: indeterminate
          - show: {backup: first}
    """
    assert run(text, create=doing("create", Indeterminate("no answer"))).passed


# --- wait --------------------------------------------------------------------------------------


def test_a_wait_asks_and_lets_time_pass_until_the_status_is_there(run: Run) -> None:
    """30 seconds of the default script: asked at once and every ten."""
    verdict = run("""
        steps:
          - create: {label: nightly}
            as: first
          - wait: {backup: first, for: STATUS_READY, every: 10s}
    """)
    assert verdict.passed
    asked = [
        duration_text(elapsed(verdict.start, exchange.at))
        for exchange in verdict.journal.exchanges
        if exchange.operation == "list"
    ]
    assert asked == ["0s", "10s", "20s", "30s"]


def test_a_wait_ends_where_something_else_has_come(run: Run) -> None:
    """With the diagnostic that the client showed."""
    verdict = run("""
        script:
          - on: create
            then:
              - {status: STATUS_BACKING_UP, for: 20s}
              - {status: STATUS_ERROR, error: no leader}
        steps:
          - create: {label: nightly}
            as: first
          - wait: {backup: first, for: STATUS_READY}
    """)
    assert only(verdict) == ("steps.1", "first to become STATUS_READY", "STATUS_ERROR at +20s")
    assert notes(verdict) == ("the diagnostic says: no leader",)


def test_a_wait_for_a_restore_looks_at_the_restore(run: Run) -> None:
    """The backup itself stays ready all the time."""
    text = (
        ONE_BACKUP
        + """
    script:
      - on: restore
        then: [{status: STATUS_RESTORING, for: 20s}, {status: STATUS_ERROR, error: no leader}]
    steps:
      - restore: {backup: old}
      - wait: {restore: old, for: STATUS_RESTORING}
      - wait: {restore: old, for: STATUS_READY}
    """
    )
    verdict = run(text)
    wanted = "the restore of old to become STATUS_READY"
    assert only(verdict) == ("steps.2", wanted, "STATUS_ERROR at +20s")
    assert notes(verdict) == ("the diagnostic says: no leader",)


def test_a_wait_that_ends_too_early_names_the_nearest_miss(run: Run) -> None:
    """When it would have been, and when it was last asked for."""
    verdict = run("""
        script: [{on: create, then: [{status: STATUS_BACKING_UP, for: 42s}]}]
        steps:
          - create: {label: nightly}
            as: first
          - wait: {backup: first, for: STATUS_READY, within: 40s, every: 15s}
    """)
    wanted = "first to become STATUS_READY within 40s"
    assert only(verdict) == ("steps.1", wanted, "still STATUS_BACKING_UP")
    assert notes(verdict) == ("nearest miss: STATUS_READY at +42s; the last poll was at +40s",)


def test_a_wait_for_what_time_alone_does_not_bring_says_so(run: Run) -> None:
    """A stage that lasts for ever, or until something else is done."""
    text = """
        script: [{on: restore, then: [{status: STATUS_RESTORING, for: forever}]}]
        cluster: {backups: [{label: old, as: old}]}
        steps:
          - restore: {backup: old}
          - wait: {restore: old, for: STATUS_READY, within: 1m}
    """
    verdict = run(text)
    wanted = "the restore of old to become STATUS_READY within 1m"
    assert only(verdict) == ("steps.1", wanted, "still STATUS_RESTORING")
    assert notes(verdict) == ("no time alone ends this; the last poll was at +1m",)


def test_a_wait_asks_once_more_when_its_time_is_up(run: Run) -> None:
    """What is there at the last moment counts, what comes a nanosecond later does not."""
    text = """
        script: [{{on: create, then: [{{status: STATUS_BACKING_UP, for: {length}}}]}}]
        steps:
          - create: {{label: nightly}}
            as: first
          - wait: {{backup: first, for: STATUS_READY, within: 25s, every: 10s}}
    """
    assert run(text.format(length="25s")).passed
    assert not run(text.format(length="25s1ns")).passed


def test_a_wait_without_any_time_asks_once(run: Run) -> None:
    """``within: 0s`` is a look."""
    verdict = run("""
        steps:
          - create: {label: nightly}
            as: first
          - wait: {backup: first, for: STATUS_READY, within: 0s}
    """)
    assert only(verdict)[2] == "still STATUS_BACKING_UP"
    assert sum(each.operation == "list" for each in verdict.journal.exchanges) == 1


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Failed("broken pipe"), "failed: broken pipe"),
        (Indeterminate("slow"), "indeterminate: slow"),
    ],
)
def test_a_wait_needs_a_client_that_can_show(run: Run, outcome: Outcome, said: str) -> None:
    """Nothing is asked again: whoever wrote the client decides on retries."""
    text = ONE_BACKUP + "    steps: [{wait: {backup: old, for: STATUS_READY}}]"
    verdict = run(text, show=saying(outcome))
    assert only(verdict) == ("steps.0", "the client to show old", said)


@pytest.mark.parametrize("value", [None, [], {"status": "STATUS_READY"}, {"id": "x"}])
def test_a_wait_is_not_over_when_another_backup_is_ready(run: Run, value: object) -> None:
    """Each answer must show the backup that is waited for."""
    text = ONE_BACKUP + "    steps: [{wait: {backup: old, for: STATUS_READY}}]"
    verdict = run(text, show=doing("show", Ok(value)))
    assert only(verdict) == ("steps.0", *not_shown(value, id_of(verdict, "old")))


def test_a_wait_for_an_undocumented_status_can_end(run: Run) -> None:
    """Where a script shows it."""
    assert run("""
        script:
          - on: create
            then: [{status: STATUS_BACKING_UP, for: 15s}, {status: STATUS_READY, overall: DONE}]
        steps:
          - create: {label: nightly}
            as: first
          - wait: {backup: first, for: DONE}
    """).passed


# --- time --------------------------------------------------------------------------------------


def test_time_per_request_moves_by_the_requests_alone(run: Run) -> None:
    """A wait then only asks: here four times, the last at +30s after the create at +10s."""
    text = """
        time: {{per_request: {step}}}
        steps:
          - create: {{label: nightly}}
            as: first
          - wait: {{backup: first, for: STATUS_READY, within: {within}}}
    """
    verdict = run(text.format(step="10s", within="1m"))
    assert verdict.passed
    assert duration_text(elapsed(verdict.start, verdict.end)) == "40s"
    verdict = run(text.format(step="9s", within="20s"))
    assert only(verdict)[2] == "still STATUS_BACKING_UP"
    assert notes(verdict) == ("nearest miss: STATUS_READY at +39s; the last poll was at +36s",)


def test_a_client_that_shows_without_asking_does_not_wait_for_ever(run: Run) -> None:
    """Where only its requests move time, none would pass."""

    async def remember(correct: Client, backup_id: str) -> Outcome:
        del correct
        return Ok({"id": backup_id, "status": "STATUS_BACKING_UP"})

    text = """
        time: {per_request: 10s}
        steps:
          - create: {label: nightly}
            as: first
          - wait: {backup: first, for: STATUS_READY}
    """
    expected = ("steps.1", "the client to ask for first", "it sent no request")
    assert only(run(text, show=remember)) == expected


def test_a_wait_moves_a_clock_that_runs_by_itself_too(run: Run) -> None:
    """Nobody sits and watches."""
    verdict = run("""
        time: {rate: 1}
        steps:
          - create: {label: nightly}
            as: first
          - wait: {backup: first, for: STATUS_READY}
    """)
    assert verdict.passed
    assert elapsed(verdict.start, verdict.end) >= 30_000_000_000


def test_advance_lets_time_pass_and_nobody_asks(run: Run) -> None:
    """No request is sent for it."""
    verdict = run("""
        steps:
          - create: {label: nightly}
            as: first
          - advance: 29999ms
          - expect: {backups: {first: STATUS_BACKING_UP}}
          - advance: 1ms
          - expect: {backups: {first: STATUS_READY}}
    """)
    assert verdict.passed
    assert len(verdict.journal.exchanges) == 1


# --- the cluster -------------------------------------------------------------------------------


def test_what_the_cluster_refuses_to_a_scenario_is_told(run: Run) -> None:
    """In the cluster's own words."""
    verdict = run("steps: [{cluster: {remove: /web}}]")
    wanted = ("steps.0", "the cluster to do it")
    assert only(verdict)[:2] == wanted
    assert only(verdict)[2] == "App '/web' does not exist; there are: none"
    verdict = run("steps: [{create: {label: nightly}}, {cluster: {deploy: /web}}]")
    assert only(verdict)[2] == "Marathon is restarting for a backup or restore"


def test_a_script_that_nothing_used_fails_the_scenario(run: Run) -> None:
    """A label that was mistyped must not pass in silence."""
    text = """
        script:
          - on: create
            when: {label: nihgtly}
            then: [{status: STATUS_ERROR}]
            optional: OPTIONAL
        steps: [{create: {label: nightly}}]
    """
    verdict = run(text.replace("OPTIONAL", "false"))
    wanted = "a create of a backup with a label like 'nihgtly'"
    assert only(verdict) == ("script.0", wanted, "this script never applied")
    assert notes(verdict) == ("write optional: true where a script need not apply",)
    assert run(text.replace("OPTIONAL", "true")).passed


@pytest.mark.parametrize(
    ("expected", "finding"),
    [
        (
            "{backups: {old: STATUS_ERROR}}",
            ("backups.old", "old to be STATUS_ERROR", "STATUS_READY"),
        ),
        ("{backups: {old: absent}}", ("backups.old", "old to be absent", "STATUS_READY")),
        ("{apps: [/web]}", ("apps", "the apps /web", "/db")),
        ("{apps: []}", ("apps", "the apps none", "/db")),
        ("{apps: 2}", ("apps", "2 apps", "1")),
        ("{marathon: unavailable}", ("marathon", "Marathon to be unavailable", "available")),
        ("{creates: 2}", ("creates", "2 creates", "0")),
        ("{restores: 2}", ("restores", "2 restores", "0")),
        ("{deletes: 2}", ("deletes", "2 deletes", "0")),
    ],
)
def test_each_expectation_of_the_end_is_compared(
    run: Run, expected: str, finding: tuple[str, str, str]
) -> None:
    """In a step of its own, and after all steps."""
    cluster = "    cluster: {marathon: {apps: [db]}, backups: [{label: old, as: old}]}\n"
    where, wanted, found = finding
    verdict = run(f"{cluster}    steps: [{{list: {{}}}}]\n    expect: {expected}")
    assert only(verdict) == (f"expect.{where}", wanted, found)
    verdict = run(f"{cluster}    steps: [{{list: {{}}}}, {{expect: {expected}}}]")
    assert only(verdict) == (f"steps.1.expect.{where}", wanted, found)


def test_all_that_is_wrong_at_the_end_is_told(run: Run) -> None:
    """The expectations first, then the scripts that were not used."""
    verdict = run("""
        script: [{on: restore, then: [{status: STATUS_READY}]}]
        steps: [{list: {}}]
        expect: {apps: [/web], creates: 1}
    """)
    assert [finding.path[0] for finding in verdict.findings] == ["expect", "expect", "script"]


def test_a_backup_that_was_never_made_is_absent(run: Run) -> None:
    """Also by a name that a failed create could not give."""
    text = """
        steps:
          - create: {label: nightly}
            as: first
            expect: failed
        expect: {backups: {first: absent}}
    """
    assert run(text, create=saying(Failed("no"))).passed


# --- claims about what was answered ------------------------------------------------------------


@pytest.mark.parametrize("step", ["show: {backup: one}", "wait: {backup: one, for: STATUS_READY}"])
def test_a_client_that_makes_up_a_status_is_found(run: Run, step: str) -> None:
    """It claims what it would like to see; the cluster answered otherwise."""
    made_up = changing("show", lambda document: {**document, "status": "STATUS_READY"})
    text = f"steps: [{{create: {{label: nightly}}, as: one}}, {{{step}}}]"
    found = "showed one as 'STATUS_READY'; the answer was STATUS_BACKING_UP"
    assert only(run(text, show=made_up)) == ("steps.1", "OUT006", found)


def test_a_list_with_a_made_up_status_is_found(run: Run) -> None:
    """As one that is shown alone."""
    made_up = changing(
        "list", lambda listed: [{**document, "status": "STATUS_ERROR"} for document in listed]
    )
    text = "steps: [{create: {label: nightly}, as: one}, {list: {}}]"
    found = "showed one as 'STATUS_ERROR'; the answer was STATUS_BACKING_UP"
    assert only(run(text, list=made_up)) == ("steps.1", "OUT006", found)


def test_a_created_document_without_an_id_names_no_backup(run: Run) -> None:
    """Only a client that prints nothing is silent."""
    nameless = changing("create", lambda _: {"status": "STATUS_BACKING_UP"})
    verdict = run(CREATE, create=nameless)
    found = f"named None; the new backup is {id_of(verdict, 'first')}"
    assert only(verdict) == ("steps.0", "OUT003", found)


# --- time, as far as it goes -------------------------------------------------------------------


def test_advance_goes_to_the_next_event_or_until_a_status(run: Run) -> None:
    """Of the backup, or of its latest restore."""
    verdict = run("""
        steps:
          - create: {label: nightly}
            as: first
          - advance: next
          - expect: {backups: {first: STATUS_READY}}
          - restore: {backup: first}
          - advance: {restore: first, until: STATUS_READY, within: 30s}
          - create: {label: nightly}
            as: second
          - advance: {backup: second, until: STATUS_READY}
    """)
    assert verdict.passed
    assert verdict.end - verdict.start == parse_duration("90s")


@pytest.mark.parametrize(
    ("advance", "found"),
    [
        ("next", "nothing changes by itself any more, however much time passes"),
        (
            "{backup: first, until: STATUS_READY}",
            "{first} is STATUS_ERROR, and time alone does not make it STATUS_READY",
        ),
        ("{restore: first, until: STATUS_READY}", "{first} has never been restored"),
    ],
)
def test_time_that_does_not_get_there_fails_the_step(run: Run, advance: str, found: str) -> None:
    """With the clock's own sentence."""
    verdict = run(f"""
        script: [{{on: create, then: [{{status: STATUS_ERROR, error: disk full}}]}}]
        steps:
          - create: {{label: nightly}}
            as: first
          - advance: {advance}
    """)
    (finding,) = verdict.findings
    (backup_id,) = verdict.names
    assert (finding.expected, finding.found) == (
        "time to pass as the step says",
        found.replace("{first}", backup_id),
    )
