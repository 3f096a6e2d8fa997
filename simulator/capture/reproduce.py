"""From what a person has in hand to a scenario that shows it again, checked by playing it."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.capture.asking import answers, loaded
from simulator.capture.comparing import differences, sentence
from simulator.capture.draft import Draft, draft_of
from simulator.capture.reading.inputs import read_inputs, without_secrets
from simulator.capture.repairs import edits, failures, order
from simulator.capture.secrets.redaction import Redactor
from simulator.capture.sightings import REFUSALS, Capture, CaptureError, Sighting
from simulator.capture.steps import add_steps
from simulator.capture.writing import text_of
from simulator.harness.clients import HTTP, client_kind
from simulator.harness.clients.in_process import run_in_process
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.source_file import SourceError

COMMAND: Final = "dcos-sim reproduce"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """A scenario made from a capture.

    Attributes:
        text: the scenario file.
        scenario: the same, loaded.
        seen: what was read, a line each.
        guessed: what the capture does not say, a line each.
        replaced: what secrets were replaced, a line each.
        total: how many answers the capture holds.
        compared: how many of them were played again; the others lie between two equal ones.
        differs: what is not the same when it is played again, a line each.
    """

    text: str
    scenario: Scenario
    seen: tuple[str, ...]
    guessed: tuple[str, ...]
    replaced: tuple[str, ...]
    total: int
    compared: int
    differs: tuple[str, ...]


def reproduce(given: Sequence[str], keep: Collection[str] = ()) -> Reproduction:
    """Read inputs, make a scenario of them, and check it by playing it.

    Args:
        given: files, folders, or ``-`` for standard input.
        keep: kinds of secrets that are not replaced.

    Raises:
        CaptureError: when nothing can be made of the inputs.
    """
    redactor = Redactor(frozenset(keep))
    try:
        capture = without_secrets(read_inputs(given, redactor), redactor)
        return made_of(capture, redactor, COMMAND)
    except CaptureError as error:
        raise CaptureError(redactor.name(str(error))) from None
    except RecursionError:
        raise CaptureError("a value in the input is nested too deep to be used") from None


def made_of(capture: Capture, redactor: Redactor, command: str) -> Reproduction:
    """Make a scenario of a capture without secrets, and check it by playing it.

    Raises:
        CaptureError: when it shows nothing of a backup service.
    """
    draft = draft_of(capture)
    add_steps(draft)
    try:
        again = _with_faults(draft, command)
        text = text_of(draft, command)
        scenario = loaded(text)
    except SourceError as error:
        raise CaptureError(
            f"no scenario can be made of it: {error.problems[0].message}; leave out what "
            "contradicts the rest"
        ) from error
    differs = [sentence(draft, each) for each in differences(draft, again)]
    differs += _findings(scenario)
    return Reproduction(
        text=text,
        scenario=scenario,
        seen=tuple(draft.seen),
        guessed=(*draft.notes, *draft.guessed),
        replaced=redactor.summary,
        total=len(capture.sightings),
        compared=sum(act.seen is not None for act in draft.acts),
        differs=tuple(differs),
    )


def _with_faults(draft: Draft, command: str) -> list[Sighting | None]:
    """Add the faults that the captured answers need; returns what is answered then.

    The draft is played to see what it needs: first which refusals the simulator gives in the same
    words, then how its documents differ from those that were captured.
    """
    own = {
        number
        for number, act in enumerate(draft.acts)
        if act.seen is not None and act.seen.status in REFUSALS
    }
    if own:
        draft.faults = failures(draft, own)
        again = _played(draft, command)
        own -= {each.act for each in differences(draft, again)}
    draft.faults = failures(draft, own)
    again = _played(draft, command)
    repairs = [*edits(draft, again), *order(draft, again)]
    if repairs:
        draft.faults += repairs
        again = _played(draft, command)
    return again


def _played(draft: Draft, command: str) -> list[Sighting | None]:
    return answers(loaded(text_of(draft, command)), draft.acts)


def _findings(scenario: Scenario) -> list[str]:
    """Run the scenario through the built-in client, which must find everything as expected."""
    kind = client_kind(HTTP)
    verdict = asyncio.run(run_in_process(scenario, kind, "captured"))
    return [
        f"the scenario itself, line {scenario.source.place(each.path).line}: expected "
        f"{each.expected}, found {each.found}"
        for each in verdict.findings
    ]
