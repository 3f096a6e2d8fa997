"""``dcos-sim reproduce``: what somebody has of a failure, as a scenario that shows it again."""

import shutil
import sys

import rich_click as click

from simulator.capture.causes import (
    UnknownCauseError,
    cause_named,
    cause_of,
    cause_table,
)
from simulator.capture.reproduce import reproduce
from simulator.capture.secrets.redaction import KINDS
from simulator.capture.sightings import CaptureError
from simulator.cli import refuse
from simulator.cli.told import DIFFERS, check_output, tell, write
from simulator.harness.staging import first_trouble


@click.command("reproduce")
@click.argument("inputs", nargs=-1)
@click.option("-o", "--output", default="", metavar="FILE", help="Write the scenario here.")
@click.option("--force", is_flag=True, help="Write FILE also where there is one already.")
@click.option(
    "--keep",
    multiple=True,
    type=click.Choice(KINDS),
    help="Leave this kind of secret as it is; may be repeated.",
)
@click.option("--list", "lists", is_flag=True, help="List the known causes of STATUS_ERROR.")
@click.option(
    "--cause", default="", metavar="NAME", help="Serve a known cause, or write it with -o."
)
def command(
    *,
    inputs: tuple[str, ...],
    output: str,
    force: bool,
    keep: tuple[str, ...],
    lists: bool,
    cause: str,
) -> None:
    """Make a scenario of what was captured of a cluster, and check it by playing it.

    INPUTS are files, folders, or - for standard input, and recognised by themselves: what dcos
    backup show or list printed (JSON or table), the API's JSON, several of these over time, logs
    of polls, HAR files, curl -v or -i, a journal or a JSON report of ours. Tokens, cookies,
    passwords, users, hosts and addresses are replaced before anything is written.

    Exit status 0: the scenario gives the capture back. 1: it was written, but differs as told.
    """
    check_output(output, force=force)
    if lists or cause:
        if inputs:
            refuse(f"--{'list' if lists else 'cause'} takes no inputs; leave them out")
        _show_causes() if lists else _show_cause(cause, output)
        return
    if not inputs:
        refuse("name a file, a folder, or - for standard input")
    try:
        made = reproduce(inputs, keep)
    except CaptureError as error:
        refuse(str(error))
    write(made.text, output)
    tell(made, output)
    sys.exit(DIFFERS if made.differs else 0)


def _show_causes() -> None:
    width = shutil.get_terminal_size().columns
    for line in cause_table(width):
        click.echo(line)


def _show_cause(name: str, output: str) -> None:
    """Write a known cause where that is wanted; otherwise serve it until Ctrl-C."""
    try:
        scenario = cause_named(name)
    except UnknownCauseError as error:
        refuse(str(error))
    if output:
        write("\n".join(scenario.source.lines) + "\n", output)
        click.echo(f"written   {output}", err=True)
        return
    cause = cause_of(scenario)
    click.echo(f"you see   {cause.sees}")
    click.echo(f"why       {cause.why} ({cause.evidence})")
    click.echo(f"a client  should: {cause.client}")
    from simulator.cli.serve import serve_scenario  # noqa: PLC0415 - only where one is served

    serve_scenario(scenario, steps=first_trouble(scenario))
