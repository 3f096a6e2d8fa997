"""``dcos-sim reproduce``: what somebody has of a failure, as a scenario that shows it again."""

import shutil
import sys
from pathlib import Path

import rich_click as click

from simulator.capture.causes import (
    UnknownCauseError,
    cause_named,
    cause_of,
    cause_table,
)
from simulator.capture.redaction import KINDS
from simulator.capture.reproduce import Reproduction, reproduce
from simulator.capture.sightings import CaptureError
from simulator.cli import refuse
from simulator.harness.language.scenario import SUFFIX
from simulator.harness.staging import first_trouble

DIFFERS = 1
"""The exit status where the scenario does not give the capture back."""


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
    _check_output(output, force=force)
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
    _write(made.text, output)
    _tell(made, output)
    sys.exit(DIFFERS if made.differs else 0)


def _check_output(output: str, *, force: bool) -> None:
    if not output:
        return
    path = Path(output)
    if not path.absolute().parent.is_dir():
        refuse(f"-o {output}: there is no folder {path.absolute().parent}")
    if path.is_dir():
        refuse(f"-o {output}: is a folder; name a file in it")
    if path.exists() and not force:
        refuse(f"-o {output}: is there already; take another name, or say --force")


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
        _write("\n".join(scenario.source.lines) + "\n", output)
        click.echo(f"written   {output}", err=True)
        return
    cause = cause_of(scenario)
    click.echo(f"you see   {cause.sees}")
    click.echo(f"why       {cause.why} ({cause.evidence})")
    click.echo(f"a client  should: {cause.client}")
    from simulator.cli.serve import serve_scenario  # noqa: PLC0415 - only where one is served

    serve_scenario(scenario, steps=first_trouble(scenario))


def _write(text: str, output: str) -> None:
    if not output:
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        refuse(f"-o {output}: cannot be written: {error.strerror}")


def _tell(made: Reproduction, output: str) -> None:
    """Say on standard error what was read, replaced, guessed, and found when it was played."""
    for title, lines in (
        ("seen", made.seen),
        ("replaced", made.replaced or ("nothing that looks like a secret",)),
        ("guessed", made.guessed or ("nothing",)),
    ):
        for line in lines:
            click.echo(f"{title:9} {line}", err=True)
    answers = "1 answer" if made.total == 1 else f"{made.total} answers"
    if made.compared < made.total:
        answers += f" ({made.compared} of them; the others repeat these)"
    if made.differs:
        click.echo(f"replayed  {answers}; what differs from the capture:", err=True)
        for line in made.differs:
            click.echo(f"          {line}", err=True)
    else:
        click.echo(f"replayed  {answers}, the same as captured", err=True)
    if output:
        click.echo(f"written   {output}", err=True)
        if not output.endswith(SUFFIX):
            click.echo(
                f"          (pytest finds it by itself when it ends with {SUFFIX})", err=True
            )
