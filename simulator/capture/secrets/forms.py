"""Forms by which a secret is known without anybody having said that it is one.

Each expression takes time in proportion to the text: none starts again inside what it has read, and
what may be long has an end.
"""

import ipaddress
import json
import re
from collections.abc import Iterator
from typing import Final

Found = tuple[str, str]
"""A kind and a value. The kinds ``authorization`` and ``cookies`` are whole headers."""

# --- what is none --------------------------------------------------------------------------------

STAND_IN: Final = re.compile(
    r"(?:token|cookie|password|user)-\d+|host-\d+(?:\.example)?"
    r"|192\.0\.2\.\d{1,3}|198\.1[89]\.\d{1,3}\.\d{1,3}|2001:db8::[0-9a-f]+"
    r"|02:00:5e(?::[0-9a-f]{2}){3}"
)
"""What stands in the place of a secret."""

_OPEN_HOSTS: Final = re.compile(
    r"(?:localhost|leader|master|marathon|(?:[\w-]+\.)*(?:mesos|thisdcos\.directory|example)"
    r"|(?:[\w-]+\.)*example\.(?:com|net|org)|(?:[\w-]+\.)*dcos\.io)",
    re.ASCII | re.IGNORECASE,
)
"""Names that every cluster has, or nobody: they tell nothing of anybody's network."""

_OPEN_WORDS: Final = re.compile(
    r"backup|backups|component_status|create|dcos|dcos_version|delete|error|errors|id|label"
    r"|list|localhost|marathon|mesos|nobody|restore|restores|root|show|status|timestamp"
)
"""Words that the API itself uses, and users that every machine has: they are never replaced."""

_NO_SECRET: Final = re.compile(
    r"\$.*|\*+|x+|\.+|-+|STATUS_\w*|redacted|a|an|and|are|as|at|accepted|be|been|by|can(?:not)?|could"
    r"|denied|does|empty|error|expired|failed|failure|false|for|forbidden|found|from|given|granted"
    r"|has|have|in|invalid|is|missing|must|name|nil|no|none|not|null|of|on|or|password|provided"
    r"|required|revoked|secret|string|the|this|to|token|true|unauthorized|undefined|unknown"
    r"|unreachable|user|username|was|were|will|with(?:drawn|out)?|wrong",
    re.IGNORECASE,
)
"""What may stand behind ``token:`` or ``user=`` in a sentence, or in the place of a secret."""

_PLAIN_NAMES: Final = re.compile(
    r"admin|agent|agents|api|backup|centos|cloud|cluster|core|data|dcos|dev|ec2-user|gateway"
    r"|info|internal|leader|local|login|mail|marathon|master|masters|mesos|node|ops|prod"
    r"|private|proxy|public|root|server|staging|support|test|ubuntu|vagrant|www"
)
"""Names of machines and mailboxes that are found at anybody's."""


def is_open(kind: str, value: str) -> bool:
    """Whether a value tells nothing of anybody, whatever it was found as."""
    if (
        STAND_IN.fullmatch(value)
        or _OPEN_WORDS.fullmatch(value.lower())
        or value.startswith("STATUS_")
    ):
        return True
    if kind == "address":
        return not is_address(value) or not _tells_something(value)
    return kind == "host" and _OPEN_HOSTS.fullmatch(value) is not None


def is_address(text: str) -> bool:
    """Whether a text is an IPv4, IPv6 or MAC address."""
    if MAC.fullmatch(text):
        return True
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _tells_something(address: str) -> bool:
    """Whether an address is one of a network: every machine is its own 127.0.0.1."""
    if MAC.fullmatch(address):
        return True
    parsed = ipaddress.ip_address(address)
    return not (parsed.is_loopback or parsed.is_unspecified)


def own_name(name: str) -> str:
    """Return what a whole host name, or the one before an @, is called for short; else nothing."""
    short = re.split(r"[.@]", name, maxsplit=1)[0] if "@" not in name else name.partition("@")[0]
    is_telling = len(short) > 4 or (len(short) > 3 and re.search(r"[\d-]", short))  # noqa: PLR2004
    return short if is_telling and not _PLAIN_NAMES.fullmatch(short.lower()) else ""


# --- what a key says of its value ----------------------------------------------------------------

_KEYS: Final = (
    ("authorization", re.compile(r"(?:proxy-)?authorization")),
    ("cookies", re.compile(r"(?:set-)?cookie")),
    ("password", re.compile(r".*(?:passw|passphrase|pwd$|(?:^|[_.-])pass$).*")),
    (
        "token",
        re.compile(
            r".*(?:token|secret|credential|signature|(?:api|access|private|auth)[_.-]?key)"
            r"(?:s|[_-]?id|[_-]?key|[_-]?value)?"
        ),
    ),
    (
        "cookie",
        re.compile(r".*cookie|.*session(?:[_-]?id|[_-]?key)?|(?:.*[_.-])?j?sid|connect\.sid"),
    ),
    (
        "user",
        re.compile(
            r"(?:.*[_.-])?(?:uid|user|users|user[_-]?name|user[_-]?id|login|principal|account|owner"
            r"|e?mail|run_?as|(?:created|requested)[_-]?by)"
        ),
    ),
    ("host", re.compile(r"(?:.*[_.-])?(?:host|hosts|host[_-]?name|fqdn|node[_-]?name)")),
    ("machine", re.compile(r"(?:.*[_.-])?(?:node|agent|server|machine)")),
)


def kind_of_key(name: str) -> str:
    """Return what a key says that its value is; empty where it says nothing of a secret."""
    low = name.lower()
    return next((kind for kind, form in _KEYS if form.fullmatch(low)), "")


_KEY: Final = re.compile(r"(?<![\w.-])([\w.-]{2,80})[\\\"']{0,4}[ \t]{0,8}[:=]{1,2}>?[ \t]{0,8}")
_OPTION: Final = re.compile(
    r"(?<![\w-])--?([\w-]{2,40})[ \t]+(?=[^\s-])|\b(core\.dcos_acs_token)[ \t]+"
)
_VALUE: Final = re.compile(
    r'\\"([^"\\\n]{1,4000})\\"|("(?:[^"\\\n]|\\.){1,4000}")|\'([^\'\n\\]{1,4000})\''
    r"|[\\\"']{0,4}([^\s\"'<>,;&{}()\[\]\\|]{1,4000})"
)
_HEADER_VALUE: Final = re.compile(r"[\\\"']{0,4}([^\r\n\"'\\<>]{1,8000})")
_SCHEME: Final = re.compile(r"(?i:(?:bearer|basic|digest|negotiate|ntlm)\s+\S+|token=\S+)")
_OF_MACHINE: Final = re.compile(r"[A-Za-z][\w.-]*[\d.-][\w.-]*", re.ASCII)
_OF_USER: Final = re.compile(r"(?!\d+$)[^\s/]+")
_OF_HOST: Final = re.compile(r"[A-Za-z0-9_][\w.-]*(?::\d+)?", re.ASCII)


def _keyed(text: str) -> Iterator[Found]:
    """Yield what stands behind a key, an option or a header that speaks of a secret."""
    for form in (_KEY, _OPTION):
        end = 0
        for match in form.finditer(text):
            kind = kind_of_key(match[match.lastindex or 1]) if match.start() >= end else ""
            if kind in {"authorization", "cookies"}:
                said = _HEADER_VALUE.match(text, match.end())
                end = _end_of_header(kind, said) if said else end
                yield from _header(kind, said[1].strip() if said else "")
            elif kind and (value := _VALUE.match(text, match.end())):
                end = value.end()
                yield from _behind(kind, value)


def _end_of_header(kind: str, said: re.Match[str]) -> int:
    """Return where the value of a header ends: in a sentence, its line goes on with other words."""
    scheme = _SCHEME.match(said[1]) if kind == "authorization" else None
    return said.start(1) + scheme.end() if scheme else said.end()


def _header(kind: str, said: str) -> Iterator[Found]:
    if kind == "cookies":
        if "=" in said:
            yield kind, said
    elif scheme := _SCHEME.match(said):
        yield kind, scheme[0]
    elif " " not in said and len(said) > 5 and not _NO_SECRET.fullmatch(said):  # noqa: PLR2004
        yield kind, said


def _behind(kind: str, match: re.Match[str]) -> Iterator[Found]:
    value = match[match.lastindex or 0]
    if match.lastindex == 2:  # noqa: PLR2004 - in quotes of JSON
        try:
            value = json.loads(value)
        except ValueError:
            value = value[1:-1]
    if match.lastindex == 4:  # noqa: PLR2004 - a word, which a sentence may end with
        value = value.rstrip(".:!?") or value
    form = {"machine": _OF_MACHINE, "host": _OF_HOST, "user": _OF_USER}.get(kind)
    if not _NO_SECRET.fullmatch(value) and (form is None or form.fullmatch(value)):
        yield "host" if kind == "machine" else kind, value


# --- what is known by itself ---------------------------------------------------------------------

_PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]{1,40}-----[^-]*(?:-(?!----)[^-]*)*(?:-----END [A-Z0-9 ]{1,40}-----)?"
)
_LINE_OF_KEY: Final = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{20,}={0,2}")
_JWT: Final = re.compile(r"eyJ[\w-]{6,}(?:\.[\w-]+){0,2}", re.ASCII)
_SCHEMES: Final = re.compile(
    r"(?i:\b(?:bearer|basic|negotiate|digest)[ \t]+)([^\s\"'<>,;&{}()\[\]\\]{6,4000})"
)
_AWS: Final = re.compile(r"(?<![A-Za-z0-9])((?:AKIA|ASIA)[A-Z0-9]{16})(?![A-Za-z0-9])")
_LONG: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{32,}={0,2}", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PART_OF_PATH: Final = re.compile(r"[A-Z]?[a-z_-]*\d{0,4}|v?[\d_-]+")
_USER_INFO: Final = re.compile(r"://([^\s/:@\"'<>]{1,300})(?::([^\s/@\"'<>]{1,300}))?@")
_CURL_USER: Final = re.compile(
    r"(?<=[\s'\"])(?:-u|-U|--user|--proxy-user)[ =]?(?:'([^':\n]+):([^'\n]+)'"
    r"|\"([^\":\n]+):([^\"\n]+)\"|([^\s'\":]+):([^\s'\"]+))"
)
_CURL_COOKIE: Final = re.compile(r"(?<=[\s'\"])(?:-b|--cookie)[ =]?['\"]?([^\s'\"=]+=[^'\"\n]+)")
_MAIL: Final = re.compile(
    r"(?<![\w.+-])([\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![\w-])", re.ASCII
)
_LOGGED_IN: Final = re.compile(
    r"(?<![\w.+:/-])([A-Za-z_][\w.-]{0,63})@(?![0-9a-f]{5,8}\b)([A-Za-z][\w-]{0,62})(?![\w.@-]{0,99}\.\w)",
    re.ASCII,
)
_USER_WORDS: Final = re.compile(
    r"(?i:\b(?:user(?:name)?|principal)[ ]+)[`'\"]([^`'\"\s]{1,200})[`'\"]"
)
_USER_PATH: Final = re.compile(r"/(?:home|users|Users)/([^\s\"'<>,;&{}()\[\]\\/?#:]{1,200})")

MAC: Final = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", re.IGNORECASE)
_MAC: Final = re.compile(rf"(?<![\w:])({MAC.pattern})(?![\w:])", re.IGNORECASE)
_IPV4: Final = re.compile(
    r"(?<![A-Za-z0-9.])(\d{1,3}(?:\.\d{1,3}){3})(?![A-Za-z0-9]|\.\d)", re.ASCII
)
_IPV6: Final = re.compile(
    r"(?<![A-Za-z0-9:.])(?=[0-9a-fA-F]{0,4}:)([0-9a-fA-F:.]{3,60})(?![A-Za-z0-9])"
)
_IP_NAME: Final = re.compile(
    r"(?<![\w-])ip-\d{1,3}(?:-\d{1,3}){3}(?:\.[a-z][a-z0-9-]{0,62}(?=[.\W]|$)){0,8}", re.ASCII
)
_IN_URL: Final = re.compile(r"(?<=://)(?:[^\s/@]{1,600}@)?([\w.-]{1,255})", re.ASCII)
_DOTTED: Final = re.compile(r"(?<![\w.@/-])([\w-]+(?:\.[\w-]+)+)(:\d{2,5}(?![\w:]))?", re.ASCII)
_WITH_PORT: Final = re.compile(
    r"(?<![\w.@/:-])([A-Za-z][\w-]{0,62}):(?:22|53|80|\d{3,5})(?![\w:.-])", re.ASCII
)
_SAID_HOSTS: Final = re.compile(
    r"(?:UnknownHostException: |resolve host:? '?|onnect(?:ed|ion)? to |\blookup "
    r"|\b[Hh]ost (?=\S+ was )|no such host:? |for host '?)"
    r"([A-Za-z][\w.-]{2,254})(?=[\s:,;'\"()]|$)",
    re.ASCII,
)
_BEFORE_ADDRESS: Final = re.compile(
    r"(?<![\w./-])([A-Za-z][\w.-]{1,254})/(?=\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\d))", re.ASCII
)

_ENDS: Final = re.compile(
    r"ai|arpa|biz|cloud|co|com|corp|edu|eu|gov|internal|intranet|io|lan|local|mil|net|org"
    r"|systems"
)
_WORDLY_ENDS: Final = re.compile(
    r"app|as|at|by|de|dev|do|el|es|home|if|in|info|int|is|it|me|my|no|of|on|or|private|so|tech"
    r"|test|to|up|us|we"
)
"""Ends of host names that are words, too: a name of three parts, or with a digit, has one."""

_FILE_ENDS: Final = re.compile(
    r"bz|c|cc|cfg|class|conf|cpp|cs|css|csv|db|gem|go|gz|h|hs|html|id|ini|jar|java|js|json|ko"
    r"|kt|log|lua|md|ml|mo|pid|pl|proto|ps|py|rb|rs|scala|service|sh|so|sock|socket|sql|tf|tgz"
    r"|timer|toml|ts|txt|vb|xml|xz|yaml|yml|zip"
)


def forms_in(text: str) -> Iterator[Found]:
    """Yield whatever in a text has the form of a secret."""
    yield from certain_forms_in(text)
    yield from _keyed(text)
    for match in _SCHEMES.finditer(text):
        if re.search(r"[\d=]", match[1]) or "%" in match[1]:
            yield "token", match[1]
    if "@" in text:
        yield from _logins(text)
    if "-u" in text.lower() or "-b" in text or "--cookie" in text:
        for match in _CURL_USER.finditer(text):
            user, password = [each for each in match.groups() if each]
            yield from (("user", user), ("password", password))
        yield from (("cookies", match[1]) for match in _CURL_COOKIE.finditer(text))
    for form in (_USER_WORDS, _USER_PATH):
        for match in form.finditer(text):
            if not _PLAIN_NAMES.fullmatch(match[1].lower()) and not _NO_SECRET.fullmatch(match[1]):
                yield "user", match[1]
    yield from _hosts(text)


def certain_forms_in(text: str) -> Iterator[Found]:
    """Yield what cannot well be anything else than a secret, not even in the name of a file."""
    for form in (_PRIVATE_KEY, _JWT, _AWS):
        yield from (("token", match[0]) for match in form.finditer(text))
    for match in _PRIVATE_KEY.finditer(text):
        lines = _LINE_OF_KEY.findall(match[0].replace("\\n", "\n"))
        yield from (("token", line) for line in lines if re.search(r"\d", line))
    for match in _MAIL.finditer(text) if "@" in text else ():
        if "://" not in text[max(match.start() - 99, 0) : match.start()].rpartition(" ")[2]:
            yield "user", match[1]  # what stands before an @ in a URL may be a password
    yield from (("token", match[0]) for match in _LONG.finditer(text) if _is_random(match[0]))
    yield from (("address", match[1]) for match in _MAC.finditer(text))
    yield from (("address", match[1]) for match in _IPV4.finditer(text) if is_address(match[1]))
    for match in _IPV6.finditer(text):
        written = match[1]
        while written and written[-1] in ".:" and not is_address(written):
            written = written[:-1]
        if len(re.sub(r"[:.]", "", written)) > 3 and is_address(written):  # noqa: PLR2004 - no a::b
            yield "address", written
    yield from (("host", match[0]) for match in _IP_NAME.finditer(text))


def _is_random(text: str) -> bool:
    """Whether a long word is rather a key than a path, an id or a name of something."""
    if _UUID.search(text) or ("/" in text and all(map(_PART_OF_PATH.fullmatch, text.split("/")))):
        return False
    has_digit, has_letter = re.search(r"\d", text), re.search(r"[A-Za-z]", text)
    longest = max(map(len, re.split(r"[-_/]", text)))
    is_hex = re.fullmatch(r"[0-9a-f]+", text)
    is_long = len(text) >= 40 or not is_hex  # noqa: PLR2004 - a UUID without its dashes is shorter
    return bool(has_digit and has_letter and is_long and longest > 15)  # noqa: PLR2004 - no word


def _logins(text: str) -> Iterator[Found]:
    for match in _USER_INFO.finditer(text):
        yield "user", match[1]
        if match[2]:
            yield "password", match[2]
    for match in _LOGGED_IN.finditer(text):
        yield from (("user", match[1]), ("host", match[2]))


def _hosts(text: str) -> Iterator[Found]:
    for form in (_IN_URL, _SAID_HOSTS, _BEFORE_ADDRESS):
        for match in form.finditer(text):
            name = match[1].rstrip(".")
            if not _NO_SECRET.fullmatch(name):
                yield "host", name
    for match in _DOTTED.finditer(text):
        if _looks_like_host(match[1], has_port=bool(match[2])):
            yield "host", match[1]
    for match in _WITH_PORT.finditer(text):
        if re.search(r"[-\d]", match[1]):  # not "line:120" and the like
            yield "host", match[1]


def _looks_like_host(name: str, *, has_port: bool) -> bool:
    """Whether a dotted word is rather a host than a file, a class or a version."""
    parts = name.split(".")
    end = parts[-1].lower()
    is_mixed = not (name.islower() or name.isupper())
    if _FILE_ENDS.fullmatch(end) or not end.isalpha() or (is_mixed and not has_port):
        return False
    if has_port and not is_mixed:
        return True
    if _WORDLY_ENDS.fullmatch(end):
        return len(parts) > 2 or bool(re.search(r"[\d-]", name))  # noqa: PLR2004
    return not is_mixed and (len(end) == 2 or _ENDS.fullmatch(end) is not None)  # noqa: PLR2004 - a country
