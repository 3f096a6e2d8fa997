"""Takes secrets out of what was captured, before anything of it is written or said.

First everything is learned: values that headers, logins and addresses give away. Then texts are
rewritten: what was learned is replaced wherever it stands, and what looks like a secret of a known
form, too. The same value becomes the same stand-in everywhere, so that what belongs together still
does. What is replaced too much costs a word in an error text; too little would give a secret away.
"""

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, Final, final
from urllib.parse import parse_qsl, unquote, urlsplit

KINDS: Final = ("token", "cookie", "password", "user", "host", "address")
"""What is replaced; each can be kept."""

_SHORTEST: Final = {"user": 3, "host": 3, "password": 4}
"""A learned value with fewer characters would be found in every other word."""

_OPEN_HOSTS: Final = re.compile(
    r"(?:localhost|leader|master|marathon|(?:[\w-]+\.)*(?:mesos|thisdcos\.directory|example)"
    r"|(?:[\w-]+\.)*example\.(?:com|net|org)|(?:[\w-]+\.)*dcos\.io)",
    re.ASCII | re.IGNORECASE,
)
"""Names that every cluster has, or nobody: they tell nothing of anybody's network."""

_GENERIC_ENDS: Final = frozenset(
    [
        "ai",
        "app",
        "arpa",
        "biz",
        "cloud",
        "co",
        "com",
        "corp",
        "dev",
        "edu",
        "eu",
        "gov",
        "home",
        "info",
        "int",
        "internal",
        "intranet",
        "io",
        "lan",
        "local",
        "mil",
        "net",
        "org",
        "private",
        "systems",
        "tech",
        "test",
    ]
)
_FILE_ENDS: Final = frozenset({"gz", "js", "md", "mo", "pl", "ps", "py", "rs", "sh", "so", "tf"})
"""Two letters behind a dot that are rather a file's than a country's."""

# --- forms of secrets ----------------------------------------------------------------------------

_JWT: Final = r"eyJ[\w-]{5,}\.[\w-]*(?:\.[\w-]*)?"
_BARE_JWT: Final = re.compile(_JWT, re.ASCII)
_KEY_BLOCK: Final = re.compile(r"-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|\Z)")
_URL: Final = re.compile(r"\b[a-z]{2,8}://[^\s\"'<>\\,;)]{1,500}", re.ASCII)
_WORD: Final = r"[^\s\"'<>,;&{}()\[\]\\]"

_PATTERNS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("token", _KEY_BLOCK),
    ("token", re.compile(rf"({_JWT})", re.ASCII)),
    ("token", re.compile(rf"(?i:\b(?:bearer|basic|negotiate|digest)\s+)({_WORD}{{6,}})")),
    ("password", re.compile(r"://[^\s/:@]+:([^\s/@]+)@")),
    ("user", re.compile(r"://([^\s/:@]+)(?::[^\s/@]*)?@")),
    (
        "password",
        re.compile(
            r"(?i)(?<![\w-])[\w-]*(?:password|passwd|passphrase|pwd)[\"']?\s*[:=]\s*[\"']?"
            rf"({_WORD}+)"
        ),
    ),
    (
        "token",
        re.compile(
            r"(?i)(?<![\w-])[\w-]*(?:token|secret|api[_-]?key|access[_-]?key|private[_-]?key|credential"
            rf"|signature|authorization)[\w-]*[\"']?\s*[:=]\s*[\"']?({_WORD}+)"
        ),
    ),
    (
        "cookie",
        re.compile(
            rf"(?i)(?<![\w.-])[\w.-]*(?:cookie|session|sessionid|jsessionid|sid)=({_WORD}+)"
        ),
    ),
    ("token", re.compile(r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b")),
    ("token", re.compile(r"(?<![\w/+=.-])([A-Za-z0-9+/_]{40,}={0,2})(?![\w/+=.-])", re.ASCII)),
    ("user", re.compile(r"(?<![\w.+-])([\w.+-]+@[\w-]+(?:\.[\w-]+)+)", re.ASCII)),
    (
        "user",
        re.compile(
            r"(?i)\b(?:uid|user|username|user[_-]?id|login|principal|account|owner)[\"']?\s*[:=]\s*"
            rf"[\"']?({_WORD}+)"
        ),
    ),
    ("user", re.compile(r"(?i)\buser(?:name)?\s+[`'\"]([^`'\"\s]+)[`'\"]")),
    ("user", re.compile(rf"/users/({_WORD}+?)(?=/|\s|$)")),
    ("address", re.compile(r"(?<![\w.:])([0-9a-f]{2}(?::[0-9a-f]{2}){5})(?![\w:])", re.IGNORECASE)),
)
"""Forms by which a secret is known without having been learned; the group is the secret."""

_IPV4: Final = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.]*\d)", re.ASCII)
_IPV6: Final = re.compile(r"(?<![\w:.])([0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*)(?![\w:])")
_IP_NAME: Final = re.compile(r"\bip-\d{1,3}(?:-\d{1,3}){3}[\w.-]*", re.ASCII)
_IN_URL: Final = re.compile(r"(?<=://)(?:[^\s/@]+@)?([\w.-]+)", re.ASCII)
_DOTTED: Final = re.compile(r"(?<![\w.@/-])([\w-]+(?:\.[\w-]+)+)(:\d{2,5}\b)?", re.ASCII)
_WITH_PORT: Final = re.compile(r"(?<![\w.@/:-])([A-Za-z][\w-]*):(\d{2,5})(?![\w:.])", re.ASCII)

_STAND_IN: Final = re.compile(
    r"(?:token|cookie|password|user)-\d+|host-\d+\.example|192\.0\.2\.\d+|2001:db8::\d+"
)
_CREDENTIALS: Final = frozenset(
    {"authorization", "proxy-authorization", "x-auth-token", "x-api-key"}
)
"""Headers whose values are nothing but credentials."""

_CREDENTIAL: Final = re.compile(r"((?:\S+\s+)?(?:token=)?)(.*)", re.DOTALL)
"""The value of such a header: how the credentials are written, and they themselves."""

_KEY_LINE_MIN: Final = 16
"""A line of a key is longer; its first and last words are not."""

_LOGIN_KEYS: Final = {
    "uid": "user",
    "user": "user",
    "username": "user",
    "login": "user",
    "email": "user",
    "password": "password",
    "token": "token",
    "access_token": "token",
    "id_token": "token",
    "private_key": "token",
    "secret": "token",
}


@final
@dataclass(slots=True)
class Redactor:
    """Learns secrets, then takes them out of texts.

    Attributes:
        keep: kinds that are left as they are.
    """

    keep: AbstractSet[str] = frozenset()
    _known: dict[str, tuple[str, str]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _used: dict[str, int] = field(default_factory=dict)
    _expression: re.Pattern[str] | None = None

    def learned(self, since: int = 0) -> list[tuple[str, str]]:
        """Return kind and value of each known secret, in the order in which they became known."""
        return [(self._known[value][0], value) for value in islice(self._known, since, None)]

    # --- learning ----------------------------------------------------------------------------

    def learn(self, kind: str, value: str) -> None:
        """Take a value for a secret of this kind, wherever it stands from now on."""
        value = value.strip()
        is_stand_in = _STAND_IN.fullmatch(value) or (
            kind == "host" and _OPEN_HOSTS.fullmatch(value)
        )
        if kind in self.keep or is_stand_in or len(value) < _SHORTEST.get(kind, 6):
            return
        if kind == "host" and _is_address(value):
            kind = "address"
        if kind == "address" and (kind in self.keep or not _tells_something(value)):
            return
        if value not in self._known:
            self._known[value] = (kind, self._stand_in(kind))
            self._expression = None

    def learn_header(self, name: str, value: str) -> None:
        """Learn what a header of a request or an answer gives away."""
        name = name.lower()
        if name in _CREDENTIALS:
            self._learn_authorization(value)
        elif name == "cookie":
            for pair in value.split(";"):
                self._learn_cookie(pair)
        elif name == "set-cookie":
            self._learn_cookie(value.split(";", maxsplit=1)[0])
        elif name in {"host", "x-forwarded-host", "x-forwarded-server"}:
            self.learn_host(value)
        elif name in {"x-forwarded-for", "x-real-ip", "forwarded"}:
            self._learn_addresses(value)
        elif name in {"location", "referer", "origin", "x-marathon-leader"}:
            self.learn_url(value)
        elif "token" in name or "secret" in name or "key" in name:
            self.learn("token", value)

    def _learn_addresses(self, value: str) -> None:
        for part in re.split(r"[,;=\s]+", value):
            bare = part.strip('"[]')
            if _is_address(bare):
                self.learn("address", bare)

    def learn_url(self, url: str) -> None:
        """Learn the host, and whoever is named before it or in its query."""
        try:
            parts = urlsplit(url)
            query = parse_qsl(parts.query)
        except ValueError:
            return
        if parts.username:
            self.learn("user", unquote(parts.username))
        if parts.password:
            self.learn("password", unquote(parts.password))
        if parts.hostname:
            self.learn_host(parts.hostname)
        for name, value in query:
            kind = _LOGIN_KEYS.get(name.lower())
            if kind:
                self.learn(kind, value)

    def learn_host(self, host: str) -> None:
        """Learn a host, with or without its port; an address is one, too."""
        bare = host.strip("[]")
        if not _is_address(bare):
            bare = re.sub(r":\d+$", "", host).strip("[]")
        self.learn("address" if _is_address(bare) else "host", bare)

    def learn_body(self, body: str) -> None:
        """Learn what a login, or an answer to one, holds."""
        if not any(key in body for key in ("uid", "token", "password", "user", "secret", "login")):
            return
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = dict(parse_qsl(body))
        self._learn_values(value)

    def learn_text(self, text: str) -> None:
        """Learn whose tokens, which keys, and which hosts of URLs, stand in a text."""
        for match in _KEY_BLOCK.finditer(text):
            for line in re.split(r"\s|\\n", match[0]):
                if len(line) > _KEY_LINE_MIN:
                    self.learn("token", line)
        for match in _BARE_JWT.finditer(text):
            self._learn_jwt(match[0])
        for match in _URL.finditer(text):
            self.learn_url(match[0])

    def _learn_values(self, value: object, depth: int = 0) -> None:
        if depth > 20:  # noqa: PLR2004 - no login is nested so deep
            return
        if isinstance(value, Mapping):
            for key, inner in value.items():
                kind = _LOGIN_KEYS.get(str(key).lower())
                if kind and isinstance(inner, str):
                    self.learn(kind, inner)
                    self._learn_jwt(inner)
                else:
                    self._learn_values(inner, depth + 1)
        elif isinstance(value, list):
            for inner in value:
                self._learn_values(inner, depth + 1)

    def _learn_authorization(self, value: str) -> None:
        scheme, _, rest = value.strip().partition(" ")
        credentials = rest.strip() or scheme
        if credentials.startswith("token="):
            credentials = credentials.removeprefix("token=")
        self.learn("token", credentials)
        self._learn_jwt(credentials)
        if scheme.lower() == "basic":
            with_password = _decoded(credentials)
            user, colon, password = with_password.partition(":")
            if colon:
                self.learn("user", user)
                self.learn("password", password)

    def _learn_cookie(self, pair: str) -> None:
        _, _, value = pair.strip().partition("=")
        self.learn("cookie", value)
        self._learn_jwt(value)
        self._learn_jwt(f".{value}.")  # an info cookie is the bare payload

    def _learn_jwt(self, value: str) -> None:
        parts = value.split(".")
        if len(parts) < len(("header", "payload")):
            return
        try:
            payload: Any = json.loads(_decoded(parts[1]) or "0")
        except (ValueError, RecursionError):
            return
        for name in ("uid", "sub", "email"):
            if isinstance(payload, dict) and isinstance(payload.get(name), str):
                self.learn("user", payload[name])

    # --- replacing ---------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """Return a text without its secrets."""
        if not text:
            return text
        text = self._without_known(text)
        for kind, pattern in _PATTERNS:
            if kind not in self.keep:
                text = pattern.sub(partial(self._replaced, kind=kind), text)
        if "address" not in self.keep:
            text = _IPV4.sub(self._replaced_address, text)
            text = _IPV6.sub(self._replaced_address, text)
        if "host" not in self.keep:
            for pattern in (_IP_NAME, _IN_URL, _DOTTED, _WITH_PORT):
                text = pattern.sub(self._replaced_host, text)
        return text

    def header(self, name: str, value: str) -> str:
        """Return the value of a header without its secrets; credentials go however short they are.

        Args:
            name: of the header, in lower case.
            value: as sent.
        """
        if name in _CREDENTIALS:
            scheme, credentials = _CREDENTIAL.fullmatch(value.strip()).groups()  # type: ignore[union-attr] # all of it is optional
            return f"{scheme}{self._surely('token', credentials)}"
        if name == "cookie":
            return "; ".join(self._cookie(pair.strip()) for pair in value.split(";"))
        if name == "set-cookie":
            pair, *attributes = value.split(";")
            return ";".join((self._cookie(pair), *map(self.text, attributes)))
        return self.text(value)

    def _cookie(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        if not equals:
            return self._surely("cookie", name)
        return f"{self.text(name)}={self._surely('cookie', value)}"

    def _surely(self, kind: str, value: str) -> str:
        """Return what stands for a value of which its place says that it is a secret."""
        if not value or kind in self.keep or _STAND_IN.fullmatch(value):
            return value
        return self._use(value) if value in self._known else _STAND_INS[kind](0)

    def name(self, text: str) -> str:
        """Return a name of a file without what was learned; no form of it is taken for a host's."""
        return self._without_known(text)

    def value(self, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return a JSON value with every text in it without its secrets, keys as well."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): self._under(str(key), inner) for key, inner in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.value(inner) for inner in value]
        return value

    def _under(self, key: str, value: object) -> object:
        """Return what stands under a key; the key itself may tell that it is a secret."""
        kind = _LOGIN_KEYS.get(key.lower())
        if kind and isinstance(value, str) and value:
            self.learn(kind, value)
        return self.value(value)

    @property
    def summary(self) -> tuple[str, ...]:
        """What was replaced: a line for each kind, with how many values and how often."""
        lines = []
        for kind in KINDS:
            stand_ins = {stand_in for known, stand_in in self._known.values() if known == kind}
            used = [count for stand_in, count in self._used.items() if stand_in in stand_ins]
            if used:
                what = _PLURALS[kind] if len(used) > 1 else kind
                times = "once" if sum(used) == 1 else f"{sum(used)} times"
                example = min(stand_ins & set(self._used), key=lambda text: (len(text), text))
                lines.append(f"{len(used)} {what}, {times}: {example} and the like")
        return tuple(lines)

    def _without_known(self, text: str) -> str:
        if not self._known:
            return text
        if self._expression is None:
            longest_first = sorted(self._known, key=len, reverse=True)
            self._expression = re.compile("|".join(map(self._bounded, longest_first)))
        return self._expression.sub(lambda match: self._use(match[0]), text)

    def _bounded(self, value: str) -> str:
        """Let a name count only as a whole word: a user called "all" is not in "install"."""
        escaped = re.escape(value)
        is_name = self._known[value][0] in {"user", "host", "address", "password"}
        return rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])" if is_name else escaped

    def _use(self, value: str) -> str:
        stand_in = self._known[value][1]
        self._used[stand_in] = self._used.get(stand_in, 0) + 1
        return stand_in

    def _replaced(self, match: re.Match[str], kind: str) -> str:
        secret = match[match.lastindex or 0]
        if _STAND_IN.fullmatch(secret.strip("/.")) or secret.startswith("STATUS_"):
            return match[0]
        if secret not in self._known:
            self._known[secret] = (kind, self._stand_in(kind))
            self._expression = None
        start = match.start(match.lastindex or 0) - match.start()
        return match[0][:start] + self._use(secret) + match[0][start + len(secret) :]

    def _replaced_address(self, match: re.Match[str]) -> str:
        written = match[1]
        is_open = not _is_address(written) or not _tells_something(written)
        return (
            match[0]
            if is_open or _STAND_IN.fullmatch(written)
            else self._replaced(match, "address")
        )

    def _replaced_host(self, match: re.Match[str]) -> str:
        is_group = match.re is not _IP_NAME
        name = match[1] if is_group else match[0]
        sure = match.re in {_IP_NAME, _IN_URL, _WITH_PORT} or (match.lastindex or 0) > 1
        if _is_address(name) or _OPEN_HOSTS.fullmatch(name) or _STAND_IN.fullmatch(name):
            return match[0]
        if not sure and not _looks_like_host(name):
            return match[0]
        if match.re is _WITH_PORT and not re.search(r"[-\d]", name):
            return match[0]  # "line:12" and the like
        if name not in self._known:
            self._known[name] = ("host", self._stand_in("host"))
            self._expression = None
        start = match.start(1) - match.start() if is_group else 0
        return match[0][:start] + self._use(name) + match[0][start + len(name) :]

    def _stand_in(self, kind: str) -> str:
        number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return _STAND_INS[kind](number)


def _address_stand_in(number: int) -> str:
    """Return an address that documents may use and nobody has (RFC 5737, RFC 3849)."""
    return f"192.0.2.{number}" if number < 256 else f"2001:db8::{number}"  # noqa: PLR2004


_STAND_INS: Final[Mapping[str, Callable[[int], str]]] = {
    "token": lambda number: f"token-{number}",
    "cookie": lambda number: f"cookie-{number}",
    "password": lambda number: f"password-{number}",
    "user": lambda number: f"user-{number}",
    "host": lambda number: f"host-{number}.example",
    "address": _address_stand_in,
}
_PLURALS: Final = {
    "token": "tokens",
    "cookie": "cookies",
    "password": "passwords",
    "user": "users",
    "host": "hosts",
    "address": "addresses",
}


def unknown_kinds(keep: Iterator[str] | tuple[str, ...]) -> list[str]:
    """Return those of the words that name no kind of secret."""
    return [each for each in keep if each not in KINDS]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _tells_something(address: str) -> bool:
    """Whether an address is one of a network: every machine is its own 127.0.0.1."""
    parsed = ipaddress.ip_address(address)
    return not (parsed.is_loopback or parsed.is_unspecified)


def _looks_like_host(name: str) -> bool:
    """Whether a dotted word is rather a host than a file, a class or a version."""
    end = name.rpartition(".")[2]
    if any(each.isupper() for each in name) or end in _FILE_ENDS:
        return False
    return end in _GENERIC_ENDS or (len(end) == 2 and end.isalpha())  # noqa: PLR2004 - a country


def _decoded(text: str) -> str:
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
