"""The zoo: broken clients, each one small change in a correct one, and what kills them.

    python tests/zoo/zoo.py             run the bundled scenarios against all of them (an hour)
    python tests/zoo/zoo.py NAME...     against some, and keep what is known of the others
    python tests/zoo/zoo.py --all       do not stop at a client that many have found (hours)

Writes ``kill-matrix.json`` beside this file and ``docs/explanation/kill-matrix.md``. The tests
in this folder try each client against what is known to kill it: that takes a minute.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import yaml

from simulator.catalogue import catalogue_folder
from simulator.harness.checks.catalogue import CHECKS
from simulator.harness.clients import client_kind
from simulator.harness.clients.in_process import run_in_process
from simulator.harness.clients.profiled import ProfiledClient
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.ports import ClientError

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = Path(__file__).parent
MATRIX: Final = FOLDER / "kill-matrix.json"
PAGE: Final = ROOT / "docs" / "explanation" / "kill-matrix.md"

FAMILIES: Final = (
    *("wrong requests", "swallowed errors", "wrong parsing", "wrong id", "ambiguous outcomes"),
    *("polling", "tokens", "verdicts of programs", "output"),
)

PROFILE: Final = "mutant.client.yaml"

SEED: Final = "zoo"
EXPECTATION: Final = "scenario"
"""Stands for a code where a scenario itself expects something else."""

ENOUGH: Final = 3
"""So many scenarios that find a client are enough to know."""

PROGRAM_TIMEOUT: Final = ("timeout: 60s", "timeout: 20s")
"""Of the examples, and enough for a broken one: many of these wait for ever."""

Kills = Mapping[str, Sequence[str]]
"""What kills a client: names of scenarios, each with the codes that found it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A broken client.

    Attributes:
        language: the name of its correct client.
        short: its name among the broken ones of that.
        family: of mistakes.
        says: what it does wrong, after "a client that".
        survives: why nothing can be expected to kill it; empty for all others.
        folder: of its correct client.
        into: where that is copied to, below the folder that it is made in.
        profile: of its correct client.
        file: the file that is changed.
        replace: what stands there once.
        by: what stands there then.
    """

    language: str
    short: str
    family: str
    says: str
    survives: str
    folder: Path
    into: str
    profile: Path
    file: str
    replace: str
    by: str

    @property
    def name(self) -> str:
        """Its name in the zoo."""
        return f"{self.language}/{self.short}"

    def made_in(self, place: Path) -> Path:
        """Make the client in an empty folder; returns its profile."""
        home = place / self.into
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(self.folder, home, ignore=ignored, dirs_exist_ok=True)
        source = home / self.file
        text = source.read_text(encoding="utf-8")
        assert text.count(self.replace) == 1, f"{self.name}: must occur once in {self.file}"
        source.write_text(text.replace(self.replace, self.by), encoding="utf-8")
        if self.into:
            (home.parent / "__init__.py").touch()
        profile = place / PROFILE
        profile.write_text(self.profile.read_text().replace(*PROGRAM_TIMEOUT), encoding="utf-8")
        return profile


def mutants() -> Iterator[Mutant]:
    """Yield every broken client."""
    for path in sorted(FOLDER.glob("*.zoo.yaml")):
        zoo = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
        for entry in zoo["mutants"]:
            yield Mutant(
                short=entry["name"],
                language=path.name.removesuffix(".zoo.yaml"),
                family=entry["family"],
                says=entry["says"],
                survives=entry.get("survives", ""),
                folder=ROOT / zoo["folder"],
                into=zoo.get("into", ""),
                profile=ROOT / zoo["profile"],
                file=entry["in"],
                replace=entry["replace"],
                by=entry["by"],
            )


def scenarios() -> dict[str, Scenario]:
    """Return the bundled scenarios by name: folder, file and case."""
    catalogue = catalogue_folder()
    found = {}
    for path in sorted(catalogue.rglob("*.scenario.yaml")):
        name = str(path.relative_to(catalogue)).removesuffix(".scenario.yaml")
        for scenario in load_scenarios(path):
            found[f"{name}::{scenario.case}" if scenario.case else name] = scenario
    return found


def client_in(profile: Path) -> ProfiledClient:
    """Load a client; one in Python is imported anew, whatever another of its name was."""
    forget(profile.parent)
    return client_kind(str(profile))


def forget(folder: Path) -> None:
    """Let nobody find the modules of a client by their names any more."""
    for name in {file.stem for file in folder.glob("*.py")} & set(sys.modules):
        del sys.modules[name]
    sys.path[:] = [entry for entry in sys.path if not (Path(entry) / PROFILE).exists()]


def kills(mutant: Mutant, tried: Mapping[str, Scenario], enough: int) -> dict[str, list[str]]:
    """Run scenarios through a broken client, and return those that find it: so many at most."""
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as place:
        kind = client_in(mutant.made_in(Path(place)))
        for name in _in_some_order(mutant, tried):
            if len(found) < enough and (codes := asyncio.run(_found(tried[name], kind))):
                found[name] = codes
        forget(Path(place))
    return found


def _in_some_order(mutant: Mutant, tried: Mapping[str, Scenario]) -> list[str]:
    """Return the names of scenarios in an order of the client's own: neighbours find the same."""
    return sorted(tried, key=lambda name: sha256(f"{mutant.name} {name}".encode()).digest())


async def _found(scenario: Scenario, kind: ProfiledClient) -> list[str]:
    if scenario.lacking(kind.operations, kind.programs):
        return []
    if scenario.needs_virtual_time and kind.lacks_virtual_time:
        return []
    try:
        verdict = await run_in_process(scenario, kind, SEED)
    except ClientError:
        return ["cannot be run"]
    findings = (*verdict.findings, *verdict.judged.warnings)
    return sorted({each.check.code if each.check else EXPECTATION for each in findings})


# --- the matrix ----------------------------------------------------------------------------------


def known_kills() -> dict[str, Kills]:
    """Return the kill matrix as it was last written."""
    known: dict[str, Kills] = json.loads(MATRIX.read_text(encoding="utf-8"))
    return known


def page(matrix: Mapping[str, Kills]) -> str:
    """Return the kill matrix as a page of the documentation."""
    zoo = list(mutants())
    lines = [*_head(zoo, matrix), ""]
    for language in sorted({mutant.language for mutant in zoo}):
        lines += [f"## {language}", "", "| A client that … | Family | Scenarios | Found by |"]
        lines += ["|---|---|---|---|"]
        lines += [_row(each, matrix[each.name]) for each in zoo if each.language == language]
        lines.append("")
    lines += _once(zoo, matrix)
    lines += _idle(matrix)
    return "\n".join(lines)


def _head(zoo: Sequence[Mutant], matrix: Mapping[str, Kills]) -> Iterator[str]:
    dead = [mutant for mutant in zoo if matrix[mutant.name]]
    languages = ", ".join(sorted({mutant.language for mutant in zoo}))
    yield "# The kill matrix"
    yield ""
    yield "<!-- made by tests/zoo/zoo.py -->"
    yield ""
    yield "What proves that the harness finds what it claims to find: a zoo of broken clients, each"
    yield "one small, plausible change in a correct one. They were written before anybody looked at"
    yield "what finds them. `python tests/zoo/zoo.py` runs all bundled scenarios against them all."
    yield ""
    yield f"- {len(zoo)} broken clients of {languages}"
    yield f"- {len(dead)} are found; {len(zoo) - len(dead)} survive"
    for mutant in zoo:
        if not matrix[mutant.name]:
            why = mutant.survives or "nobody knows why"
            yield f"    - **{mutant.name}** {mutant.says}: {why}"
    yield "- their correct clients pass every scenario, without a warning: `tests/examples`"


def _row(mutant: Mutant, killers: Kills) -> str:
    counted = Counter(code for codes in killers.values() for code in codes)
    codes = ", ".join(code for code, _ in counted.most_common(4)) or "nothing"
    count = f"{len(killers)}{' or more' if len(killers) >= ENOUGH else ''}"
    return f"| {mutant.says} (`{mutant.short}`) | {mutant.family} | {count} | {codes} |"


def _once(zoo: Iterable[Mutant], matrix: Mapping[str, Kills]) -> Iterator[str]:
    yield "## Found by one scenario only"
    yield ""
    yield "Such a scenario must not be lost."
    yield ""
    for mutant in zoo:
        if len(matrix[mutant.name]) == 1:
            yield f"- `{mutant.name}`: {next(iter(matrix[mutant.name]))}"
    yield ""


def _idle(matrix: Mapping[str, Kills]) -> Iterator[str]:
    killers = {name for kills in matrix.values() for name in kills}
    codes = {code for kills in matrix.values() for found in kills.values() for code in found}
    files = {name.partition("::")[0] for name in scenarios()}
    busy = {name.partition("::")[0] for name in killers}
    yield "## What finds nothing here"
    yield ""
    yield "These are about other mistakes than those in the zoo, or about what must work; or others"
    yield f"were enough: a client is not tried any further when {ENOUGH} scenarios have found it."
    yield "The slow ones (bash, dcos-backup) were tried where their mistake was to be expected."
    yield ""
    checks = ", ".join(code for code in CHECKS if code not in codes)
    yield f"Checks: {checks or 'none'}."
    yield ""
    yield f"Scenario files, {len(files - busy)} of {len(files)}:"
    yield ""
    yield from (f"- {name}" for name in sorted(files - busy))
    yield ""


def main() -> None:
    """Run the zoo, and write the matrix and its page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a broken client")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    parser.add_argument("--all", action="store_true", help=f"do not stop at {ENOUGH} scenarios")
    parser.add_argument("--one", metavar="NAME", help="print what finds this one, as JSON")
    given = parser.parse_args()
    zoo = {mutant.name: mutant for mutant in mutants()}
    for name in (*given.names, *filter(None, [given.one])):
        if name not in zoo:
            parser.error(f"there is no {name} in the zoo")
    if given.one:
        tried = scenarios()
        found = kills(zoo[given.one], tried, len(tried) if given.all else ENOUGH)
        print(json.dumps(found))  # noqa: T201
    else:
        _run(zoo, given.names or list(zoo), given)


def _run(zoo: Mapping[str, Mutant], names: Sequence[str], given: argparse.Namespace) -> None:
    matrix: dict[str, Kills] = dict(known_kills()) if MATRIX.exists() else {}
    with ThreadPoolExecutor(given.jobs) as pool:
        running = {pool.submit(_in_process, name, is_all=given.all): name for name in names}
        for done in as_completed(running):
            name = running[done]
            matrix[name] = done.result()
            count = len(matrix[name])
            print(f"{name}: {f'found by {count}' if count else 'SURVIVES'}", flush=True)  # noqa: T201
            _write({known: matrix[known] for known in zoo if known in matrix})
    if set(matrix) >= set(zoo):
        PAGE.write_text(page(matrix), encoding="utf-8")


def _in_process(name: str, *, is_all: bool) -> Kills:
    """Return what finds a client: in a process of its own, which a broken one may well break."""
    command = [sys.executable, __file__, "--one", name, *(["--all"] if is_all else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: Kills = json.loads(done.stdout.splitlines()[-1])
    return found


def _write(matrix: Mapping[str, Kills]) -> None:
    text = json.dumps(matrix, indent=1, sort_keys=True)
    MATRIX.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
