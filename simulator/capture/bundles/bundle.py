"""The bundle: a scenario with all that is needed to run it again, and its journals, in one file.

A zip file (``archive.py``) with these entries, in this order::

    bundle.json              what is in here: a ``Contents``
    scenario.scenario.yaml   the scenario file, as it is
    client.client.yaml       the profile of the client without its secrets, where it has one
    journal/01-NAME.jsonl    what the cluster saw, for each scenario of the file

Names in a bundle follow from its contents. What is read is checked against them, so that no name
of a bundle ever becomes a path.
"""

import hashlib
import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final, Literal, final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.capture.bundles.archive import MIB, BundleError, json_of, packed, shown, unpacked
from simulator.capture.bundles.profile_secrets import ProfileSecrets
from simulator.capture.bundles.recorded import FINDING_MAX, Found, Recorded, record, why_not
from simulator.harness.clients.profiled import ProfiledClient
from simulator.harness.language.profile_file import PROFILE_SUFFIX
from simulator.harness.language.profile_model import PythonProfile
from simulator.harness.language.scenario import SUFFIX, Scenario
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.ports import LacksError
from simulator.harness.report import PACKAGES
from simulator.harness.seeds import seed_of

FORMAT: Final = 1
"""Counts up when something in a bundle gets another meaning or is left out."""

BUNDLE_SUFFIX: Final = ".dcos-sim.zip"
CONTENTS: Final = "bundle.json"
SCENARIO: Final = f"scenario{SUFFIX}"
PROFILE: Final = f"client{PROFILE_SUFFIX}"

_KNOWN: Final = re.compile(
    rf"{re.escape(CONTENTS)}|{re.escape(SCENARIO)}|{re.escape(PROFILE)}"
    r"|journal/[0-9]{2,4}-[a-z0-9-]{1,60}\.jsonl"
)
_TEXT_MAX: Final = 4 * MIB
"""Bytes of what is not a journal."""

_SLUG_MAX: Final = 60

Short = Annotated[str, Field(max_length=1000)]
Named = Annotated[str, Field(min_length=1, max_length=1000)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Values(BaseModel):
    """Values of the types that are named, and no others: nothing is guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class FoundModel(_Values):
    """Something that was not as expected; as ``Found``."""

    line: Annotated[int, Field(ge=1)]
    code: Short
    text: Annotated[str, Field(max_length=FINDING_MAX + 1)]

    def __str__(self) -> str:
        return str(Found(**self.model_dump()))


class ScenarioModel(_Values):
    """One scenario and what came of it.

    Attributes:
        case: the name of its case; empty where the file has none.
        title: what it shows.
        seed: of its cluster.
        passed: whether all was as expected.
        found: what was not.
        entries: how many the journal has.
        journal: the entry of the archive that holds it.
        sha256: of the journal.
    """

    case: Short
    title: Short
    seed: Named
    passed: bool
    found: list[FoundModel]
    entries: Annotated[int, Field(ge=0)]
    journal: Named
    sha256: Hash


class ClientModel(_Values):
    """The client.

    Attributes:
        name: what names of tests call it.
        given: what ``--client`` called it: of a path the last part only.
        kind: ``built-in``, ``python`` or ``profile``.
    """

    name: Named
    given: Named
    kind: Literal["built-in", "python", "profile"]


class Contents(_Values):
    """What a bundle says of itself.

    Attributes:
        format: of the bundle.
        scenario: the name of the scenario file.
        client: that the scenarios were run through.
        versions: of what they were run with.
        scenarios: in the order of the file.
    """

    format: Literal[1]
    scenario: Named
    client: ClientModel
    versions: Annotated[dict[Short, Short], Field(max_length=50)]
    scenarios: Annotated[list[ScenarioModel], Field(min_length=1)]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle that has been read and checked.

    Attributes:
        contents: what it says of itself.
        scenario: the scenario file.
        profile: the client's; None where it has none.
        journals: of the scenarios, in their order; each has the hash that the contents name.
    """

    contents: Contents
    scenario: bytes
    profile: bytes | None
    journals: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A scenario on its way into a bundle.

    Attributes:
        seed: of its cluster.
        recorded: what came of it; None where the client cannot run it.
        skipped: why it cannot.
    """

    scenario: Scenario
    seed: str
    recorded: Recorded | None
    skipped: str = ""


# --- making --------------------------------------------------------------------------------------


def chosen(file: Path, case: str = "") -> tuple[Scenario, ...]:
    """Return the scenarios of a file, or the one of a case.

    Raises:
        SourceError: when the file is wrong.
        BundleError: when it has no such case.
    """
    scenarios = load_scenarios(file)
    if not case:
        return scenarios
    found = tuple(each for each in scenarios if each.case == case)
    if not found:
        cases = ", ".join(each.case for each in scenarios if each.case)
        raise BundleError(f"{file} has no case {case!r}; it has {cases or 'no cases at all'}")
    return found


def take(scenario: Scenario, kind: ProfiledClient, given_seed: str) -> Taken:
    """Run a scenario with the seed that ``dcos-sim test`` would give it.

    Raises:
        ClientError: when the client cannot be run.
    """
    seed = seed_of(scenario, given=given_seed)
    skipped = why_not(scenario, kind)
    if skipped:
        return Taken(scenario=scenario, seed=seed, recorded=None, skipped=skipped)
    try:
        return Taken(scenario=scenario, seed=seed, recorded=record(scenario, kind, seed))
    except LacksError as error:
        return Taken(scenario=scenario, seed=seed, recorded=None, skipped=f"{error}")


def bundled(file: Path, kind: ProfiledClient, taken: Sequence[Taken]) -> bytes:
    """Return the bundle of what was run; the same runs give the same bytes.

    Raises:
        BundleError: when nothing was run, or there is too much of it.
    """
    ran = [(each, each.recorded) for each in taken if each.recorded]
    if not ran:
        raise BundleError(f"nothing to bundle: {taken[0].skipped}")
    names = [_journal_name(index, each.scenario.name) for index, (each, _) in enumerate(ran)]
    try:
        contents = Contents(
            format=FORMAT,
            scenario=_short(file.name),
            client=_client_model(kind),
            versions=versions(),
            scenarios=[
                _scenario_model(each, recorded, name)
                for name, (each, recorded) in zip(names, ran, strict=True)
            ],
        )
    except ValidationError as error:  # a seed or a name that no bundle could be read with
        raise BundleError(f"cannot be bundled: {_first(error)}") from None
    entries = {CONTENTS: _json_text(contents), SCENARIO: file.read_bytes()}
    if kind.profile.source:
        entries[PROFILE] = ProfileSecrets(kind.profile).profile_text().encode()
    entries |= {name: recorded.data for name, (_, recorded) in zip(names, ran, strict=True)}
    return packed(entries)


def versions() -> dict[str, str]:
    """Return the versions of what runs scenarios here, as reports name them."""
    packages = {package: version(package) for package in PACKAGES}
    return {"python": platform.python_version(), **packages}


def _scenario_model(taken: Taken, recorded: Recorded, journal: str) -> ScenarioModel:
    return ScenarioModel(
        case=_short(taken.scenario.case),
        title=_short(taken.scenario.title),
        seed=taken.seed,
        passed=recorded.passed,
        found=[FoundModel(**asdict(each)) for each in recorded.found],
        entries=len(recorded.journal),
        journal=journal,
        sha256=hashlib.sha256(recorded.data).hexdigest(),
    )


def _client_model(kind: ProfiledClient) -> ClientModel:
    if kind.profile.source:
        return ClientModel(name=kind.name, given=Path(kind.given).name, kind="profile")
    is_python = isinstance(kind.profile.model, PythonProfile)
    return ClientModel(name=kind.name, given=kind.given, kind="python" if is_python else "built-in")


def _journal_name(index: int, name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[:_SLUG_MAX].strip("-")
    return f"journal/{index + 1:02}-{slug or 'scenario'}.jsonl"


def _short(text: str) -> str:
    return text[:1000]


def _json_text(contents: Contents) -> bytes:
    text = json.dumps(contents.model_dump(), indent=1, ensure_ascii=False)
    return f"{text}\n".encode(errors="backslashreplace")


# --- reading -------------------------------------------------------------------------------------


def read_bundle(path: Path) -> Bundle:
    """Read a bundle that may come from anybody.

    Raises:
        BundleError: with one sentence, when anything about it is not as it should be.
    """
    entries = unpacked(path, _KNOWN)
    for name in (CONTENTS, SCENARIO):
        if name not in entries:
            raise BundleError(f"is no bundle: it has no {name}")
    for name in (CONTENTS, SCENARIO, PROFILE):
        if len(entries.get(name, b"")) > _TEXT_MAX:
            raise BundleError(f"holds a {name} that is larger than any")
    contents = _contents(entries[CONTENTS])
    _check_names(contents, entries)
    for each in contents.scenarios:
        if hashlib.sha256(entries[each.journal]).hexdigest() != each.sha256:
            raise BundleError(f"is damaged: {each.journal} has not the sha256 that it should")
    return Bundle(
        contents=contents,
        scenario=entries[SCENARIO],
        profile=entries.get(PROFILE),
        journals=tuple(entries[each.journal] for each in contents.scenarios),
    )


def _contents(data: bytes) -> Contents:
    try:
        value = json_of(data)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"has a {CONTENTS} that cannot be read: {shown(str(error))}") from None
    if not isinstance(value, dict):
        raise BundleError(f"has a {CONTENTS} that is no mapping")
    if value.get("format") != FORMAT:
        what = shown(repr(value.get("format")))
        raise BundleError(f"is of format {what}, and this version reads format {FORMAT}")
    try:
        return Contents.model_validate(value)
    except ValidationError as error:
        raise BundleError(f"has a {CONTENTS} that is wrong: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    problem: Any = error.errors(include_url=False, include_input=False)[0]
    where = shown(".".join(map(str, problem["loc"])))
    return f"{where}: {problem['msg']}"


def _check_names(contents: Contents, entries: Mapping[str, bytes]) -> None:
    named = {CONTENTS, SCENARIO}
    if contents.client.kind == "profile":
        named.add(PROFILE)
    for index, each in enumerate(contents.scenarios):
        start = f"journal/{index + 1:02}-"
        if not each.journal.startswith(start) or not _KNOWN.fullmatch(each.journal):
            raise BundleError(f"has a {CONTENTS} that names a journal {shown(each.journal)!r}")
        named.add(each.journal)
    if missing := sorted(named - set(entries)):
        raise BundleError(f"has no {shown(missing[0])}, which its {CONTENTS} names")
    if left := sorted(set(entries) - named):
        raise BundleError(f"holds {left[0]!r}, which its {CONTENTS} does not name")
