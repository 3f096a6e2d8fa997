"""What the tests of the client's time share: a clock that only clients move."""

import pytest

from simulator.clock import Clock
from simulator.core.time_policies import Manual


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still until it is moved."""
    return Clock(Manual())
