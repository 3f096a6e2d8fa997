"""``dcos-sim explain``: what a scenario file scripts, before anything runs."""

import sys
from pathlib import Path

import rich_click as click

from simulator.cli import USAGE_ERROR
from simulator.harness.language.explanation import explanation
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.language.source_file import SourceError


@click.command("explain")
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Show the cluster, the timelines that the scripts give, and the steps of a scenario file."""
    try:
        scenarios = load_scenarios(file)
    except SourceError as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE_ERROR)
    click.echo("\n".join(explanation(scenarios)))
