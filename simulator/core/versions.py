"""Versions of DC/OS."""

import re
from typing import Final

_VERSION: Final = re.compile(r"(\d{1,4})\.(\d{1,4})(\.\d{1,4})?", re.ASCII)


def checked_version(text: str) -> str:
    """Return the text when it is a version.

    Raises:
        ValueError: with one sentence that says what was found and how to write it.
    """
    if not _VERSION.fullmatch(text):
        raise ValueError(f"{text!r} is not a version of DC/OS; write one like 1.13.0 or 2.2.0")
    return text


def major_and_minor(version: str) -> tuple[int, int]:
    """Return the two numbers by which versions of DC/OS differ: (1, 13) for ``1.13.0``."""
    major, minor = checked_version(version).split(".")[:2]
    return int(major), int(minor)
