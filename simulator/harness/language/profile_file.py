"""Loads client profiles: text in, a profile out, or every problem with its place."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, final

from pydantic import ValidationError

from simulator.harness.language.allowed import unknown_checks
from simulator.harness.language.file_errors import problems_of
from simulator.harness.language.profile_model import (
    KINDS,
    PROGRAMS,
    CommandProfile,
    ProfileModel,
)
from simulator.harness.language.source_file import (
    KeyPath,
    Place,
    Problem,
    SourceFile,
    Value,
    nearest,
    read_source,
)
from simulator.harness.language.step_model import OPERATIONS
from simulator.harness.language.template import names_in

PROFILE_SUFFIX: Final = ".client.yaml"
"""How the names of profiles end where a whole folder is looked at."""

EVERYWHERE: Final = ("url", "token", "username", "password", "ca_cert", "tmp")
"""Placeholders that have a value wherever a profile has words."""

ARGUMENTS: Final[Mapping[str, str]] = {
    "create": "label",
    "list": "prefix",
    "show": "id",
    "restore": "id",
    "delete": "id",
    "backup": "label",
}
"""The placeholder for what an operation or a program is about."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A client profile, ready to use.

    Attributes:
        given: how ``--client`` names it.
        model: what it says.
        folder: the working directory of the client's processes.
        source: the file that it stands in; None for one that stands in none.
    """

    given: str
    model: ProfileModel
    folder: Path
    source: SourceFile | None = None

    @property
    def name(self) -> str:
        """The client's name."""
        return self.model.client

    @property
    def operations(self) -> frozenset[str]:
        """The operations that the client has."""
        if not isinstance(self.model, CommandProfile):
            return frozenset(OPERATIONS)
        written = self.model.operations.model_dump(by_alias=True, exclude_none=True)
        return frozenset(written)

    @property
    def programs(self) -> frozenset[str]:
        """The programs that the client has."""
        return frozenset(self.model.programs.model_dump(exclude_none=True))

    def known_failing(self, names: Iterable[str]) -> "KnownFailing | None":
        """Find what the profile says of a scenario with these names, if it is known to fail."""
        for pattern, reason in self.model.known_failing.items():
            if any(fnmatchcase(name, pattern) for name in names):
                place = ""
                if self.source:
                    spot = self.source.place(("known_failing", pattern), of_key=True)
                    where = f"{self.source.name}:{spot.line}:{spot.column}"
                    place = f"{where}: known_failing\n{self.source.quote(spot)}"
                return KnownFailing(pattern=pattern, reason=reason, place=place)
        return None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFailing:
    """A scenario that a profile says to fail, and why."""

    pattern: str
    reason: str
    place: str

    @property
    def unexpected_pass(self) -> str:
        """What to do when the scenario passes."""
        return (
            f"passed, although the client is known to fail here: {self.reason}\n"
            f"{self.place}"
            "        delete this line, or let its pattern name only what still fails\n"
        )


def load_profile(path: Path) -> Profile:
    """Load a client profile.

    Raises:
        SourceError: with every problem of the file, each with line, caret and hint.
    """
    source = read_source(path)
    start = Place(1, 1)
    if not isinstance(source.value, dict):
        message = "a client profile is a mapping: client, kind and more"
        raise source.error([Problem(place=start, message=message)])
    kind = source.value.get("kind")
    if kind is None:
        problem = Problem(place=start, message="'kind' is missing", hint=nearest("", KINDS))
        raise source.error([problem])
    if not isinstance(kind, str) or kind not in KINDS:
        place, hint = source.place(("kind",)), nearest(str(kind), KINDS)
        raise source.error([Problem(place=place, message="there is no such kind", hint=hint)])
    model_of_kind = KINDS[kind]
    try:
        model: ProfileModel = model_of_kind.model_validate(source.value)
    except ValidationError as error:
        raise source.error(problems_of(error, source, model_of_kind)) from None
    profile = Profile(given=str(path), model=model, folder=path.resolve().parent, source=source)
    problems = [
        *_placeholder_problems(source),
        *_nothing_to_run(profile, source),
        *_unusable_texts(profile, source),
        *_unusable_names(profile, source),
    ]
    if problems:
        raise source.error(problems)
    return profile


def _nothing_to_run(profile: Profile, source: SourceFile) -> Iterator[Problem]:
    if not profile.operations and not profile.programs:
        message = "this client can do nothing"
        hint = f"give it operations ({', '.join(OPERATIONS)}) or programs ({', '.join(PROGRAMS)})"
        yield Problem(place=source.place(("kind",)), message=message, hint=hint)


def _unusable_texts(profile: Profile, source: SourceFile) -> Iterator[Problem]:
    for name in profile.model.env:
        if not name or "=" in name or "\0" in name:
            place = source.place(("env", name), of_key=True)
            yield Problem(place=place, message=f"{name!r} is no name of a variable")
    for path, text, _ in _texts(source.value):
        if "\0" in text:
            message = "holds the character NUL, which no process can be given"
            yield Problem(place=source.place(path), message=message)
        if path[-1] == 0 and text in {f"{{{name}}}" for name in EVERYWHERE if name != "tmp"}:
            message = f"{text} cannot be a program"
            hint = "write a program and its arguments; setup is a list of such lists"
            yield Problem(place=source.place(path), message=message, hint=hint)
    for index, words in enumerate(source.value.get("setup", [])):
        if isinstance(words, str) and any(words == f"{{{name}}}" for name in EVERYWHERE):
            message = f"{words} cannot be a program"
            hint = 'setup is a list of command lines: [[./login.sh, "{url}"]]'
            yield Problem(place=source.place(("setup", index)), message=message, hint=hint)


def _unusable_names(profile: Profile, source: SourceFile) -> Iterator[Problem]:
    for pattern in profile.model.known_failing:
        if not pattern.strip() or pattern.endswith(".yaml"):
            place = source.place(("known_failing", pattern), of_key=True)
            message = f"{pattern!r} fits no scenario"
            hint = "write folder and file without .scenario.yaml, such as restore/*"
            yield Problem(place=place, message=message, hint=hint)
    yield from unknown_checks(profile.model.allow, source)


def _placeholder_problems(source: SourceFile) -> Iterator[Problem]:
    for path, text, allowed in _texts(source.value):
        for name in names_in(text):
            if name not in allowed:
                message = f"there is no placeholder {{{name}}} here"
                hint = f"{nearest(name, allowed)}; for the text itself write {{{{{name}}}}}"
                yield Problem(place=source.place(path), message=message, hint=hint)


def _texts(profile: Mapping[str, Value]) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    """Yield every text that may have placeholders, with those that have a value there."""
    for name, text in profile.get("env", {}).items():
        yield ("env", name), text, EVERYWHERE
    for index, words in enumerate(profile.get("setup", [])):
        yield from _in_words(words, ("setup", index), EVERYWHERE)
    if "run" in profile:
        yield from _in_words(profile["run"], ("run",), EVERYWHERE)
    for name, words in profile.get("operations", {}).items():
        yield from _in_words(words, ("operations", name), (*EVERYWHERE, ARGUMENTS[name]))
    for name, program in profile.get("programs", {}).items():
        path = ("programs", name, "run")
        yield from _in_words(program["run"], path, (*EVERYWHERE, ARGUMENTS[name]))


def _in_words(
    words: Value, path: KeyPath, allowed: tuple[str, ...]
) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    if isinstance(words, str):
        yield path, words, allowed
    else:
        yield from (((*path, index), word, allowed) for index, word in enumerate(words))
