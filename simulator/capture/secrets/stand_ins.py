"""Stand-ins for secrets, and the ways in which secrets are written in texts."""

import html
import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

from simulator.capture.secrets.forms import MAC

_BOUNDED: Final = 8
"""A value with fewer characters counts only as a whole word: "all" is not in "install"."""

# --- stand-ins -----------------------------------------------------------------------------------


def stand_in_form(kind: str, value: str) -> str:
    """Return the name of the kind of stand-in that a value of this kind gets."""
    if kind != "address":
        return kind
    if MAC.fullmatch(value):
        return "mac"
    return "ipv6" if ":" in value else "ipv4"


def _ipv4(number: int) -> str:
    """Return an address that nobody has: for documents, then for benchmarks (RFC 5737, 2544)."""
    return f"192.0.2.{number}" if number < 256 else f"198.18.{number >> 8}.{number & 255}"  # noqa: PLR2004


STAND_INS: Final[Mapping[str, Callable[[int], str]]] = {
    "token": lambda number: f"token-{number}",
    "cookie": lambda number: f"cookie-{number}",
    "password": lambda number: f"password-{number}",
    "user": lambda number: f"user-{number}",
    "host": lambda number: f"host-{number}.example",
    "ipv4": _ipv4,
    "ipv6": lambda number: f"2001:db8::{number:x}",  # for documents: RFC 3849
    # Administered by nobody, so it is no real machine's.
    "mac": lambda number: f"02:00:5e:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}",
}
"""How the stand-ins are written, by their number."""


# --- ways to write a value -----------------------------------------------------------------------


def ways_to_write(kind: str, value: str) -> Iterator[str]:
    """Yield a value as it stands in plain texts, in URLs, in JSON and in HTML."""
    yield value
    if kind in {"host", "user"}:
        yield from (value.lower(), value.upper())
    if kind == "address":
        yield from spellings(value)
    else:
        yield from (quote(value), quote(value, safe=""), quote_plus(value), html.escape(value))
        yield from (json.dumps(value)[1:-1], json.dumps(json.dumps(value)[1:-1])[1:-1])


def spellings(address: str) -> list[str]:
    """Return the other usual ways to write an address."""
    if MAC.fullmatch(address):
        return [address.lower(), address.upper(), address.replace(":", "-")]
    parsed = ipaddress.ip_address(address)
    if parsed.version == 4:  # noqa: PLR2004
        return [address.replace(".", "-")]
    return [parsed.compressed, parsed.compressed.upper(), parsed.exploded, quote(address, safe="")]


def expression_of(written: str) -> str:
    """Return an expression for one value. It begins with the value: so it is found quickly."""
    escaped = re.escape(written)
    is_bounded = len(written) < _BOUNDED or re.fullmatch(r"[\d.-]+", written)
    if not is_bounded:
        return escaped
    before = rf"(?<![A-Za-z0-9]{escaped})" if written[0].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if written[-1].isalnum() else ""
    return f"{escaped}{before}{after}"
