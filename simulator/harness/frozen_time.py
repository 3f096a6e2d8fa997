"""Lets Python code in this process see cluster time, with freezegun."""

from collections.abc import Iterator
from contextlib import contextmanager

import freezegun

from simulator.clock import Clock
from simulator.core.instants import Instant

freezegun.configure(extend_ignore_list=["_pytest.timing"])  # or pytest's own durations are wrong


@contextmanager
def frozen_to(clock: Clock) -> Iterator[None]:
    """Let ``datetime.now()``, ``time.time()`` and the like follow a cluster's clock.

    Event loops keep real time, so that timeouts of HTTP clients still work; clusters are served
    from a thread that freezing does not reach. A process has one time: follow one clock at once.
    """
    with freezegun.freeze_time(clock.datetime, real_asyncio=True) as frozen:

        def move(_: Instant) -> None:
            frozen.move_to(clock.datetime)

        stop = clock.follow(move)
        try:
            yield
        finally:
            stop()
