"""What commands say that make a scenario of a capture, and how they write it."""

from pathlib import Path
from typing import Final

import rich_click as click

from simulator.capture.reproduce import Reproduction
from simulator.cli import refuse
from simulator.harness.language.scenario import SUFFIX

DIFFERS: Final = 1
"""The exit status where the scenario does not give the capture back."""


def check_output(output: str, *, force: bool) -> None:
    """Refuse a file that cannot be written, or that is there already, before anything is done."""
    if not output:
        return
    path = Path(output)
    if not path.absolute().parent.is_dir():
        refuse(f"-o {output}: there is no folder {path.absolute().parent}")
    if path.is_dir():
        refuse(f"-o {output}: is a folder; name a file in it")
    if path.exists() and not force:
        refuse(f"-o {output}: is there already; take another name, or say --force")


def write(text: str, output: str) -> None:
    """Write the scenario into a file; without one, to standard output."""
    if not output:
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        refuse(f"-o {output}: cannot be written: {error.strerror}")


def tell(made: Reproduction, output: str) -> None:
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
