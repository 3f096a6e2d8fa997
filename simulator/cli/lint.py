"""``dcos-sim lint``: checks scenario files without running them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import rich_click as click

from simulator.cli import USAGE_ERROR
from simulator.harness.language.scenario import SUFFIX
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.language.source_file import SourceError


@click.command("lint")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(paths: tuple[Path, ...]) -> None:
    """Check scenario files, and folders of them: file:line:col, what is wrong, what to write.

    Exit status 0 when all is well, 4 otherwise.
    """
    good = wrong = scenarios = 0
    for path in paths:
        for file in _files(path):
            try:
                scenarios += len(load_scenarios(file))
                good += 1
            except SourceError as error:
                wrong += 1
                click.echo(str(error))
    if not good + wrong:
        click.echo(f"no *{SUFFIX} in {', '.join(map(str, paths))}")
    click.echo(f"{good} of {good + wrong} files are good ({scenarios} scenarios)")
    sys.exit(USAGE_ERROR if wrong or not good else 0)


def _files(path: Path) -> Iterator[Path]:
    """Yield the scenario files of a folder; a file as it is, also one that is not there."""
    if path.is_dir():
        yield from sorted(path.rglob(f"*{SUFFIX}"))
    else:
        yield path
