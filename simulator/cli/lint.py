"""``dcos-sim lint``: checks scenario files and client profiles without running them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import rich_click as click

from simulator.cli import USAGE_ERROR
from simulator.harness.language.profile_file import PROFILE_SUFFIX, load_profile
from simulator.harness.language.scenario import SUFFIX
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.language.source_file import SourceError, read_source

_SUFFIXES: Final = (SUFFIX, PROFILE_SUFFIX)


@click.command("lint")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(paths: tuple[Path, ...]) -> None:
    """Check scenario files and client profiles, and folders of them.

    Each problem is told as file:line:col, what is wrong, what to write. A folder's files are those
    that end with .scenario.yaml or .client.yaml; a file of another name is a profile if it has the
    key client. Exit status 0 when all is well, 4 otherwise.
    """
    good = wrong = scenarios = clients = 0
    for path in paths:
        for file in _files(path):
            try:
                if _is_profile(file):
                    load_profile(file)
                    clients += 1
                else:
                    scenarios += len(load_scenarios(file))
                good += 1
            except SourceError as error:
                wrong += 1
                click.echo(str(error))
    if not good + wrong:
        suffixes = " or ".join(f"*{suffix}" for suffix in _SUFFIXES)
        click.echo(f"no {suffixes} in {', '.join(map(str, paths))}")
    counted = f"{scenarios} scenarios" + (f", {clients} client profiles" if clients else "")
    click.echo(f"{good} of {good + wrong} files are good ({counted})")
    sys.exit(USAGE_ERROR if wrong or not good else 0)


def _files(path: Path) -> Iterator[Path]:
    """Yield the files of a folder that are ours; a file as it is, also one that is not there."""
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*.yaml") if file.name.endswith(_SUFFIXES))
    else:
        yield path


def _is_profile(file: Path) -> bool:
    if file.name.endswith(_SUFFIXES):
        return file.name.endswith(PROFILE_SUFFIX)
    value = read_source(file).value
    return isinstance(value, dict) and "client" in value
