"""Lets what Python clients in this process sleep pass on a cluster's clock, at once.

While the client sleeps, nothing else of it being done, the clock jumps to the end of the shortest
sleep, and whoever slept goes on. ``covered.py`` has the table of the calls that are covered,
``own_code.py`` says whose they must be, ``doing.py`` when nothing else is being done,
``sleepers.py`` who is next, and ``watch.py`` warns of what is not covered.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from simulator.client_time.covered import covering
from simulator.client_time.jumping import Jumping
from simulator.client_time.own_code import OwnCode
from simulator.client_time.watch import watched
from simulator.clock import Clock


@contextmanager
def autojump(clocks: Sequence[Clock], packages: Sequence[str] = ()) -> Iterator[None]:
    """Let what the client sleeps pass on clocks, at once; everything is put back afterwards.

    Args:
        clocks: those that jump; the first says what time it is.
        packages: names of installed packages or modules that are the client's own code.

    Raises:
        AutojumpError: when another one is on.
        AutojumpWarning: at the end, where warnings are errors.
    """
    jumping = Jumping(tuple(dict.fromkeys(clocks)), OwnCode(packages))
    try:
        with covering(jumping), watched(jumping.doing):
            yield
    finally:
        jumping.end()
