"""``dcos-sim bundle`` and ``dcos-sim replay``, as commands."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]
Write = Callable[[str, str], Path]

GOOD = "scenario: Good\nsteps:\n  - create: {label: nightly}\n"
BAD = GOOD.replace("Good", "Bad") + "expect: {creates: 2}\n"


def changed(source: Path, target: Path, old: str, new: str) -> None:
    """Copy a bundle with a change in its scenario."""
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(target, "w") as written:
        for name in read.namelist():
            data = read.read(name)
            is_scenario = name.endswith(".yaml")
            written.writestr(
                name, data.replace(old.encode(), new.encode()) if is_scenario else data
            )


def test_what_is_bundled_replays_as_identical(dcos_sim: Run, write: Write, tmp_path: Path) -> None:
    """With the seed of the test of the same name; status 0."""
    write("good", GOOD)
    made = dcos_sim("bundle", "good.scenario.yaml")
    assert made.returncode == 0, made.stderr
    passed, written = made.stdout.splitlines()
    assert written == "written  good.dcos-sim.zip"
    ran = dcos_sim("test", "-q", "good.scenario.yaml", "--report-json", "report.json")
    assert ran.returncode == 0
    seed = passed.removesuffix(")").rpartition(" ")[2]
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [each["seed"] for each in report["scenarios"]] == [seed]
    again = dcos_sim("replay", "good.dcos-sim.zip")
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("identical  Good\n")


def test_a_failed_scenario_is_bundled_and_a_change_is_shown(
    dcos_sim: Run, write: Write, tmp_path: Path
) -> None:
    """Status 0 for what was written and for what is identical, 1 for what is different."""
    write("bad", BAD)
    made = dcos_sim("bundle", "bad.scenario.yaml", "--seed", "mine", "-o", "out.zip")
    assert made.returncode == 0
    failed, finding, _ = made.stdout.splitlines()
    assert failed.startswith("failed   Bad (")
    assert failed.endswith("entries, seed mine)")
    assert finding.strip().startswith("line 4: expected ")
    assert "verdict: failed, as before" in dcos_sim("replay", "out.zip").stdout
    changed(tmp_path / "out.zip", tmp_path / "changed.zip", "nightly", "weekly1")
    again = dcos_sim("replay", "changed.zip", "--keep", "kept")
    assert again.returncode == 1
    assert again.stdout.startswith("different  Bad\n")
    assert "request_body.label" in again.stdout
    assert (tmp_path / "kept" / "replayed" / "01-bad.jsonl").is_file()


def test_nothing_is_overwritten_without_force(dcos_sim: Run, write: Write, tmp_path: Path) -> None:
    """Whatever is there; the same scenario gives the same bytes."""
    write("good", GOOD)
    assert dcos_sim("bundle", "good.scenario.yaml").returncode == 0
    first = (tmp_path / "good.dcos-sim.zip").read_bytes()
    refused = dcos_sim("bundle", "good.scenario.yaml")
    assert refused.returncode == 4
    assert "good.dcos-sim.zip: is there already" in refused.stderr
    assert dcos_sim("bundle", "good.scenario.yaml", "--force").returncode == 0
    assert (tmp_path / "good.dcos-sim.zip").read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bundle", "missing.scenario.yaml"], "missing.scenario.yaml:1:1: cannot be read"),
        (["bundle", "good.scenario.yaml", "--client", "nobody"], "no client is called 'nobody'"),
        (["bundle", "good.scenario.yaml", "--case", "x"], "has no case 'x'; it has no cases"),
        (["bundle", "good.scenario.yaml", "-o", "no/o.zip"], "no/o.zip: there is no folder"),
        (["bundle", "good.scenario.yaml", "-o", "."], ".: is a folder; name a file in it"),
        (["replay", "missing.zip"], "missing.zip: is not there"),
        (["replay", "good.scenario.yaml"], "good.scenario.yaml: is no zip file"),
    ],
)
def test_what_the_user_has_to_change_is_status_4(
    dcos_sim: Run, write: Write, arguments: list[str], said: str
) -> None:
    """In a sentence, without a traceback."""
    write("good", GOOD)
    finished = dcos_sim(*arguments)
    assert finished.returncode == 4
    assert said in finished.stderr
    assert "Traceback" not in finished.stderr
    assert finished.stdout == ""


def test_what_a_profile_hides_and_a_client_lacks_is_told(
    dcos_sim: Run, write: Write, tmp_path: Path
) -> None:
    """With how many texts were redacted."""
    write("cases", "scenario: A <case>\ncases: [{case: one}, {case: two}]\n" + GOOD[15:])
    write("list", "scenario: Listed\nsteps:\n  - list: {}\n")
    (tmp_path / "odd.client.yaml").write_text(
        "client: odd\nkind: command\nenv: {API_TOKEN: hunter22}\noperations: {list: [echo, '[]']}\n"
    )
    skipped = dcos_sim("bundle", "cases.scenario.yaml", "--client", "odd.client.yaml")
    assert skipped.returncode == 4
    assert "skipped  A one (one): client odd has no operation 'create'" in skipped.stdout
    assert "nothing to bundle" in skipped.stderr
    made = dcos_sim("bundle", "list.scenario.yaml", "--client", "odd.client.yaml")
    assert made.returncode == 0, made.stderr
    assert "redacted 1 text of the client profile" in made.stdout
    refused = dcos_sim("replay", "list.dcos-sim.zip")
    assert refused.returncode == 4
    assert "say --trust" in refused.stderr
    assert dcos_sim("replay", "list.dcos-sim.zip", "--trust").returncode == 0
