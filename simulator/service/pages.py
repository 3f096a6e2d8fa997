"""The pages that Admin Router writes itself. Shapes from public sources, words our own."""

from functools import cache
from http import HTTPStatus
from typing import Final

from simulator.core.versions import major_and_minor

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
def error_page(status: HTTPStatus, dcos_version: str) -> bytes:
    """Return nginx's page for an error. The ``bgcolor`` until 1.13 is inferred from its age."""
    old = major_and_minor(dcos_version) < FIRST_VERSION_WITHOUT_COLOUR
    title = f"{status.value} {status.phrase}"
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
