"""A YAML file whose every value knows its place, and the messages that point there.

Scalars stay text: there is no YAML 1.1 guess that turns ``on`` into true, ``1:30`` into 90 or
``1.10`` into 1.1. Duplicate keys, tags and endless aliases are refused.
"""

import difflib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias, final

import yaml

Key: TypeAlias = str | int
KeyPath: TypeAlias = tuple[Key, ...]
Value: TypeAlias = Any
"""Text, a list of values, or a dict from text to values."""

NODES_MAX: Final = 200_000
"""More values than any real file has: aliases that multiply are stopped here."""

DEPTH_MAX: Final = 100
"""Deeper than any real file is; far from the end of Python's stack."""

_MEANT_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ["str", "int", "float", "bool", "null", "timestamp", "merge", "value", "seq", "map"]
)
"""Those that YAML itself finds for what is written without a tag."""

_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file; line and column count from 1, ``length`` is what a caret underlines."""

    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong in a file: where, what, and what to write instead."""

    place: Place
    message: str
    hint: str = ""


class SourceError(Exception):
    """A file that cannot be used. Its text shows every problem with line, caret and hint."""

    def __init__(self, name: str, lines: tuple[str, ...], problems: Iterable[Problem]) -> None:
        self.problems: Final = tuple(sorted(problems, key=_by_place))
        super().__init__("\n".join(_shown(name, lines, problem) for problem in self.problems))


@final
@dataclass(frozen=True, slots=True)
class SourceFile:
    """A parsed file.

    Attributes:
        name: the path as it was given.
        lines: the text, for messages that quote it.
        value: the whole content.
        places: where each value stands, by its path.
        key_places: where each key stands, by the path of its value.
    """

    name: str
    lines: tuple[str, ...]
    value: Value
    places: Mapping[KeyPath, Place]
    key_places: Mapping[KeyPath, Place]

    def place(self, path: KeyPath, *, of_key: bool = False) -> Place:
        """Find a value's place, or that of the closest value around it."""
        if of_key and path in self.key_places:
            return self.key_places[path]
        while path not in self.places:
            path = path[:-1]
        return self.places[path]

    def quote(self, place: Place) -> str:
        """Quote the line of a place."""
        return _quoted(self.lines, place)

    def error(self, problems: Iterable[Problem]) -> SourceError:
        """Make the error that shows these problems."""
        return SourceError(self.name, self.lines, problems)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint with the known word that is nearest, and all that are allowed."""
    allowed = list(known)
    return f"{guess(word, allowed)}allowed here: {', '.join(allowed) or 'nothing'}"


def guess(word: str, known: Iterable[str]) -> str:
    """Return a question with the known word that is nearest; empty where none is near."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]!r}? " if close else ""


def in_one_line(value: Value) -> str:
    """Write a value in one line, as flow mappings are written; odd text is quoted."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {in_one_line(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(in_one_line(inner) for inner in value)}]"
    text = str(value)
    return text if text.isprintable() else json.dumps(text, ensure_ascii=False)


def read_source(path: Path) -> SourceFile:
    """Read and parse a YAML file.

    Raises:
        SourceError: when it cannot be read, is no YAML, or says something twice.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        problem = Problem(place=_START, message="is a pipe or a device; name a file")
        raise SourceError(str(path), (), [problem])
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = f"cannot be read: {error.strerror}; check the path and its permissions"
        raise SourceError(str(path), (), [Problem(place=_START, message=reason)]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = Problem(place=Place(line, 1), message="is not UTF-8 text; save it as UTF-8")
        raise SourceError(str(path), (), [problem]) from None
    return parse_source(str(path), text)


def parse_source(name: str, text: str) -> SourceFile:
    """Parse YAML text; ``name`` is what messages call it.

    Raises:
        SourceError: when it is no YAML, or says something twice.
    """
    lines = tuple(text.splitlines())
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else _START
        said = " ".join(part for part in (error.context, error.problem) if part)
        hint = _BRACES_HINT if "',' or" in said else ""
        hint = _TABS_HINT if mark and _character(lines, place) == "\t" else hint
        problem = Problem(place=place, message=f"is not YAML: {said}", hint=hint)
        raise SourceError(name, lines, [problem]) from None
    except yaml.reader.ReaderError as error:
        problem = Problem(place=_unprintable(text), message=f"is not YAML: {error.reason}")
        raise SourceError(name, lines, [problem]) from None
    if root is None:
        problem = Problem(place=_START, message="is empty", hint=_EMPTY_HINT)
        raise SourceError(name, lines, [problem])
    reader = _Reader()
    value = reader.read(root, ())
    if reader.problems:
        raise SourceError(name, lines, reader.problems)
    return SourceFile(name, lines, value, reader.places, reader.key_places)


@dataclass(slots=True)
class _Reader:
    """Turns YAML nodes into plain values and notes where each stands."""

    places: dict[KeyPath, Place] = field(default_factory=dict)
    key_places: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _open: set[int] = field(default_factory=set)
    _is_full: bool = False

    def read(self, node: yaml.Node, path: KeyPath) -> Value:
        if self._is_full:
            return ""
        place = _place(node)
        self.places[path] = place
        self._check_tag(node, place)
        if id(node) in self._open:
            return self._refuse(place, "an alias repeats itself endlessly")
        if len(path) > DEPTH_MAX:
            return self._refuse(place, f"is more than {DEPTH_MAX} levels deep")
        if len(self.places) > NODES_MAX:
            self._is_full = True
            return self._refuse(place, f"more than {NODES_MAX} values: aliases multiply them")
        self._open.add(id(node))
        value = self._read_inside(node, path)
        self._open.remove(id(node))
        return value

    def _refuse(self, place: Place, message: str) -> str:
        self.problems.append(Problem(place=place, message=message))
        return ""

    def _check_tag(self, node: yaml.Node, place: Place) -> None:
        if node.tag not in _MEANT_TAGS:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(place, f"tag {tag} has no meaning here; delete it")

    def _read_inside(self, node: yaml.Node, path: KeyPath) -> Value:
        if isinstance(node, yaml.SequenceNode):
            return [self.read(child, (*path, index)) for index, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._read_mapping(node, path)
        return node.value

    def _read_mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Value]:
        mapping: dict[str, Value] = {}
        for key_node, value_node in node.value:
            place = _place(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse(place, "a key must be text")
                continue
            self._check_tag(key_node, place)
            key = key_node.value
            if key in mapping:
                first = self.key_places[(*path, key)].line
                self._refuse(place, f"{key!r} is said twice, first in line {first}; keep one")
                continue
            self.key_places[(*path, key)] = place
            mapping[key] = self.read(value_node, (*path, key))
        return mapping


_START: Final = Place(1, 1)
_EMPTY_HINT: Final = "a scenario starts with: scenario: …, a client profile with: client: …"
_BRACES_HINT: Final = "between braces and brackets, write a text that holds any in quotes"
_TABS_HINT: Final = "indent with spaces; YAML takes no tabs there"


def _by_place(problem: Problem) -> tuple[int, int]:
    return problem.place.line, problem.place.column


def _character(lines: tuple[str, ...], place: Place) -> str:
    """Return the character at a place; empty beyond the end."""
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    return line[place.column - 1 : place.column]


def _unprintable(text: str) -> Place:
    """Find the first character that YAML does not take."""
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    before = text[: found.start() if found else 0]
    line_start = before.rfind("\n") + 1
    return Place(before.count("\n") + 1, len(before) - line_start + 1)


def _place(node: yaml.Node) -> Place:
    start, end = node.start_mark, node.end_mark
    same_line = start.line == end.line
    return Place(
        start.line + 1, start.column + 1, max(end.column - start.column, 1) if same_line else 1
    )


def _quoted(lines: tuple[str, ...], place: Place) -> str:
    if not 0 < place.line <= len(lines):
        return ""
    text = lines[place.line - 1]
    before, marked = text[: place.column - 1], text[place.column - 1 :][: place.length]
    indent = "".join("\t" if char == "\t" else " " * _width(char) for char in before)
    carets = "^" * max(sum(map(_width, marked)), 1)
    number = f"{place.line:5d} | "
    return f"{number}{text}\n{' ' * (len(number) - 2)}| {indent}{carets}\n"


def _width(char: str) -> int:
    """Return how many columns of a terminal a character takes."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _shown(name: str, lines: tuple[str, ...], problem: Problem) -> str:
    place = problem.place
    head = f"{name}:{place.line}:{place.column}: {problem.message}\n"
    hint = f"        {problem.hint}\n" if problem.hint else ""
    return head + _quoted(lines, place) + hint
