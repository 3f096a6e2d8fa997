"""``dcos-sim test``: a thin front to pytest."""

import re
import sys
from itertools import pairwise
from pathlib import Path

import rich_click as click

from simulator.catalogue import catalogue_folder

_ALREADY_IMPORTED = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
"""pytest warns that this package was imported before it; no assertion of ours needs rewriting."""

_TAKES_A_VALUE = re.compile(
    "-[ckmnoprW]|--(basetemp|client|color|deselect|dist|durations|ignore|ignore-glob|junit-xml"
    "|junitxml|log-file|maxfail|rootdir|sim-seed|tb)"
)
"""Options whose value is a word of its own, which may happen to be the name of a file."""


@click.command(
    "test",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Run scenario files through a client: the bundled ones, or those that are named.

    Everything is pytest's: options (-k, -n, -x, --lf, --junitxml …), exit codes, output. Beside
    these: --client CLIENT (repeatable) and --sim-seed SEED. --help shows pytest's whole help.
    """
    import pytest  # noqa: PLC0415 - heavy

    sys.exit(pytest.main(_with_catalogue(arguments)))


def _with_catalogue(arguments: tuple[str, ...]) -> list[str]:
    """Add the bundled scenarios where no argument names a file or a folder."""
    given = list(arguments)
    named = any(
        not word.startswith("-")
        and not _TAKES_A_VALUE.fullmatch(before)
        and Path(word.partition("::")[0]).exists()
        for before, word in pairwise(["", *given])
    )
    folder = [] if named else [str(catalogue_folder())]
    return [*folder, *given, "--rootdir", str(Path.cwd()), "-W", _ALREADY_IMPORTED]
