"""Takes secrets out of what was captured, before anything of it is written or said.

First everything is learned: values that headers, logins and addresses give away, and what has the
form of a secret (``forms.py``). Then texts are rewritten: what was learned is replaced
wherever it stands. The same value becomes the same stand-in everywhere, so that what belongs
together still does. What is replaced too much costs a word in an error text; too little would give
a secret away.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, final
from urllib.parse import parse_qsl, unquote, urlsplit

from simulator.capture.secrets.forms import (
    STAND_IN,
    Found,
    certain_forms_in,
    forms_in,
    is_address,
    is_open,
    kind_of_key,
    own_name,
)
from simulator.capture.secrets.stand_ins import (
    STAND_INS,
    expression_of,
    spellings,
    stand_in_form,
    ways_to_write,
)

KINDS: Final = ("token", "cookie", "password", "user", "host", "address")
"""What is replaced; each can be kept."""

_SHORTEST: Final = {"user": 3, "host": 3, "password": 4, "address": 2}
"""A learned value with fewer characters would be found in every other word."""

_STATUS: Final = "STATUS_[A-Z_]+"
"""Never replaced, not even in part: a user may be called "ready"."""

_PLURALS: Final = {
    "token": "tokens",
    "cookie": "cookies",
    "password": "passwords",
    "user": "users",
    "host": "hosts",
    "address": "addresses",
}
_DEPTH_MAX: Final = 50
"""Of values in JSON that are looked at: none that anybody captured is nested so deep."""

_HEADERS: Final[Mapping[str, str]] = {
    "authorization": "authorization",
    "proxy-authorization": "authorization",
    "x-auth-token": "authorization",
    "x-api-key": "authorization",
    "cookie": "cookies",
    "set-cookie": "cookies",
    "host": "host",
    "x-forwarded-host": "host",
    "x-forwarded-server": "host",
    "x-forwarded-for": "addresses",
    "x-real-ip": "addresses",
    "forwarded": "addresses",
    "via": "text",
    "location": "url",
    "referer": "url",
    "origin": "url",
    "x-marathon-leader": "url",
}
_CREDENTIAL: Final = re.compile(r"((?:\S+\s+)?(?:token=)?)(.*)", re.DOTALL)
"""The value of a header of credentials: how they are written, and they themselves."""

_COOKIE_ATTRIBUTES: Final = frozenset(
    ["comment", "domain", "expires", "max-age", "path", "priority", "samesite", "version"]
)


@final
@dataclass(slots=True)
class Redactor:
    """Learns secrets, then takes them out of texts.

    Attributes:
        keep: kinds that are left as they are.
    """

    keep: AbstractSet[str] = frozenset()
    _known: dict[str, tuple[str, str]] = field(default_factory=dict)
    _kept: set[str] = field(default_factory=set)
    _aliases: dict[str, str] = field(default_factory=dict)
    _given: set[str] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)
    _used: dict[str, int] = field(default_factory=dict)
    _studied: set[int] = field(default_factory=set)
    _written: dict[str, str] = field(default_factory=dict)
    _expression: re.Pattern[str] | None = None

    def learned(self, since: int = 0) -> list[tuple[str, str]]:
        """Return kind and value of each known secret, in the order in which they became known."""
        return [(self._known[value][0], value) for value in islice(self._known, since, None)]

    # --- learning ----------------------------------------------------------------------------

    def learn(self, kind: str, value: str) -> None:
        """Take a value for a secret of this kind, wherever it stands from now on."""
        value = value.strip()
        if kind == "host" and is_address(value):
            kind = "address"
        if len(value) < _SHORTEST.get(kind, 6) or is_open(kind, value):
            return
        if kind in self.keep:
            self._keep(value)
        elif value not in self._known and value not in self._kept:
            self._known[value] = (kind, self._same(kind, value) or self._stand_in(kind, value))
            self._expression = None
        if kind == "host" or (kind == "user" and "@" in value):
            self._learn_own_name(kind, value)

    def _keep(self, value: str) -> None:
        """Leave a value as it is, also where it has another meaning that is not kept."""
        self._kept.add(value)
        if self._known.pop(value, None):
            self._expression = None

    def _learn_own_name(self, kind: str, value: str) -> None:
        """Learn the name of a machine from its whole name, that of a person from an address."""
        own = own_name(value)
        if own and own != value and own not in self._known and not is_open(kind, own):
            if kind in self.keep:
                self._keep(own)
            elif own not in self._kept and value in self._known:
                self._known[own] = (kind, self._known[value][1].removesuffix(".example"))
                self._expression = None

    def _same(self, kind: str, value: str) -> str:
        """Return the stand-in that another way of writing this value has; empty for none."""
        if kind == "address":
            return next(
                (self._known[each][1] for each in spellings(value) if each in self._known), ""
            )
        if kind == "host":
            known = self._known.get(value.lower()) or self._known.get(own_name(value), ("", ""))
            whole = f"{known[1]}.example" if "." in value else known[1]
            if known[0] == "host" and value.lower() in self._known:
                return known[1]
            is_free = whole not in {stand_in for _, stand_in in self._known.values()}
            return whole if known[0] == "host" and is_free else ""
        return ""

    def learn_header(self, name: str, value: str) -> None:
        """Learn what a header of a request or an answer gives away."""
        name = name.lower().lstrip(":")
        match _HEADERS.get(name, "host" if name == "authority" else ""):
            case "authorization":
                self._learn_authorization(value)
            case "cookies":
                self._learn_cookies(re.split(r"[;\n]", value))
            case "host":
                self.learn_host(value)
            case "addresses":
                self._learn_addresses(value)
            case "url":
                self.learn_url(value)
            case _ if re.search(r"token|secret|api.?key|password|credential", name):
                self.learn("token", value)
            case _ if re.search(r"user|principal|remote-addr|client-ip", name):
                self.learn("address" if is_address(value.strip()) else "user", value)
        self.study(value)

    def _learn_addresses(self, value: str) -> None:
        for part in re.split(r"[,;=\s]+", value):
            bare = part.strip('"[]')
            if is_address(bare):
                self.learn("address", bare)

    def learn_url(self, url: str) -> None:
        """Learn the host, and whoever is named before it or in its query."""
        try:
            parts = urlsplit(url)
            query = [*parse_qsl(parts.query), *parse_qsl(parts.fragment)]
        except ValueError:
            return
        for kind, said in (("user", parts.username), ("password", parts.password)):
            if said:
                self.learn(kind, unquote(said))
                if said not in ways_to_write(kind, unquote(said)):
                    self.learn(kind, said)
        if parts.hostname:
            self.learn_host(parts.hostname)
            self.learn_host(re.sub(r":\d*$", "", parts.netloc.rpartition("@")[2]))
        for name, value in query:
            self._learn_keyed(name, value)

    def learn_host(self, host: str) -> None:
        """Learn a host, with or without its port; an address is one, too."""
        bare = host.strip().strip("[]")
        if not is_address(bare):
            bare = re.sub(r":\d+$", "", host.strip()).strip("[].")
        self.learn("host", bare)

    def learn_body(self, body: str) -> None:
        """Learn what a login, or an answer to one, holds."""
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            is_form = "=" in body and not re.search(r"\s", body)
            value = dict(parse_qsl(body)) if is_form else body
        self.study_value(value)

    def _learn_keyed(self, key: str, value: str) -> None:
        """Learn a value that stands under a key, where the key says that it is a secret."""
        kind = kind_of_key(key)
        if kind == "authorization":
            self._learn_authorization(value)
        elif kind == "cookies":
            self.learn_header(key, value)
        elif kind in {"host", "machine"}:
            if re.fullmatch(r"[\w.:\[\]-]+", value):
                self.learn_host(value)
        elif kind and not value.startswith("STATUS_"):
            self.learn(kind, value)
            self._learn_jwt(value)

    def _learn_authorization(self, value: str) -> None:
        scheme, _, rest = value.strip().partition(" ")
        credentials = (rest.strip() or scheme).strip("\"'")
        credentials = credentials.removeprefix("token=").strip("\"'")
        self.learn("token", credentials)
        self._learn_jwt(credentials)
        if scheme.lower() == "basic":
            user, colon, password = _decoded(credentials).partition(":")
            if colon:
                self.learn("user", user)
                self.learn("password", password)
        for name, said in re.findall(r'(\w+)="([^"]+)"', rest):
            self._learn_keyed(name, said)

    def _learn_cookies(self, pairs: Iterable[str]) -> None:
        for pair in pairs:
            name, _, value = pair.strip().partition("=")
            if name.lower() == "domain":
                self.learn_host(value.lstrip("."))
            if name.lower() in _COOKIE_ATTRIBUTES:
                continue
            for written in dict.fromkeys((value.strip('"'), unquote(value.strip('"')))):
                self.learn("cookie", written)
                self._learn_jwt(written)
                self._learn_jwt(f".{written}.")  # an info cookie is the bare payload

    def _learn_jwt(self, value: str) -> None:
        parts = value.split(".")
        if len(parts) < len(("header", "payload")):
            return
        try:
            payload: Any = json.loads(_decoded(parts[1]) or "0")
        except (ValueError, RecursionError):
            return
        for name in ("uid", "sub", "email", "preferred_username"):
            if isinstance(payload, dict) and isinstance(payload.get(name), str):
                self.learn("user", payload[name])

    def study(self, text: str) -> None:
        """Learn whatever in a text has the form of a secret; what stood there before, too."""
        mark = hash(text)
        if mark not in self._studied:
            self._studied.add(mark)
            self._given.update(match[0] for match in STAND_IN.finditer(text))
            self._take(forms_in(text))

    def study_name(self, text: str) -> None:
        """Learn from the name of a file or a backup, of which less can be told."""
        self._given.update(match[0] for match in STAND_IN.finditer(text))
        self._take(certain_forms_in(text))

    def study_value(self, value: object, depth: int = 0) -> None:
        """Learn from every text in a JSON value, and from the keys that they stand under."""
        if depth > _DEPTH_MAX:
            return
        if isinstance(value, str):
            self.study(value)
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                self.study(str(key))
                for each in inner if isinstance(inner, list) else (inner,):
                    if isinstance(each, str) and each:
                        self._learn_keyed(str(key), each)
                self.study_value(inner, depth + 1)
        elif isinstance(value, (list, tuple)):
            for inner in value:
                self.study_value(inner, depth + 1)

    def _take(self, found: Iterable[Found]) -> None:
        for kind, value in found:
            if kind == "authorization":
                self._learn_authorization(value)
            elif kind == "cookies":
                self._learn_cookies(value.split(";"))
            elif kind == "host":
                self.learn_host(value)
            else:
                self.learn(kind, value)
                if kind == "token":
                    self._learn_jwt(value)

    def call(self, text: str, stand_in: str) -> None:
        """Replace a text that is no secret, but holds one, as a whole from now on."""
        self._aliases[text] = stand_in
        self._expression = None

    # --- replacing ---------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """Return a text without its secrets."""
        self.study(text)
        return self._without_known(text)

    def header(self, name: str, value: str) -> str:
        """Return the value of a header without its secrets; credentials go however short they are.

        Args:
            name: of the header, in lower case.
            value: as sent.
        """
        if _HEADERS.get(name) == "authorization":
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
        if not value or kind in self.keep or STAND_IN.fullmatch(value):
            return value
        written = self._without_known(value) if value in self._known else value
        return written if written != value else STAND_INS[stand_in_form(kind, value)](0)

    def name(self, text: str) -> str:
        """Return a name without its secrets; no word in it is taken for a host's by its form."""
        self.study_name(text)
        return self._without_known(text)

    def value(self, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return a JSON value with every text in it without its secrets, keys as well."""
        self.study_value(value)
        return self._cleaned(value)

    def _cleaned(self, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.key(str(key)): self._under(str(key), inner) for key, inner in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self._cleaned(inner) for inner in value]
        return value

    def key(self, key: str) -> str:
        """Return a key of JSON without its secrets; what the API calls its fields stays."""
        return key if is_open("", key) else self.text(key)

    def _under(self, key: str, value: object) -> object:
        """Return what stands under a key; a password may be short, or a number."""
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if (
            "password" in self.keep
            or kind_of_key(key) != "password"
            or not (is_number or (isinstance(value, str) and value))
        ):
            return self._cleaned(value)
        written = self.text(f"{value}")
        if written != f"{value}" or is_open("password", written):
            return written
        self._known.setdefault(f"{value}\0", ("password", self._stand_in("password", written)))
        return self._use(f"{value}\0")

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
        if not self._known and not self._aliases:
            return text
        if self._expression is None:
            self._expression = self._compiled()
        return self._expression.sub(lambda match: self._use(match[0]), text)

    def _compiled(self) -> re.Pattern[str]:
        """Return an expression for all that is known, the longest first where some begin alike."""
        self._written = dict(self._aliases)
        for value, (kind, _) in self._known.items():
            for written in ways_to_write(kind, value):
                self._written.setdefault(written, value)
        groups: dict[str, list[str]] = {}
        for written in sorted(self._written, key=lambda each: (-len(each), each)):
            groups.setdefault(written[:2], []).append(expression_of(written))
        alternatives = [_STATUS, *("|".join(group) for group in groups.values())]
        return re.compile("|".join(alternatives))

    def _use(self, written: str) -> str:
        if written.startswith("STATUS_"):
            return written
        if written in self._aliases:
            return self._aliases[written]
        stand_in = self._known[self._written.get(written, written)][1]
        self._used[stand_in] = self._used.get(stand_in, 0) + 1
        return stand_in

    def _stand_in(self, kind: str, value: str) -> str:
        """Return a stand-in that nothing else has: the input may hold some already."""
        form = stand_in_form(kind, value)
        while True:
            number = self._numbers[form] = self._numbers.get(form, 0) + 1
            stand_in = STAND_INS[form](number)
            if stand_in not in self._given:
                return stand_in if kind != "host" or "." in value else stand_in[: -len(".example")]


def _decoded(text: str) -> str:
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
