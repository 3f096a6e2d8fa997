"""Reads what the service answers. Whatever is no backup is refused here, not shown."""

import json
from typing import Any, Final, TypeAlias

from simulator.dcos_backup.errors import ServiceError

Document: TypeAlias = dict[str, Any]
"""A backup as it was received. ``id`` and ``status`` are text; all else may be anything."""

TEXT_LENGTH_MAX: Final = 300


def parsed(body: bytes) -> object:
    """Read an answer that claims success.

    Raises:
        ServiceError: when it is no JSON, or speaks of errors all the same.
    """
    try:
        value: object = json.loads(body.decode())
    except (ValueError, RecursionError):
        what = "is not JSON, or only a part of it" if body else "is empty"
        raise nonsense(what) from None
    if isinstance(value, dict) and "errors" in value:
        raise nonsense(f"speaks of errors: {message_in(body)}")
    return value


def backup_in(value: object) -> Document:
    """Return the backup that an answer consists of.

    Raises:
        ServiceError: when it is none.
    """
    if not isinstance(value, dict):
        raise nonsense("is not a backup")
    for key in ("id", "status"):
        if not isinstance(value.get(key), str):
            raise nonsense(f"holds a backup without {key}")
    return value


def backups_in(value: object, prefix: str) -> list[Document]:
    """Return the backups of a list.

    Raises:
        ServiceError: when it is no list of backups whose ids begin with ``prefix``.
    """
    if not isinstance(value, list):
        raise nonsense("is not a list of backups")
    backups = [backup_in(each) for each in value]
    for backup in backups:
        if not backup["id"].startswith(prefix):
            raise nonsense(f"holds backup {tidy(backup['id'])}, which was not asked for")
    if len({backup["id"] for backup in backups}) < len(backups):
        raise nonsense("holds one backup twice")
    return backups


def nonsense(what: str) -> ServiceError:
    """Return the error of an answer that claims success and is none."""
    return ServiceError(f"HTTP 200, but the answer {what}", status=200, passing=True, unsure=True)


def message_in(body: bytes) -> str:
    """Return the service's own words in an answer of any kind: JSON, a page, or text."""
    text = body.decode(errors="replace")
    try:
        return tidy("; ".join(str(error) for error in json.loads(text)["errors"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    before, start, after = text.partition("<title>")
    title, end, _ = after.partition("</title>")
    return tidy(title if start and end else before + start + after)


def one_line(text: str) -> str:
    """Return text as one line that is safe to show on a terminal."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())


def tidy(text: str) -> str:
    """Return text that others wrote as one line of bounded length."""
    line = one_line(text)
    return line if len(line) <= TEXT_LENGTH_MAX else f"{line[:TEXT_LENGTH_MAX]}…"
