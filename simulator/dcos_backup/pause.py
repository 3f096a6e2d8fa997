"""Real time: the only place of this command that reads or spends it."""

import time
from typing import Protocol, final


class Pause(Protocol):
    """A clock that can be waited on."""

    def now(self) -> float:
        """Return seconds since some moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Come back after this many seconds."""
        ...


@final
class RealPause:
    """The machine's clock."""

    def now(self) -> float:
        """Return the machine's monotonic time."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)
