"""What is worked out of a request: where it went, what it asked for, what its answer left open."""

from collections.abc import Callable

import pytest

from simulator.core.commands import Refused
from simulator.core.events import BackupDeleted
from simulator.core.identifiers import BackupId
from simulator.core.instants import Instant
from simulator.harness.checks.conduct import Conduct, Request, numbered

Told = Callable[[str], Conduct]

CREATE = 'POST /create {"label": "nightly"}'


def asked(told: Told, text: str) -> Request:
    """Return the only request of a text."""
    (call,) = told(text).calls
    (request,) = call.requests
    return request


@pytest.mark.parametrize(
    ("text", "route", "is_to_service"),
    [
        ("GET /list", "list", True),
        ("GET /list?prefix=a/b", "list", True),
        ("GET /%6Cist", "list", True),
        ("GET //list", "list", True),
        ("GET /system//v1/backup//v1/create", "create", True),
        ("GET /list/", "", True),
        ("GET /lists", "", True),
        ("GET /system/v1/backup/list", "", True),
        ("GET /system/v1/backups", "", True),
        ("GET /system/v1", "", False),
        ("GET /system/v1/metronome", "", False),
    ],
)
def test_where_a_request_goes(text: str, route: str, *, is_to_service: bool, told: Told) -> None:
    """Slashes are merged, as Admin Router does."""
    request = asked(told, f"{text} → 404")
    assert (request.route, request.is_to_service) == (route, is_to_service)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("GET /list?prefix=a&prefix=b", ("list", "b")),
        ("GET /list?prefix=a%2Db", ("list", "a-b")),
        ("GET /list", ("list", "")),
        (CREATE, ("create", "nightly")),
        ('POST /create {"label": 1}', ("create", "")),
        ("POST /create [1]", ("create", "")),
        ('POST /create {"label', ("create", "")),
        ('DELETE /delete {"id": "x"}', ("delete", "x")),
        ('POST /unknown {"id": "x"}', ("", "")),
    ],
)
def test_what_a_request_is_about(text: str, subject: tuple[str, str], told: Told) -> None:
    """Two with the same subject ask for the same."""
    assert asked(told, f"{text} → 400").subject == subject


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        ("200", "whole done told"),
        ("200 half", "done ambiguous"),
        ("504", "ambiguous"),
        ("504, but done", "done ambiguous"),
        ("nothing", "ambiguous"),
        ("nothing, but done", "done ambiguous"),
        ("503", ""),
        ("503, but done", "done"),
        ("302", ""),
        ("400 busy", "whole refused"),
        ("503 Marathon unavailable", "whole refused"),
        ("401", "whole"),
        ("404", "whole"),
    ],
)
def test_what_an_answer_leaves_open(answer: str, known: str, told: Told) -> None:
    """Only what came as a whole from the service says whether anything was done."""
    request = asked(told, f"{CREATE} → {answer}")
    found = {
        "whole": request.is_whole,
        "done": request.is_done,
        "told": request.is_told_done,
        "refused": isinstance(request.refusal, Refused),
        "ambiguous": request.is_ambiguous,
    }
    assert " ".join(name for name, holds in found.items() if holds) == known


@pytest.mark.parametrize(
    ("answer", "has_documents", "ids"),
    [
        ("200", True, []),
        ('200 [{"id": "a"}, {"id": 1}, {"id": []}, {}, 3]', True, ["a"]),
        ('200 {"id": "a"}', True, ["a"]),
        ("200 {}", True, []),
        ("200 half", False, []),
        ("502", False, []),
    ],
)
def test_documents_are_what_has_an_id_of_text(
    answer: str, ids: list[str], *, has_documents: bool, told: Told
) -> None:
    """Whatever else a fault had answered."""
    request = asked(told, f"GET /list → {answer}")
    assert request.has_documents == has_documents
    assert [document["id"] for document in request.shown] == ids


def test_requests_are_numbered_among_requests(told: Told) -> None:
    """Other entries of the journal do not count."""
    exchange = asked(told, "GET /list → 200").exchange
    event = BackupDeleted(Instant(0), BackupId("nightly-1"))
    requests = numbered([event, exchange, event, exchange], {3: 17}, 3)
    assert [(str(each), each.received) for each in requests] == [("#3", 17), ("#4", 0)]
