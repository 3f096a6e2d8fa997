"""The command ``dcos-sim``: one thin file for each of its commands."""

from typing import Final

USAGE_ERROR: Final = 4
"""Exit status for what the user has to change, as in pytest."""
