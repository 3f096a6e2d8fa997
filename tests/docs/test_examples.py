"""What the documents say is tried here: every example runs."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from simulator.capture.causes import cause_page
from simulator.cli.main import COMMANDS
from simulator.core.faults import fault_problems
from simulator.core.statuses import diagram
from simulator.fault_model import FAULTS, rule_from
from simulator.fault_page import EXAMPLES, FIELDS, fault_reference
from simulator.harness.checks.page import check_reference, outcome_reference
from simulator.harness.clients import client_kind
from simulator.harness.clients.in_process import run_in_process
from simulator.harness.failure_text import failure_text
from simulator.harness.language.profile_file import load_profile
from simulator.harness.language.scenario_file import load_scenarios

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *ROOT.glob("*/README.md")]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a document."""

    where: str
    language: str
    text: str


def blocks() -> Iterator[Block]:
    """Yield every fenced block of every document."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text[: match.start()].count("\n") + 1
            yield Block(f"{document.relative_to(ROOT)}:{line}", match[1], match[2])


def named(wanted: list[Block]) -> pytest.MarkDecorator:
    """Make one test of each block, called by its place."""
    return pytest.mark.parametrize("block", wanted, ids=[block.where for block in wanted])


SCENARIOS = [
    each for each in blocks() if each.language == "yaml" and "scenario:" in each.text[:300]
]
PROFILES = [each for each in blocks() if each.text.startswith("client:")]
TESTS = [each for each in blocks() if each.language == "python" and "def test_" in each.text]
CLIENTS = [each for each in blocks() if each.language == "python" and "make_client" in each.text]


def test_there_are_examples_to_try() -> None:
    assert min(len(SCENARIOS), len(PROFILES), len(TESTS), len(CLIENTS)) > 0


@named([each for each in SCENARIOS if each.text.startswith("scenario:")])
def test_a_scenario_in_a_document_passes(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "example.scenario.yaml"
    path.write_text(block.text, encoding="utf-8")
    for scenario in load_scenarios(path):
        verdict = asyncio.run(run_in_process(scenario, client_kind("http"), "0"))
        assert verdict.passed, failure_text(verdict)


@named(PROFILES)
def test_a_profile_in_a_document_is_a_good_one(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "example.client.yaml"
    path.write_text(block.text, encoding="utf-8")
    profile = load_profile(path)
    assert profile.operations | profile.programs


@named(TESTS)
def test_a_test_in_a_document_passes(block: Block, tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(block.text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_example.py"]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@named(CLIENTS)
def test_a_client_in_a_document_passes_every_bundled_scenario(block: Block, tmp_path: Path) -> None:
    (tmp_path / "my_client.py").write_text(block.text, encoding="utf-8")
    client = "python:my_client:make_client"
    command = [sys.executable, "-m", "simulator.cli.main", "test", "-q", "--client", client]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=400, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def heading_block(heading: str) -> str:
    """Return the first fenced block under a heading of the README."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    match = FENCE.search(section)
    assert match is not None, f"the README has nothing to run under {heading!r}"
    return match[2]


@pytest.mark.parametrize("heading", ["Run", "Test"])
def test_ci_runs_exactly_the_lines_of_the_readme(heading: str) -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert heading_block(heading).strip() in lines


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here")
def test_the_curl_session_of_the_readme_works() -> None:
    """With faster time: nothing is waited for, so restores are over when they are listed."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## A cluster to play")[2]
    _, session = (match[2] for match in list(FENCE.finditer(section))[:2])
    serve = [sys.executable, "-m", "simulator.cli.main", "serve", "--rate", "1000000"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            exported = next(line for line in server.stdout if line.startswith("export "))
            script = exported + session.replace("sleep 1\n", "")
            run = subprocess.run(
                ["bash", "-euc", script],  # noqa: S607 - any bash will do
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
                env=os.environ,
            )
        finally:
            server.send_signal(signal.SIGINT)
    created, ready, restoring, restored, deleted, empty = run.stdout.splitlines()
    assert '"status":"STATUS_BACKING_UP"' in created
    assert '"status":"STATUS_READY"' in ready
    assert "STATUS_RESTORING" in restoring
    assert restored.count("STATUS_READY") == 3
    assert (deleted, empty) == ("", "[]")
    assert server.returncode == 0


def test_the_page_of_causes_is_fresh() -> None:
    """Every known cause has its row and its section, with what its scenario says."""
    marker = "<!-- made from scenarios/status-error; UPDATE_GOLDEN=1 pytest tests/docs -->"
    head, found, causes = CAUSES_PAGE.read_text(encoding="utf-8").partition(marker)
    made = f"\n\n{cause_page()}"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        CAUSES_PAGE.write_text(f"{head.rstrip()}\n\n{marker}{made}", encoding="utf-8")
        found, causes = marker, made
    assert (found, causes) == (marker, made)


def test_what_is_reproduced_in_the_how_to_comes_out_so(tmp_path: Path) -> None:
    """The JSON becomes the scenario, and what is told; the log becomes the script."""
    page = (ROOT / "docs" / "how-to" / "reproduce.md").read_text(encoding="utf-8")
    (json_of_show, *_), (scenario, script), (told, log, *_) = (
        [match[2] for match in FENCE.finditer(page) if match[1] == language]
        for language in ("json", "yaml", "text")
    )
    (tmp_path / "show.json").write_text(json_of_show, encoding="utf-8")
    (tmp_path / "poll.log").write_text(log, encoding="utf-8")

    def reproduced(name: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "simulator.cli.main", "reproduce", name]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
        )

    shown = reproduced("show.json")
    assert shown.stdout == scenario
    assert shown.stderr == told.replace("written   captured.scenario.yaml\n", "")
    assert script in reproduced("poll.log").stdout


def test_the_status_diagram_is_fresh() -> None:
    text = (ROOT / "docs" / "reference" / "statuses.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{diagram()}```" in text


CHECKS_PAGE = ROOT / "docs" / "reference" / "checks.md"
CAUSES_PAGE = ROOT / "docs" / "how-to" / "status-error.md"
FAULTS_PAGE = ROOT / "docs" / "reference" / "faults.md"
MADE_FROM_MODELS = "<!-- made from the models; UPDATE_GOLDEN=1 pytest tests/docs writes it anew -->"


def test_the_reference_of_faults_is_fresh() -> None:
    """Every fault has its entry, with what its model says."""
    head, _, entries = FAULTS_PAGE.read_text(encoding="utf-8").partition(MADE_FROM_MODELS)
    made = f"\n\n{fault_reference().rstrip()}\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        FAULTS_PAGE.write_text(f"{head}{MADE_FROM_MODELS}{made}", encoding="utf-8")
        entries = made
    assert entries == made


@pytest.mark.parametrize(
    ("before", "made", "behind"),
    [
        ("<!-- outcomes -->", outcome_reference, "\n\n## To let a client break one"),
        ("<!-- made from the checks -->", check_reference, ""),
    ],
    ids=["outcomes", "checks"],
)
def test_the_reference_of_checks_is_fresh(
    before: str, made: Callable[[], str], behind: str
) -> None:
    """Every check has its entry, and every outcome its cell."""
    text = CHECKS_PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(before)
    found, _, tail = rest.partition(behind) if behind else (rest.rstrip("\n"), "", "")
    wanted = f"\n\n{made().rstrip()}"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        CHECKS_PAGE.write_text(
            f"{head}{before}{wanted}{behind}{tail}".rstrip() + "\n", encoding="utf-8"
        )
        found = wanted
    assert found == wanted


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_has_an_example_and_its_fields(name: str) -> None:
    """The example is a good rule; each field but a mere word is told."""
    written = yaml.load(EXAMPLES[name], Loader=yaml.BaseLoader)  # noqa: S506 - all is text
    rule = rule_from(written, "an example")
    assert not list(fault_problems(rule))
    fields = {field.alias or key for key, field in FAULTS[name].model_fields.items()}
    assert fields - {name} <= set(FIELDS.get(name, {})) <= fields


def test_every_command_has_its_heading() -> None:
    text = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    assert re.findall(r"^## `dcos-sim (\w+)", text, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []
