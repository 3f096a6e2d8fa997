"""What every test of this project shares: how Hypothesis runs, and golden files."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("dcos-sim", deadline=None, derandomize=True)
settings.load_profile("dcos-sim")


@pytest.fixture
def golden() -> Callable[[Path, str], None]:
    """Return how to compare a text with a file; ``UPDATE_GOLDEN=1 pytest`` writes it anew."""

    def golden(path: Path, text: str) -> None:
        if os.environ.get("UPDATE_GOLDEN") == "1":
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path.name}: see UPDATE_GOLDEN"

    return golden
