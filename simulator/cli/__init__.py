"""The command ``dcos-sim``: one thin file for each of its commands."""

import sys
from typing import Final, NoReturn

import rich_click as click

USAGE_ERROR: Final = 4
"""Exit status for what the user has to change, as in pytest."""


def refuse(sentence: str) -> NoReturn:
    """End the command with one sentence that says what to change."""
    click.echo(sentence, err=True)
    sys.exit(USAGE_ERROR)
