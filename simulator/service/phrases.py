"""The words behind status codes."""

from http import HTTPStatus


def phrase(status: int) -> str:
    """Return the words behind a status code; a code that nobody knows has none of its own."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
