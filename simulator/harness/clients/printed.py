"""Reads what a command-line client prints: JSON as the API has it, or the documented table.

The layout of the table is known from samples in the documentation of ``dcos backup list``: columns
``BACKUP ID``, ``VERSION``, ``STATUS`` and ``TIMESTAMP`` under their titles, a line of dashes, times
as Go writes them. What the real command prints for no backups at all is not known; a title without
rows and nothing at all are both taken for an empty list.
"""

import json
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from simulator.harness.plain_text import beginning
from simulator.harness.ports import Unreadable

COLUMNS: Final[Mapping[str, str]] = {
    "BACKUP ID": "id",
    "VERSION": "dcos_version",
    "STATUS": "status",
    "TIMESTAMP": "timestamp",
}
"""The key in the API for the title of each column."""

_TITLES: Final = re.compile(r"\S+(?: \S+)*")
_GO_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?) ([+-]\d\d)(\d\d) \S+", re.ASCII
)
_ID: Final = re.compile(r"[\w.-]{40,}")
"""No id is shorter. Source: docs, backup-restore.yaml."""

_BYTES_SHOWN: Final = 30


def json_value(output: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Read JSON; an Unreadable says what there was instead."""
    text = _text(output)
    if isinstance(text, Unreadable):
        return text
    if not text.strip():
        return Unreadable("nothing was printed")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return Unreadable(f"what was printed is not JSON ({error}): {beginning(text)}")


def table_value(output: bytes) -> Any:  # noqa: ANN401 - a list of documents, or Unreadable
    """Read a table of backups into documents with ``id, dcos_version, status, timestamp``."""
    text = _text(output)
    if isinstance(text, Unreadable):
        return text
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    starts = {match[0]: match.start() for match in _TITLES.finditer(lines[0])}
    if list(starts) != list(COLUMNS):
        titles = ", ".join(COLUMNS)
        return Unreadable(f"what was printed is no table with {titles}: {beginning(text)}")
    rows = lines[2:] if lines[1:] and not lines[1].strip("- ") else lines[1:]
    edges = list(pairwise([0, *list(starts.values())[1:], None]))
    documents = []
    for row in rows:
        cells = [row[start:end].strip() for start, end in edges]
        document = dict(zip(COLUMNS.values(), cells, strict=True))
        documents.append({**document, "timestamp": _rfc3339(document["timestamp"])})
    return documents


def created_value(output: bytes) -> Any:  # noqa: ANN401 - a document, an id or None
    """Read what ``create`` printed: a document, an id alone, or words that tell nothing (None)."""
    text = output.decode(errors="replace").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text if _ID.fullmatch(text) else None
    return value if isinstance(value, (dict, str)) else None


def _text(output: bytes) -> str | Unreadable:
    try:
        return output.decode()
    except UnicodeDecodeError as error:
        start = output[:_BYTES_SHOWN]
        return Unreadable(f"what was printed is not UTF-8 text, at byte {error.start}: {start!r}")


def _rfc3339(cell: str) -> str:
    match = _GO_TIME.fullmatch(cell)
    if match is None:
        return cell
    offset = f"{match[3]}:{match[4]}"
    return f"{match[1]}T{match[2]}{'Z' if offset == '+00:00' else offset}"
