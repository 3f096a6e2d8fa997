"""The known causes: bundled scenarios that say how it comes to what they show."""

import difflib
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from simulator.catalogue import catalogue_folder
from simulator.core.statuses import Status
from simulator.harness.language.file_model import CauseModel
from simulator.harness.language.scenario import SUFFIX, Scenario
from simulator.harness.language.scenario_file import load_scenarios

FOLDER: Final = "status-error"

EVIDENCE: Final = {
    "documented": "documented: public documents of DC/OS say so",
    "source": "source: read in open source of DC/OS",
    "inferred": "inferred from documents and source",
}
"""What the evidence of a cause is called, in full."""


class UnknownCauseError(ValueError):
    """A name that no cause has."""


@cache
def known_causes() -> tuple[Scenario, ...]:
    """Return the scenarios of all known causes, by their names."""
    files = sorted((catalogue_folder() / FOLDER).glob(f"*{SUFFIX}"))
    scenarios = [scenario for file in files for scenario in load_scenarios(file)]
    return tuple(each for each in scenarios if each.model.cause is not None)


def cause_named(name: str) -> Scenario:
    """Find the scenario of a cause.

    Raises:
        UnknownCauseError: when there is none; the message names the nearest.
    """
    by_name = {each.name: each for each in known_causes()}
    if name in by_name:
        return by_name[name]
    near = difflib.get_close_matches(name, by_name, n=1)
    question = f"did you mean {near[0]}? " if near else ""
    raise UnknownCauseError(
        f"no cause is called {name!r}; {question}dcos-sim reproduce --list shows all"
    )


def cause_of(scenario: Scenario) -> CauseModel:
    """Return what a known cause says of itself."""
    cause = scenario.model.cause
    assert cause is not None, "known_causes() yields such only"
    return cause


# --- what one sees -------------------------------------------------------------------------------


def _is_restore(scenario: Scenario) -> bool:
    return "restore" in scenario.model.tags and "create" not in scenario.model.tags


def _is_stuck(scenario: Scenario) -> bool:
    return "stuck" in scenario.model.tags


def _is_lost(scenario: Scenario) -> bool:
    return bool({"lost", "auth", "fault"} & set(scenario.model.tags))


GROUPS: Final[dict[str, Callable[[Scenario], bool]]] = {
    f"A backup or restore stays in {Status.BACKING_UP} or {Status.RESTORING}": _is_stuck,
    "A request fails, or a backup is gone": _is_lost,
    f"A restore ends in {Status.ERROR}": _is_restore,
    f"A backup ends in {Status.ERROR}": lambda scenario: True,  # noqa: ARG005 - all others
}
"""What somebody looks for, and which causes show it; the first that fits counts."""


def grouped() -> dict[str, list[Scenario]]:
    """Return the causes by what one sees of them."""
    groups: dict[str, list[Scenario]] = {title: [] for title in GROUPS}
    for scenario in known_causes():
        title = next(title for title, fits in GROUPS.items() if fits(scenario))
        groups[title].append(scenario)
    return groups


# --- shown ---------------------------------------------------------------------------------------


def cause_table(width: int) -> Iterator[str]:
    """Yield the lines of a table of all causes, for a terminal of so many columns."""
    names = max(len(each.name) for each in known_causes())
    room = max(width - names - 2, 30)
    for title, scenarios in grouped().items():
        yield title
        for scenario in scenarios:
            cause = cause_of(scenario)
            lines = textwrap.wrap(f"{cause.sees} ({cause.evidence})", room)
            yield f"{scenario.name:{names}}  {lines[0]}"
            yield from (f"{'':{names}}  {line}" for line in lines[1:])
        yield ""
    yield "dcos-sim reproduce --cause NAME serves one; with -o FILE it writes the scenario."


def cause_page() -> str:
    """Return the part of the how-to that is made from the scenarios."""
    parts = []
    for title, scenarios in grouped().items():
        rows = [f"| {cause_of(each).sees} | [{each.name}](#{each.name}) |" for each in scenarios]
        parts.append("\n".join([f"**{title}**", "", "| You see | Cause |", "|---|---|", *rows]))
    parts.append("## The causes")
    parts += [_section(scenario) for scenario in known_causes()]
    return "\n\n".join(parts) + "\n"


def _section(scenario: Scenario) -> str:
    cause = cause_of(scenario)
    serve = f"dcos-sim reproduce --cause {scenario.name}"
    return "\n\n".join(
        [
            f"### {scenario.name}",
            f"*You see:* {_sentence(cause.sees)}",
            f"*Why:* {_sentence(cause.why)}",
            f"*Evidence:* {EVIDENCE[cause.evidence]} ({cause.source}).",
            f"*A client should:* {_sentence(cause.client)}",
            f"```sh\n{serve}\n{serve} -o {scenario.name}{SUFFIX}\n```",
        ]
    )


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
