"""Labels and ids of backups that hold a secret: what they become must still be labels and ids."""

from collections.abc import Iterator
from typing import Any, Final, final

from simulator.capture.course import split_id, timestamp_of
from simulator.capture.secrets.redaction import Redactor
from simulator.capture.sightings import LIST, Capture, Document
from simulator.core.identifiers import label_problems, prefix_problems
from simulator.core.versions import checked_version

_ASKS_BY_ID: Final = frozenset({"restore", "delete"})


@final
class Labels:
    """The labels and ids of one capture, each with what stands for it.

    The redactor must have learned all that it is to replace. Where a label without its secrets
    would be none any more, for it is too long, one such as ``label-1`` stands for it everywhere.
    """

    def __init__(self, capture: Capture, redactor: Redactor) -> None:
        self._redactor = redactor
        self._new: dict[str, str] = {}
        ids = dict.fromkeys(_ids(capture))
        split = [parts for each in ids if (parts := split_id(each))]
        created = [each.argument for each in capture.sightings if each.operation == "create"]
        valid = [each for each in created if not label_problems(each)]
        for label in dict.fromkeys([*(label for label, _ in split), *valid]):
            self._add(label)
        self._ids = {each: self.backup_id(each) for each in ids}
        self.neutral = sum(new.startswith("label-") for new in self._new.values())

    def _add(self, label: str) -> None:
        new = self._redactor.name(label)
        if new == label:
            return
        taken = {*self._new, *self._new.values()}
        if label_problems(new) or new in taken:
            numbers = range(1, len(taken) + 2)
            new = next(each for each in map("label-{}".format, numbers) if each not in taken)
            self._redactor.call(label, new)
        self._new[label] = new

    def label(self, label: str) -> str:
        """Return what stands for a label."""
        return self._new.get(label) or self._redactor.name(label)

    def backup_id(self, backup_id: str) -> str:
        """Return what stands for an id; its UUID stays as it is."""
        parts = split_id(backup_id)
        return f"{self.label(parts[0])}-{parts[1]}" if parts else self._redactor.name(backup_id)

    def prefix(self, prefix: str) -> str:
        """Return a prefix that finds the same backups as this one has found."""
        if prefix in self._ids:
            return self._ids[prefix]
        wanted = {new for old, new in self._ids.items() if old.startswith(prefix)}
        clean = self._redactor.name(prefix)
        for each in (clean, *_beginnings(wanted)):
            found = {new for new in self._ids.values() if new.startswith(each)}
            if found == wanted and bool(prefix_problems(each)) == bool(prefix_problems(prefix)):
                return each
        return clean

    def argument(self, operation: str, argument: str) -> str:
        """Return what stands for what a request has named."""
        match operation:
            case "create":
                return self.label(argument)
            case "list":
                return self.prefix(argument)
            case _:
                return self.backup_id(argument)

    def document(self, document: Document) -> Document:
        """Return a backup as it is shown without secrets."""
        clean: dict[str, Any] = self._redactor.value(document)
        clean["id"] = self.backup_id(document["id"])
        if timestamp_of(document) is not None:
            clean["timestamp"] = document["timestamp"]
        if _is_version(document.get("dcos_version")):
            clean["dcos_version"] = document["dcos_version"]
        return clean


def _ids(capture: Capture) -> Iterator[str]:
    for seen in capture.sightings:
        yield from (document["id"] for document in seen.backups or ())
        if seen.operation in _ASKS_BY_ID or (seen.operation == LIST and split_id(seen.argument)):
            yield seen.argument
    yield from (turn.backup_id for turn in capture.turns)


def _beginnings(ids: set[str]) -> Iterator[str]:
    """Yield what ids have in common, and less and less of it."""
    first, last = min(ids, default=""), max(ids, default="")
    for length in range(len(first), 0, -1):
        if last.startswith(first[:length]):
            yield first[:length]


def _is_version(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(checked_version(value))
    except ValueError:
        return False
