"""Where the bundled scenarios are."""

from pathlib import Path


def catalogue_folder() -> Path:
    """Return the folder of the bundled scenarios: in the package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "bundled_scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"
