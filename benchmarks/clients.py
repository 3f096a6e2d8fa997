"""What a client costs: our own part of an operation of a command, and ``dcos-backup`` itself."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final, TypeAlias

from catalogue import FailedError, seconds
from measure import ROOT, AtMost, Figure, compare, milliseconds, unavailable

from simulator.harness.clients.command import CommandClient
from simulator.harness.clients.processes import Processes
from simulator.harness.language.profile_model import CommandProfile
from simulator.harness.ports import Ok, Target

AIM_OPERATION_MS: Final = AtMost(10)
AIM_START_MS: Final = AtMost(150)
AIM_CATALOGUE_SECONDS: Final = AtMost(120)

PROFILE: Final = ROOT / "examples" / "dcos-backup" / "json.client.yaml"
CATALOGUE: Final = ("-m", "simulator.cli.main", "test", "-q", "-n", "2", "--client", str(PROFILE))
TARGET: Final = Target(url="http://127.0.0.1:1", token="t", username="u", password="p")  # noqa: S106
DOES_NOTHING: Final = "true"

Work: TypeAlias = Callable[[], None]


def measure(*, quick: bool) -> list[Figure]:
    """Measure the parts, then the whole."""
    rounds = 20 if quick else 200
    return [_operation(rounds), _start(rounds // 10), _catalogue(1 if quick else 3)]


def _operation(rounds: int) -> Figure:
    """Run a command that does nothing as an operation, and by ``subprocess.run``, by turns."""
    with asyncio.Runner() as runner:
        processes = Processes(Path.cwd(), {}, TARGET)
        words = {"client": "x", "kind": "command", "operations": {"delete": [DOES_NOTHING]}}
        client = CommandClient(CommandProfile.model_validate(words), processes)

        def ours() -> None:
            outcome = runner.run(client.delete("x"))
            assert outcome == Ok(), outcome

        figure = _more("our part of a command's operation", ours, _bare, rounds, AIM_OPERATION_MS)
        processes.close()
    return figure


def _bare() -> None:
    subprocess.run(  # noqa: S603 - a program that does nothing
        [DOES_NOTHING],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        start_new_session=True,
        check=True,
    )


def _start(rounds: int) -> Figure:
    """Start ``dcos-backup`` and bare Python, by turns."""

    def python(*arguments: str) -> None:
        command = [sys.executable, *arguments]
        subprocess.run(command, capture_output=True, check=True, cwd=ROOT)  # noqa: S603 - ours

    name = "dcos-backup --info, more than bare Python"
    ours = partial(python, "-m", "simulator.dcos_backup", "--info")
    return _more(name, ours, partial(python, "-c", "pass"), rounds, AIM_START_MS)


def _more(name: str, ours: Work, bare: Work, rounds: int, aim: AtMost) -> Figure:
    """Measure how much longer ours takes than something bare."""
    compared = compare(
        lambda: {"ms": milliseconds(ours)}, lambda: {"ms": milliseconds(bare)}, rounds
    )["ms"]
    details = {"ours, ms": compared.ours, "bare, ms": compared.bare}
    more = compared.ours - compared.bare
    return Figure(name=name, value=more, unit="ms", aim=aim, details=details)


def _catalogue(rounds: int) -> Figure:
    name = "the whole catalogue through dcos-backup, -n 2"
    here = str(Path(sys.executable).parent)
    os.environ["PATH"] = here + os.pathsep + os.environ["PATH"]
    try:
        taken = median(seconds(CATALOGUE, ROOT) for _ in range(rounds))
    except FailedError as error:
        return unavailable(name, "s", str(error))
    return Figure(name=name, value=taken, unit="s", aim=AIM_CATALOGUE_SECONDS)
