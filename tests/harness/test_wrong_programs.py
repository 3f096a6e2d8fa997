"""Every mistake of a program that waits is caught by a bundled scenario; a correct one passes."""

import asyncio
import sys
from pathlib import Path

import pytest

from simulator.catalogue import catalogue_folder
from simulator.harness.clients.in_process import run_in_process
from simulator.harness.clients.profiled import ProfiledClient
from simulator.harness.language.profile_file import Profile
from simulator.harness.language.profile_model import HttpProfile
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.verdict import Verdict

PROGRAM = Path(__file__).parent / "wrong_program.py"
FOLDER = catalogue_folder() / "programs"
SUFFIX = ".scenario.yaml"

NEVER_ENDS = ["TIM005"]
FALSE_SUCCESS = ["OUT010"]
FALSE_FAILURE = ["OUT011"]
POLLS_ON = ["OUT011", "SEQ005"]
DELETES = ["older to be STATUS_READY", "0 deletes", "SEQ004"]
RESTORES = ["0 restores", "SEQ004"]
OTHER_LABEL = ["OUT017", "REQ014", "REQ015"]
FAILED = ["the client to succeed"]


def verdict_on(name: str, mistake: str) -> Verdict:
    """Run the first scenario of a bundled file through a program with a mistake."""
    line = [sys.executable, "-I", "-S", str(PROGRAM), mistake, "{url}"]
    model = HttpProfile.model_validate(
        {
            "client": "wrong",
            "kind": "http",
            "env": {"DCOS_ACS_TOKEN": "{token}"},
            "programs": {
                "backup": {"run": [*line, "backup", "{label}"], "timeout": "5s"},
                "restore": {"run": [*line, "restore", "{id}"], "timeout": "5s"},
            },
        }
    )
    kind = ProfiledClient(Profile(given="wrong", model=model, folder=Path.cwd()))
    scenario = load_scenarios(FOLDER / f"{name}{SUFFIX}")[0]
    return asyncio.run(run_in_process(scenario, kind, "seed"))


@pytest.mark.parametrize(
    "name", sorted(path.name.removesuffix(SUFFIX) for path in FOLDER.glob(f"*{SUFFIX}"))
)
def test_a_correct_program_passes(name: str) -> None:
    """Though it needs more or fewer requests than another."""
    assert verdict_on(name, "none").findings == ()


@pytest.mark.parametrize(
    ("mistake", "name", "expected"),
    [
        ("does not wait", "a-program-waits-until-the-backup-is-ready", FALSE_SUCCESS),
        ("does not wait", "a-program-waits-until-the-restore-is-done", FALSE_SUCCESS),
        ("asks five times", "a-program-waits-an-hour", FAILED),
        ("asks five times", "a-backup-is-ready-after-some-polls", FALSE_FAILURE),
        ("wants to see it run", "a-backup-is-ready-before-the-first-poll", POLLS_ON),
        ("takes any end for success", "a-program-fails-when-the-backup-does", FALSE_SUCCESS),
        ("takes any end for success", "a-backup-fails-at-once", FALSE_SUCCESS),
        ("takes any end for success", "a-backup-fails-at-the-last-moment", FALSE_SUCCESS),
        ("takes any end for success", "a-program-fails-when-the-restore-does", FALSE_SUCCESS),
        ("gives up with success", "a-program-gives-up-on-a-backup", FALSE_SUCCESS),
        ("gives up with success", "a-program-gives-up-on-a-restore", FALSE_SUCCESS),
        ("waits for ever", "a-program-gives-up-on-a-backup", NEVER_ENDS),
        ("takes gone for done", "a-backup-is-lost-while-a-program-waits", FALSE_SUCCESS),
        ("takes gone for done", "a-backup-is-lost-while-it-is-restored", FALSE_SUCCESS),
        ("takes any by label", "an-older-backup-is-not-the-new-one", FALSE_SUCCESS),
        ("takes the first by label", "a-longer-label-is-another-backup", FAILED),
        ("takes the first by label", "one-among-five-hundred", FALSE_SUCCESS),
        ("takes any by label", "a-year-of-backups-and-one-more", FALSE_SUCCESS),
        ("takes the unknown for an end", "a-status-nobody-knows-is-no-end", FALSE_SUCCESS),
        ("looks at the whole only", "the-whole-claims-ready-too-early", FALSE_SUCCESS),
        ("looks at Marathon only", "another-component-fails", FALSE_SUCCESS),
        ("ignores refusals", "a-refused-label-fails-the-program", FALSE_SUCCESS),
        ("ignores refusals", "a-restore-that-is-refused-fails-the-program", FALSE_SUCCESS),
        ("ignores refusals", "an-unknown-backup-cannot-be-restored", FALSE_SUCCESS),
        ("takes its own label", "a-program-waits-until-the-backup-is-ready", OTHER_LABEL),
        ("cleans up before", "an-older-backup-is-not-the-new-one", DELETES),
        ("restores what it made", "a-program-waits-until-the-backup-is-ready", RESTORES),
        ("takes the backup for its restore", "a-restore-takes-half-a-day", FALSE_SUCCESS),
    ],
)
def test_a_mistake_is_caught(mistake: str, name: str, expected: list[str]) -> None:
    """By a scenario that was made for it."""
    findings = verdict_on(name, mistake).findings
    assert [each.check.code if each.check else each.expected for each in findings] == expected
