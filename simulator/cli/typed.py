"""What can be typed while a cluster is served: its time, in the hands of whoever watches."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Final

import rich_click as click

from simulator.clock import Clock, ClockError
from simulator.core.instants import duration_text, rfc3339
from simulator.core.time_policies import Manual, Rate, TimePolicy
from simulator.simulation import Simulation

RATE_MIN, RATE_MAX = 0.1, 1_000_000

HELP: Final = (
    "time | pause | resume | rate 60 | advance 90s | next | "
    "until LABEL-OR-ID STATUS_READY [within 1h]"
)

_READ_AT_ONCE: Final = 4096


def time_policy(rate: float) -> TimePolicy:
    """Return what moves time at a rate; 0 stands for time that stands still.

    Raises:
        ValueError: when there is no such rate.
    """
    if rate == 0:
        return Manual()
    if not RATE_MIN <= rate <= RATE_MAX:
        raise ValueError(f"the rate must be from {RATE_MIN} to {RATE_MAX}, or 0: time stands still")
    return Rate(rate)


def obey(line: str, cluster: Simulation) -> str:
    """Do what a typed line says; return what to answer, also where it cannot be done."""
    verb, *words = line.split() or [""]
    do = _VERBS.get(verb)
    if do is None:
        return f"there is no {verb!r}; type one of: {HELP}" if verb else ""
    try:
        do(cluster.clock, words)
    except (ValueError, ClockError) as error:
        return str(error)
    return _time(cluster.clock)


def listen(cluster: Simulation) -> None:
    """Obey what is typed from now on, in a thread of its own, until standard input ends."""
    if hasattr(signal, "SIGTTIN"):  # in the background of a shell reading fails, and stops nothing
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    if sys.stdin is not None:
        threading.Thread(
            target=_read, args=(sys.stdin.fileno(), cluster), name="typed", daemon=True
        ).start()


def _read(descriptor: int, cluster: Simulation) -> None:
    """Read lines without Python's buffer, which would be locked when the process ends."""
    typed = b""
    while True:
        try:
            data = os.read(descriptor, _READ_AT_ONCE)
        except OSError:
            return
        *lines, typed = (typed + data).split(b"\n")
        for line in lines:
            answer = obey(line.decode(errors="replace"), cluster)
            if answer:
                click.echo(answer)
        if not data:
            return


def _time(clock: Clock) -> str:
    paused = ", paused" if clock.is_paused else ""
    return f"{rfc3339(clock.now)}, +{duration_text(clock.elapsed)}, {clock.policy}{paused}"


def _nothing(clock: Clock, words: list[str]) -> None:
    del clock
    _needs(words, 0, "time")


def _pause(clock: Clock, words: list[str]) -> None:
    _needs(words, 0, "pause")
    clock.pause()


def _resume(clock: Clock, words: list[str]) -> None:
    _needs(words, 0, "resume")
    clock.resume()


def _rate(clock: Clock, words: list[str]) -> None:
    _needs(words, 1, "rate 60")
    try:
        rate = float(words[0])
    except ValueError:
        raise ValueError(f"{words[0]!r} is no number; type one like: rate 60") from None
    clock.policy = time_policy(rate)


def _advance(clock: Clock, words: list[str]) -> None:
    if words in (["next"], ["to", "next"]):
        clock.advance_to_next()
        return
    _needs(words, 1, "advance 90s")
    clock.advance(words[0])


def _next(clock: Clock, words: list[str]) -> None:
    _needs(words, 0, "next")
    clock.advance_to_next()


def _until(clock: Clock, words: list[str]) -> None:
    match words:
        case [backup, status]:
            clock.run_until(backup, status)
        case [backup, status, "within", within]:
            clock.run_until(backup, status, within=within)
        case _:
            raise ValueError("type it like: until nightly STATUS_READY within 1h")


def _needs(words: list[str], count: int, example: str) -> None:
    if len(words) != count:
        raise ValueError(f"type it like: {example}")


_VERBS: Final[Mapping[str, Callable[[Clock, list[str]], None]]] = {
    "time": _nothing,
    "pause": _pause,
    "resume": _resume,
    "rate": _rate,
    "advance": _advance,
    "next": _next,
    "until": _until,
}
