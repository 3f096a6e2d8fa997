"""The rules for labels and backup ids.

Source: the documented API (docs, backup-restore.yaml). A label has 3 to 25 characters, an id 40 to
62, both match one expression. 40 and 62 are exactly ``<label>-<uuid>``. The prose of the command's
page is laxer (it only forbids a leading ``..``); the specification is what is enforced here.
"""

import re
from typing import Final, NewType

BackupId = NewType("BackupId", str)
"""``<label>-<uuid>``, made by the cluster."""

LABEL_LENGTH: Final = range(3, 26)
BACKUP_ID_LENGTH: Final = range(40, 63)

_SHAPE: Final = re.compile(r"[A-Za-z0-9_]{2}[A-Za-z0-9_.-]*", re.ASCII)
_PREFIX_SHAPE: Final = re.compile(r"[A-Za-z0-9_.-]*", re.ASCII)
_RULE: Final = (
    "the first two characters must be letters, digits or '_', the others may also be '.' or '-'"
)


def label_problems(label: str) -> tuple[str, ...]:
    """Say what is wrong with a label; empty when it may be used."""
    return _problems("label", label, LABEL_LENGTH)


def backup_id_problems(backup_id: str) -> tuple[str, ...]:
    """Say what is wrong with the shape of a backup id; empty when a backup could have it."""
    return _problems("id", backup_id, BACKUP_ID_LENGTH)


def prefix_problems(prefix: str) -> tuple[str, ...]:
    """Say why this is no part of any backup id; empty when it may be looked for."""
    problems = []
    if len(prefix) >= BACKUP_ID_LENGTH.stop:
        problems.append(f"prefix: must have at most {BACKUP_ID_LENGTH.stop - 1} characters")
    if not _PREFIX_SHAPE.fullmatch(prefix):
        problems.append("prefix: may hold only letters, digits, '_', '.' and '-'")
    return tuple(problems)


def _problems(field: str, text: str, length: range) -> tuple[str, ...]:
    problems = []
    if len(text) not in length:
        problems.append(
            f"{field}: must have {length.start} to {length.stop - 1} characters, not {len(text)}"
        )
    if not _SHAPE.fullmatch(text):
        problems.append(f"{field}: {_RULE}")
    return tuple(problems)
