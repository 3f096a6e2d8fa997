"""``dcos-sim reproduce``: what somebody has of a failure, as a scenario that shows it again."""

import sys

import rich_click as click

from simulator.capture.redaction import KINDS
from simulator.capture.reproduce import reproduce
from simulator.capture.sightings import CaptureError
from simulator.cli.told import DIFFERS, check_output, refuse, tell, write


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
def command(*, inputs: tuple[str, ...], output: str, force: bool, keep: tuple[str, ...]) -> None:
    """Make a scenario of what was captured of a cluster, and check it by playing it.

    INPUTS are files, folders, or - for standard input, and recognised by themselves: what dcos
    backup show or list printed (JSON or table), the API's JSON, several of these over time, logs
    of polls, HAR files, curl -v or -i, a journal or a JSON report of ours. Tokens, cookies,
    passwords, users, hosts and addresses are replaced before anything is written.

    Exit status 0: the scenario gives the capture back. 1: it was written, but differs as told.
    """
    check_output(output, force=force)
    if not inputs:
        refuse("name a file, a folder, or - for standard input")
    try:
        made = reproduce(inputs, keep)
    except CaptureError as error:
        refuse(str(error))
    write(made, output)
    tell(made, output)
    sys.exit(DIFFERS if made.differs else 0)
