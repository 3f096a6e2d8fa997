"""Runs what a bundle holds again, and compares.

A bundle may come from anybody. Its scenario only says what a fake cluster does; but the profile in
it names programs, and a client in Python is imported: neither happens unless the user trusts it.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, final

from simulator.capture.bundles.archive import BundleError, shown
from simulator.capture.bundles.bundle import (
    CONTENTS,
    PROFILE,
    SCENARIO,
    Bundle,
    FoundModel,
    ScenarioModel,
    versions,
)
from simulator.capture.bundles.difference import Difference, difference, told
from simulator.capture.bundles.recorded import (
    Found,
    Recorded,
    entries,
    record,
    runs_in_real_time,
    why_not,
)
from simulator.harness.clients import HTTP, client_kind
from simulator.harness.clients.profiled import ProfiledClient
from simulator.harness.clients.python import PREFIX
from simulator.harness.language.profile_file import load_profile
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.language.source_file import SourceError
from simulator.harness.plain_text import printable
from simulator.harness.ports import ClientError

_HASH_SHOWN: Final = 12


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A scenario that was run again.

    Attributes:
        told: what the bundle says of it.
        recorded: what came of it now.
        differs: where its journal first differs; None where it is identical.
        real_time: whether real time has a part in it: it moves the cluster's, or a program waits.
    """

    told: ScenarioModel
    recorded: Recorded
    differs: Difference | None
    real_time: bool

    @property
    def same_verdict(self) -> bool:
        """Whether it passes or fails as it did, by the same checks at the same lines."""
        return self.told.passed == self.recorded.passed and _places(self.told.found) == _places(
            self.recorded.found
        )

    @property
    def is_identical(self) -> bool:
        """Whether nothing is different."""
        return self.differs is None and self.same_verdict

    def lines(self) -> Iterator[str]:
        """Yield lines that say it."""
        yield f"{'identical' if self.differs is None else 'different'}  {shown(self.told.title)}"
        if self.differs is None:
            start = self.told.sha256[:_HASH_SHOWN]
            yield f"           {entries(self.told.entries)}, sha256 {start}…"
        else:
            yield from (f"           {line}" for line in told(self.differs))
            if self.real_time:
                yield "           (real time has a part in this scenario: it may be the cause)"
        yield from (f"           {line}" for line in self._verdict_lines())

    def _verdict_lines(self) -> Iterator[str]:
        was, now = _word(passed=self.told.passed), _word(passed=self.recorded.passed)
        if self.same_verdict:
            yield f"verdict: {now}, as before"
            return
        yield f"verdict: was {was}, is {now} now" if was != now else f"verdict: {now}, differently"
        yield from (f"  was {shown(str(each))}" for each in self.told.found)
        yield from (f"  now {shown(str(each))}" for each in self.recorded.found)


def replayed(
    bundle: Bundle, *, client: str = "", trust: bool = False, keep: Path | None = None
) -> Iterator[Replayed]:
    """Run each scenario of a bundle again, with the seed that it had.

    Args:
        bundle: that has been read.
        client: as ``--client`` would name it; empty for that of the bundle.
        trust: whether programs and modules that the bundle names may be run.
        keep: a folder for everything in the bundle and for the journals of now; None for none.

    Raises:
        BundleError: when it cannot be run here, or must not be.
    """
    if keep:
        _make_empty(keep)
    with TemporaryDirectory(prefix="dcos-sim-") as folder:
        kind = _client(bundle, client, trust=trust, folder=Path(folder))
        scenarios = _scenarios(bundle, Path(folder))
    for scenario in scenarios:
        if why := why_not(scenario, kind):
            raise BundleError(f"cannot be run here: {why}")
    if keep:
        _keep_bundle(bundle, keep)
    parts = zip(bundle.contents.scenarios, scenarios, bundle.journals, strict=True)
    for said, scenario, journal in parts:
        recorded = _record(bundle, scenario, kind, said.seed, is_own=bool(client))
        if keep:
            _write(keep / "replayed" / Path(said.journal).name, recorded.data)
        yield Replayed(
            told=said,
            recorded=recorded,
            differs=_difference(said, journal, recorded),
            real_time=runs_in_real_time(scenario) or scenario.model.program is not None,
        )


def version_lines(bundle: Bundle) -> Iterator[str]:
    """Yield a line for each version that is not what it was."""
    was, now = bundle.contents.versions, versions()
    for name in sorted({*was, *now}):
        old, new = was.get(name, "missing"), now.get(name, "missing")
        if old != new:
            yield f"{shown(name)} was {shown(old)}, is {shown(new)} now"


# --- what runs -----------------------------------------------------------------------------------


def _client(bundle: Bundle, given: str, *, trust: bool, folder: Path) -> ProfiledClient:
    """Return the client to run through; nothing that the bundle names without trust."""
    told_client = bundle.contents.client
    if given:
        return _own_client(given)
    if told_client.kind == "built-in":
        return client_kind(HTTP)
    if told_client.kind == "python" and not told_client.given.startswith(PREFIX):
        raise BundleError(f"names a client {shown(told_client.given)!r} that is none in Python")
    what = "programs" if told_client.kind == "profile" else "code"
    if not trust:
        raise BundleError(
            f"was made with the client {shown(told_client.name)}, and would run {what} of its "
            "choice here: look into it and say --trust, or name a client of yours with --client"
        )
    try:
        if bundle.profile is None:
            return client_kind(told_client.given)
        return _bundled_profile(bundle.profile, folder)
    except ClientError as error:
        raise _not_here(error) from None
    except SourceError as error:
        raise BundleError(f"holds a client profile that is wrong\n{_said(error, folder)}") from None


def _own_client(given: str) -> ProfiledClient:
    try:
        return client_kind(given)
    except ClientError as error:
        raise BundleError(f"cannot be run: {error}") from None
    except SourceError as error:
        raise BundleError(f"cannot be run: the client profile is wrong\n{error}") from None


def _bundled_profile(data: bytes, folder: Path) -> ProfiledClient:
    """Load the profile of a bundle; its programs are started in the current folder."""
    file = folder / PROFILE
    file.write_bytes(data)
    return ProfiledClient(replace(load_profile(file), folder=Path.cwd()))


def _not_here(error: ClientError) -> BundleError:
    return BundleError(
        f"cannot be run through its own client here: {shown(str(error))}; run this in the folder "
        "where that client is, or name one with --client"
    )


def _scenarios(bundle: Bundle, folder: Path) -> Sequence[Scenario]:
    """Return what is to be run, in the order of the bundle."""
    file = folder / SCENARIO
    file.write_bytes(bundle.scenario)
    try:
        by_case = {each.case: each for each in load_scenarios(file)}
    except SourceError as error:
        raise BundleError(f"holds a scenario that is wrong here\n{_said(error, folder)}") from None
    for each in bundle.contents.scenarios:
        if each.case not in by_case:
            raise BundleError(f"names a case {shown(each.case)!r} that its scenario has not")
    return [by_case[each.case] for each in bundle.contents.scenarios]


def _said(error: SourceError, folder: Path) -> str:
    """Return what is wrong with a file of a bundle, by its name in there; it quotes the file."""
    lines = str(error).replace(f"{folder}{os.sep}", "").split("\n")
    return "\n".join(map(printable, lines))


def _record(
    bundle: Bundle, scenario: Scenario, kind: ProfiledClient, seed: str, *, is_own: bool
) -> Recorded:
    try:
        return record(scenario, kind, seed)
    except ClientError as error:
        if is_own or bundle.contents.client.kind == "built-in":
            raise BundleError(f"cannot be run: {shown(str(error))}") from None
        raise _not_here(error) from None


def _difference(said: ScenarioModel, journal: bytes, recorded: Recorded) -> Difference | None:
    try:
        return difference(_lines(journal), _lines(recorded.data))
    except ValueError as error:
        why = shown(str(error))
        raise BundleError(f"holds a {said.journal} that is no journal: {why}") from None


def _lines(journal: bytes) -> list[str]:
    """Return the lines of a journal; other ends of lines than its own may stand in them."""
    return journal.decode().removesuffix("\n").split("\n") if journal else []


def _places(found: Sequence[Found] | Sequence[FoundModel]) -> list[tuple[int, str]]:
    return [(each.line, each.code) for each in found]


def _word(*, passed: bool) -> str:
    return "passed" if passed else "failed"


# --- what is kept --------------------------------------------------------------------------------


def _make_empty(folder: Path) -> None:
    """Make a folder of which nothing can be overwritten."""
    with suppress(FileNotFoundError, NotADirectoryError):
        if any(folder.iterdir()):
            raise BundleError(f"cannot be kept in {folder}, which is not empty")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BundleError(f"cannot be kept in {folder}: {error.strerror}") from None


def _keep_bundle(bundle: Bundle, folder: Path) -> None:
    contents = bundle.contents.model_dump_json(indent=1).encode()
    _write(folder / CONTENTS, contents)
    _write(folder / SCENARIO, bundle.scenario)
    if bundle.profile is not None:
        _write(folder / PROFILE, bundle.profile)
    for each, journal in zip(bundle.contents.scenarios, bundle.journals, strict=True):
        _write(folder / "journal" / Path(each.journal).name, journal)


def _write(file: Path, data: bytes) -> None:
    try:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
    except OSError as error:
        raise BundleError(f"cannot be kept: {file}: {error.strerror}") from None
