"""What made a test fail, as the text of a scenario file."""

from collections.abc import Mapping
from typing import Any, Final

from simulator.capture.reading.inputs import without_secrets
from simulator.capture.reading.journal_reader import take_entry
from simulator.capture.reproduce import made_of
from simulator.capture.secrets.redaction import Redactor
from simulator.capture.sightings import Capture, CaptureError
from simulator.capture.writing import comment_lines, file_text
from simulator.harness.language.scenario import Scenario
from simulator.journal import plain_entry
from simulator.service.fake_cluster import FakeCluster

_FIRST: Final = ("scenario", "tags", "cause", "seed", "cluster", "time")
"""Keys of a file in the order that reads best; all others follow as they were written."""


def of_scenario(scenario: Scenario, told: Mapping[str, Any]) -> str:
    """Return the one scenario of a file that failed, with the seed that it failed with.

    Args:
        scenario: which.
        told: what came of it, as reports have it.
    """
    written = dict(scenario.source.value)
    written.pop("cases", None)
    written["scenario"] = scenario.title
    written["seed"] = told["seed"]
    ordered = {key: written.pop(key) for key in _FIRST if key in written}
    lines = [f"Saved when it failed through the client {told['client']}, from {told['file']}:"]
    for finding in told["findings"]:
        code = f"{finding['code']}: " if finding["code"] else ""
        lines.append(f"- {code}expected {finding['expected']}; found {finding['found']}")
    comments = [line for each in lines for line in comment_lines(each)]
    return file_text(comments, {**ordered, **written})


def of_cluster(cluster: FakeCluster, test: str) -> str:
    """Return a scenario whose cluster shows a client what this one has shown.

    Args:
        cluster: of a test in Python that failed.
        test: the name of the test.

    Raises:
        CaptureError: when nothing was asked of the backup service.
    """
    capture, redactor = Capture(start=cluster.clock.start), Redactor()
    for number, entry in cluster.journal.numbered():
        take_entry(plain_entry(number, entry), f"request {number}", capture, redactor)
    if not capture.sightings:
        raise CaptureError(f"{test} asked nothing of the backup service of {cluster.url}")
    capture.inputs.append(f"what {test} saw of its cluster, seed {cluster.chance.seed}")
    capture.notes.append("what the test itself expected: add it to the steps, as expect")
    made = made_of(without_secrets(capture, redactor), redactor, "pytest --save-failures")
    if not made.differs:
        return made.text
    comments = ["Played again, this differs from what the test saw:", *made.differs]
    return "\n".join(line for each in comments for line in comment_lines(each)) + "\n" + made.text
