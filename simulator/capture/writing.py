"""Writes a draft as a scenario file that a person likes to read."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from simulator.capture.draft import Draft, Item
from simulator.core.instants import rfc3339

WIDTH: Final = 100
_COMMENT: Final = "# "


def text_of(draft: Draft, command: str) -> str:
    """Return the file: comments that say where it comes from, then its parts in their usual order.

    Args:
        draft: what to write.
        command: what made it, for the first line.
    """
    lines = [*comment_lines(f"Made by {command}.")]
    for line in draft.seen:
        lines += comment_lines(f"- {line}")
    if draft.notes:
        lines.append("# Supposed, because the capture does not say:")
        for line in draft.notes:
            lines += comment_lines(f"- {line}")
    lines += _entry({"scenario": draft.title}) + _flow("tags", draft.tags)
    lines.append("cluster:")
    lines += [f"  {line}" for line in _entry({"dcos_version": draft.version})]
    lines += [f"  {line}" for line in _entry({"start": rfc3339(draft.start)})]
    if draft.apps:
        lines.append(f"  marathon: {_one_line({'apps': draft.apps})}")
    if draft.backups:
        lines += ["  backups:", *(f"  {line}" for line in _items(draft.backups))]
    for name, items in (("script", draft.script), ("faults", draft.faults)):
        if items:
            lines += [f"{name}:", *_items(items)]
    lines += ["steps:", *_items(draft.steps, keys_apart=True)]
    if draft.expect:
        lines += _mapping("expect", draft.expect)
    return "\n".join(lines) + "\n"


def file_text(comments: Sequence[str], parts: Mapping[str, Any]) -> str:
    """Return a file of these parts, in this order.

    Args:
        comments: lines for its beginning, which are comments already.
        parts: what it says, by key, as it was loaded.
    """
    lines = list(comments)
    for key, value in parts.items():
        if key in {"steps", "script", "faults"} and isinstance(value, list):
            items = [Item(each) for each in value]
            lines += [f"{key}:", *_items(items, keys_apart=key == "steps")]
        else:
            lines += _mapping(key, value)
    return "\n".join(lines) + "\n"


def _items(items: Sequence[Item], *, keys_apart: bool = False) -> Iterator[str]:
    before = ""
    for item in items:
        if item.comment and item.comment != before:
            yield from (f"  {line}" for line in comment_lines(item.comment))
        before = item.comment
        yield from (f"  {line}" for line in _listed(item.value, keys_apart=keys_apart))


def _listed(value: Mapping[str, Any], *, keys_apart: bool = False) -> Iterator[str]:
    """Write one entry of a list: on one line where it fits, else a key a line."""
    short = _one_line(value)
    if len(short) + 4 <= WIDTH and not keys_apart and "then" not in value:
        yield f"- {short}"
        return
    mark = "- "
    for key, inner in value.items():
        for line in _mapping(key, inner):
            yield f"{mark}{line}"
            mark = "  "


def _mapping(key: str, value: Any) -> list[str]:  # noqa: ANN401 - whatever a file holds
    """Write one key with its value: on one line where that fits."""
    if isinstance(value, str):
        return _entry({key: value})
    name, short = _one_line(key) or "''", _one_line(value)
    if len(name) + len(short) + 8 <= WIDTH and key != "then":
        return [f"{name}: {short}"]
    if isinstance(value, Mapping):
        inner = [line for under, each in value.items() for line in _mapping(under, each)]
        return [f"{name}:", *(f"  {line}" for line in inner)]
    lines = [f"{name}:"]
    for each in value:
        short = _one_line(each)
        if len(short) + 10 <= WIDTH or not isinstance(each, Mapping):
            lines.append(f"  - {short}")
        else:
            lines += [f"  {line}" for line in _listed(each)]
    return lines


def _flow(key: str, values: Sequence[str]) -> list[str]:
    return [f"{key}: {_one_line(list(values))}"]


class _Plain(yaml.SafeDumper):
    """Quotes only what YAML itself wants quoted: scenario files are read as text throughout."""

    def ignore_aliases(self, data: object) -> bool:
        """Write equal values out, each where it stands."""
        del data
        return True


_Plain.yaml_implicit_resolvers = {}


def _dumped(value: object, *, flow: bool) -> str:
    written: str = yaml.dump(
        value,
        Dumper=_Plain,
        default_flow_style=flow,
        width=10**9,
        sort_keys=False,
        allow_unicode=True,
    )
    return written.removesuffix("...\n").rstrip("\n")


def _one_line(value: Any) -> str:  # noqa: ANN401 - whatever a file holds
    return _dumped(value, flow=True)


def _entry(value: Mapping[str, str]) -> list[str]:
    """Write one key with a text, which may be long or have many lines."""
    return _dumped(dict(value), flow=False).split("\n")


def comment_lines(text: str) -> list[str]:
    """Return a text as comments, wrapped, whatever characters it holds."""
    plain = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return [
        f"{_COMMENT}{line}"
        for line in textwrap.wrap(
            plain, WIDTH - 4, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
    ]
