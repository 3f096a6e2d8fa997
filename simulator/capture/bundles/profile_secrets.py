"""Takes secrets out of a client profile, and out of what that client then sent.

Each secret is replaced by the same stand-in in both: the profile that a bundle holds sends what the
journal in it holds, and so does the profile as it was, once its journal has gone through here.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, final

import yaml

from simulator.capture.secrets.redaction import Redactor
from simulator.harness.language.profile_file import Profile
from simulator.harness.language.source_file import Value
from simulator.harness.language.template import names_in, split_words

STAND_IN: Final = "redacted"
"""In the place of what has no form of its own by which it is known as a secret."""

_KEPT: Final = frozenset({"host", "address", "user"})
"""A command without these would be another command."""

_AS_THEY_ARE: Final = frozenset({"client", "kind", "factory", "output", "timeout", "virtual_time"})

_SECRET_NAME: Final = re.compile(
    r"token|passw|pwd|passphrase|secret|credential|cookie|session|signature|auth"
    r"|(?:^|[_-]|api|access|private|ssh)key(?:$|[_-]|s$)|(?:^|[_-])(?:pat|pin|jwt)(?:$|[_-])",
    re.IGNORECASE,
)
_HARMLESS: Final = re.compile(
    r"(?:token=|bearer |basic |digest |[\s:,;/]|/[\w./-]*)*"
    r"|true|false|yes|no|on|off|[01]|none|redacted|(?:token|cookie|password|user)-\d+",
    re.IGNORECASE,
)
"""What may stand under such a name: a switch, a stand-in, a path, or words round a placeholder."""

_PLACEHOLDER: Final = re.compile(r"\{\w+\??\}")
_HELD: Final = re.compile(r"(?i:token=|\b(?:bearer|basic)\s+)?(?:\{\w+\??\}|\$[A-Z_][A-Z0-9_]*\b)")
"""A placeholder, or a variable of a shell, with the word that stands before a token."""

_MARK: Final = "token-0"
_REPLACED: Final = re.compile(r"(?:token|cookie|password)-\d+")
_ENDS: Final = re.compile(r"[\s:@/=]+")
_OPTION: Final = re.compile(r"--?[A-Za-z][\w-]*")
_SHORTEST: Final = 4
"""Characters of what is looked for in a journal: shorter texts are in every other word."""


@final
class ProfileSecrets:
    """The secrets of one profile.

    Args:
        profile: the client's; one that stands in no file has no secrets.

    Attributes:
        count: how many texts of the profile were changed.
    """

    def __init__(self, profile: Profile) -> None:
        self._redactor = Redactor(_KEPT)
        self._named: dict[str, str] = {}
        self.count = 0
        value: Mapping[str, Value] = profile.source.value if profile.source else {}
        self._redacted = {
            key: inner if key in _AS_THEY_ARE else self._of_key(key, inner)
            for key, inner in value.items()
        }
        longest_first = sorted(self._named, key=len, reverse=True)
        self._expression = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def profile_text(self) -> str:
        """Return the profile without its secrets, and without its comments."""
        return yaml.safe_dump(self._redacted, sort_keys=False, allow_unicode=True, width=90)

    def line(self, line: str) -> str:
        """Return a line of a journal without the secrets of the profile."""
        if not self.count:
            return line
        entry = self._cleaned(json.loads(line))
        return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def text(self, text: str) -> str:
        """Return what the client said without the secrets of the profile."""
        return self._expression.sub(lambda match: self._named[match[0]], text)

    # --- the profile -------------------------------------------------------------------------

    def _of_key(self, key: str, value: Value) -> Value:
        match key:
            case "env":
                return {name: self._variable(name, text) for name, text in value.items()}
            case "setup":
                return [self._command(words) for words in value]
            case "operations":
                return {name: self._command(words) for name, words in value.items()}
            case "programs":
                return {name: self._program(program) for name, program in value.items()}
            case "run":
                return self._command(value)
            case _:
                return self._anything(value)

    def _program(self, program: Mapping[str, Value]) -> Value:
        return {**program, "run": self._command(program["run"])}

    def _command(self, words: Value) -> Value:
        return self._words(split_words(words) if isinstance(words, str) else words)

    def _anything(self, value: Value) -> Value:
        """Go through what is said in words: the reasons of what is allowed, or known to fail."""
        if isinstance(value, Mapping):
            return {key: self._anything(inner) for key, inner in value.items()}
        return self._text(value) if isinstance(value, str) else value

    def _words(self, words: list[str]) -> list[str]:
        """Go through the words of a command; one behind an option like ``--password`` is one."""
        done: list[str] = []
        before = ""
        for word in words:
            is_value = _OPTION.fullmatch(before) and not _OPTION.fullmatch(word)
            done.append(self._variable(before, word) if is_value else self._text(word))
            before = word
        return done

    def _variable(self, name: str, text: str) -> str:
        if not _SECRET_NAME.search(name):
            return self._text(text)
        if _HARMLESS.fullmatch(_PLACEHOLDER.sub("", text)):
            return text
        self.count += 1
        return self._hidden(text)

    def _hidden(self, text: str) -> str:
        """Take a whole text for a secret, and each part of it that a placeholder does not fill."""
        for part in [text] if not any(names_in(text)) else _ENDS.split(_PLACEHOLDER.sub(" ", text)):
            if len(part) >= _SHORTEST and (part == text or not part.isalpha()):
                self._named[part] = STAND_IN
        return STAND_IN

    def _text(self, text: str) -> str:
        done = self._without_forms(text)
        self.count += done != text
        return done

    def _without_forms(self, text: str) -> str:
        """Take out what is a secret by its form; placeholders are none."""
        held = list(_HELD.finditer(text))
        # The text round them is read as a whole, with words for them that nothing replaces.
        marked = _HELD.sub(_MARK, text)
        done = self._redactor.text(marked)
        parts = done.split(_MARK)
        if len(parts) != len(held) + 1:
            return self._hidden(text)
        self._learn(marked, done)
        joined = parts[0]
        for match, part in zip(held, parts[1:], strict=True):
            joined += match[0] + part
        return joined

    def _learn(self, text: str, done: str) -> None:
        """Remember what was replaced by what."""
        between = map(re.escape, _REPLACED.split(done))
        found = re.fullmatch("(.+?)".join(between), text, re.DOTALL)
        for secret, stand_in in zip(
            found.groups() if found else (), _REPLACED.findall(done), strict=False
        ):
            if len(secret) >= _SHORTEST:
                self._named[secret] = stand_in

    # --- the journal -------------------------------------------------------------------------

    def _cleaned(self, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self._cleaned(inner) for key, inner in value.items()}
        return [self._cleaned(inner) for inner in value] if isinstance(value, list) else value
