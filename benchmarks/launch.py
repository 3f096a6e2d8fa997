"""From starting a process to its first answer: ``dcos-sim serve`` beside bare aiohttp."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import IO, Final

from measure import ROOT, AtMost, Figure, last_words, unavailable
from throughput import LIST

AIM_SECONDS: Final = AtMost(0.5)
SERVE: Final = ("-m", "simulator.cli.main", "serve", "--port", "0")
BARE: Final = (str(Path(__file__).with_name("bare.py")),)
LIBRARY: Final = (
    "-c",
    """\
from simulator.service.fake_cluster import FakeCluster
cluster = FakeCluster()
print(cluster.url, flush=True)
input()
""",
)
_URL: Final = re.compile(r"http://([\w.]+):(\d+)")


class _NoAnswerError(Exception):
    """The process ended, or never said where it listens."""


def measure(*, quick: bool) -> list[Figure]:
    """Measure three launches by turns."""
    rounds = 3 if quick else 10
    name = "dcos-sim serve: launch to first answer"
    try:
        _seconds(SERVE), _seconds(BARE), _seconds(LIBRARY)
        seen = [(_seconds(SERVE), _seconds(BARE), _seconds(LIBRARY)) for _ in range(rounds)]
    except _NoAnswerError as error:
        seen = [(0.0, _seconds(BARE), _seconds(LIBRARY)) for _ in range(rounds)]
        first = unavailable(name, "s", str(error))
    else:
        first = Figure(
            name=name,
            value=median(serve for serve, _, _ in seen),
            unit="s",
            bare=median(bare for _, bare, _ in seen),
            ratio=median(serve / bare for serve, bare, _ in seen),
            aim=AIM_SECONDS,
        )
    library = Figure(
        name="import and FakeCluster(): launch to first answer",
        value=median(library for _, _, library in seen),
        unit="s",
        bare=median(bare for _, bare, _ in seen),
        ratio=median(library / bare for _, bare, library in seen),
    )
    return [first, library]


def _seconds(arguments: Sequence[str]) -> float:
    started = perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own commands
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        host, port = _address(process.stdout)
        connection = HTTPConnection(host, port, timeout=10)
        connection.request("GET", LIST)
        connection.getresponse().read()  # any answer will do: a 401 without a token
        taken = perf_counter() - started
        connection.close()
    except _NoAnswerError:
        process.kill()
        _, errors = process.communicate()
        raise _NoAnswerError(last_words(errors)) from None
    finally:
        process.kill()
        process.wait()
    return taken


def _address(output: IO[str]) -> tuple[str, int]:
    for line in output:
        found = _URL.search(line)
        if found:
            return found[1], int(found[2])
    raise _NoAnswerError
