"""The pages that Admin Router writes itself. Shapes from public sources, words our own."""

from functools import cache
from http import HTTPStatus
from typing import Final

from simulator.core.versions import major_and_minor
from simulator.service.phrases import phrase

UNAUTHORIZED: Final = b"""<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<title>Unauthorized</title>
<script>
  window.location = "/#/login?redirect=" + encodeURIComponent(window.location.href);
</script>
</head>
<body>
<h1>Unauthorized</h1>
</body>
</html>

"""
"""What a request without a valid token gets.

Source: dcos/dcos, adminrouter errorpages/401.html: an HTML page with this title and heading that
sends a browser to the login, even to a client that accepts JSON only.
"""

ACCESS_DENIED: Final = b"""<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<title>Access Denied</title>
<script>
  window.location = "/#/access-denied";
</script>
</head>
<body>
<h1>Access Denied</h1>
</body>
</html>

"""
"""What a request with a valid token and without the permission gets.

Source: dcos/dcos, adminrouter errorpages/403.html: an HTML page with this title and heading.
"""

_NGINX_PHRASES: Final = {504: "Gateway Time-out"}
"""Where nginx's words differ from those of the standard (inferred: its constants)."""

FIRST_VERSION_WITHOUT_COLOUR: Final = (2, 0)
FIRST_VERSION_WITHOUT_TOKENS: Final = (1, 11)


def server_header(dcos_version: str) -> str:
    """Return the ``Server`` header: bare from 1.11, with OpenResty's version before.

    Source: dcos/dcos tags, adminrouter nginx.conf (``server_tokens``) and Dockerfile.
    """
    if major_and_minor(dcos_version) < FIRST_VERSION_WITHOUT_TOKENS:
        return "openresty/1.9.15.1"
    return "openresty"


@cache
def error_page(status: int, dcos_version: str) -> bytes:
    """Return nginx's page for an error. The ``bgcolor`` until 1.13 is inferred from its age."""
    old = major_and_minor(dcos_version) < FIRST_VERSION_WITHOUT_COLOUR
    title = f"{int(status)} {_NGINX_PHRASES.get(status) or phrase(status)}"
    lines = (
        "<html>",
        f"<head><title>{title}</title></head>",
        '<body bgcolor="white">' if old else "<body>",
        f"<center><h1>{title}</h1></center>",
        f"<hr><center>{server_header(dcos_version)}</center>",
        "</body>",
        "</html>",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()


def admin_router_page(status: int, dcos_version: str) -> tuple[bytes, str, dict[str, str]]:
    """Return Admin Router's page for a status, its content type, and further headers."""
    with_charset = "text/html; charset=UTF-8"
    if status == HTTPStatus.UNAUTHORIZED:
        return UNAUTHORIZED, with_charset, {"WWW-Authenticate": "acsjwt"}
    if status == HTTPStatus.FORBIDDEN:
        return ACCESS_DENIED, with_charset, {}
    return error_page(status, dcos_version), "text/html", {}


def marathon_page(status: int, reason: str) -> bytes:
    """Return the page that Marathon's Jetty writes for an error.

    Source: a public issue of Marathon's quotes its words ("HTTP ERROR: 503 Problem accessing /.
    Reason: Could not determine the current leader"); the rest is Jetty's usual page.
    """
    reason = reason or "Could not determine the current leader"
    return (
        "<html>\n<head>\n"
        '<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
        f"<title>Error {status} </title>\n</head>\n<body>\n"
        f"<h2>HTTP ERROR: {status}</h2>\n"
        f"<p>Problem accessing /. Reason:\n<pre>    {reason}</pre></p>\n"
        "</body>\n</html>\n"
    ).encode()
