"""The edges of the checks of one request: what is just well-formed, and what just is not."""

from collections.abc import Callable

import pytest

Found = Callable[[str, str], list[str]]

LIST = "GET /list → 200"
CREATE = 'POST /create {"label": "nightly"}'


@pytest.mark.parametrize(
    ("code", "request_text"),
    [
        ("REQ001", LIST),
        ("REQ001", "GET //list → 200"),
        ("REQ001", "GET /system/v1//backup/v1/list → 200"),
        ("REQ001", "GET /li%73t → 200"),
        ("REQ001", "GET /system/v1/metronome/v1/jobs → 404"),
        ("REQ001", "POST /system/v1/auth/login → 404"),
        ("REQ001", "GET /list?prefix=../.. → 200"),
        ("REQ002", CREATE + " → 200"),
        ("REQ002", "PUT /unknown → 404"),
        ("REQ003", CREATE + " → 200"),
        ("REQ003", "POST /create {} → 400 invalid"),
        ("REQ003", "GET /create → 400"),
        ("REQ004", CREATE + " → 200"),
        ("REQ004", 'POST /create {"label": ""} → 400 invalid'),
        ("REQ004", "POST /create [1] → 400 invalid"),
        ("REQ005", CREATE + " → 200"),
        ("REQ005", "POST /create {} → 400 invalid"),
        ("REQ006", CREATE + " → 200"),
        ("REQ006", CREATE + " | content-type: Application/JSON; charset=utf-8 → 200"),
        ("REQ007", LIST),
        ("REQ007", "GET /list | Accept: → 200"),
        ("REQ007", "GET /list | Accept: text/html, */*;q=0.1 → 200"),
        ("REQ007", "GET /list | Accept: APPLICATION/* → 200"),
        ("REQ008", LIST),
        ("REQ008", "GET /list | Authorization: Bearer TOKEN → 200"),
        ("REQ008", "GET /list | Authorization: | Cookie: dcos-acs-auth-cookie=TOKEN → 200"),
        ("REQ008", "GET /unknown | Authorization: → 401"),
        ("REQ009", LIST),
        ("REQ009", "GET /list | Authorization: → 401"),
        ("REQ010", LIST),
        ("REQ010", "GET /list?prefix=TOKE → 200"),
        ("REQ011", LIST),
        ("REQ011", "GET /list | Cookie: dcos-acs-auth-cookie=TOKEN → 200"),
        ("REQ012", LIST),
        ("REQ012", "GET /list | Host: elsewhere | Authorization: → 200"),
        ("REQ013", LIST),
        ("REQ013", "GET /list?prefix= → 200"),
        ("REQ013", "GET /list?prefix=a&prefix=b → 200"),
        ("REQ013", "GET /unknown?label=x → 404"),
        ("REQ016", LIST),
        ("REQ017", LIST),
        ("REQ017", "GET /list?prefix=// → 200"),
        ("REQ018", "GET /list | Accept: text/html, Application/Json → 200"),
    ],
)
def test_a_request_is_let_pass(code: str, request_text: str, found: Found) -> None:
    """Though it is near the edge."""
    assert found(code, request_text) == []


@pytest.mark.parametrize(
    ("code", "request_text", "what"),
    [
        ("REQ001", "GET /list/ → 404", "asked for /system/v1/backup/v1/list/"),
        ("REQ001", "GET /system/v1/backup → 404", "asked for /system/v1/backup"),
        ("REQ001", "GET /List → 404", "asked for /system/v1/backup/v1/List"),
        ("REQ001", "GET /system/v1/backup/v2/list → 404", "asked for /system/v1/backup/v2/list"),
        ("REQ002", "PUT /create → 400", "asked for create by PUT; it is POST"),
        ("REQ002", "HEAD /list → 400", "asked for list by HEAD; it is GET"),
        ("REQ003", "DELETE /delete → 400", "sent no body"),
        ("REQ003", "POST /create null → 400 invalid", "sent null: JSON, but no object"),
        ("REQ003", "POST /create {label} → 400", "sent {label}: no JSON"),
        ("REQ004", 'POST /create {"Label": "x"} → 400 invalid', "sent a body without 'label'"),
        ("REQ004", 'POST /create {"label": null} → 400 invalid', "sent label: None"),
        ("REQ005", 'POST /create {"b": 1, "a": 1} → 400 invalid', "sent 'a' as well"),
        ("REQ006", CREATE + " | Content-Type: → 200", "said nothing of its type"),
        (
            "REQ006",
            CREATE + " | Content-Type: application/jsonp → 200",
            "said Content-Type: application/jsonp",
        ),
        ("REQ007", "GET /list | Accept: text/*, image/png → 200", "said Accept: text/*, image/png"),
        ("REQ008", "GET /list | Authorization: → 401", "sent no token"),
        ("REQ008", "GET /list | Authorization: | Cookie: other=TOKEN → 401", "sent no token"),
        (
            "REQ008",
            "GET /list | Authorization: token=TOKENS → 401",
            "sent an Authorization that does not hold the token it was given: token=TO…",
        ),
        ("REQ009", "GET /list | Authorization: Bearer TOKEN → 200", "sent it as Bearer"),
        (
            "REQ009",
            "GET /list | Authorization: | Cookie: dcos-acs-auth-cookie=TOKEN → 200",
            "sent it as a cookie",
        ),
        ("REQ010", "GET /unknown/TOKEN → 404", "wrote the token into the URL"),
        ("REQ011", 'POST /create {"label": "TOKEN"} → 200', "wrote the token into the body"),
        ("REQ011", "GET /list | X-Token: a TOKEN → 200", "sent the token as x-token, too"),
        ("REQ012", "GET /list | Host: cluster:80 → 200", "sent the token to cluster:80"),
        ("REQ012", "GET /list | Host: → 200", "sent the token to a host without a name"),
        ("REQ013", "POST /create?prefix=x → 400", "sent the parameter 'prefix'"),
        ("REQ013", "GET /list?Prefix=x → 200", "sent the parameter 'Prefix'"),
        ("REQ013", "GET /list?all → 200", "sent the parameter 'all'"),
        ("REQ016", "GET /list {} → 200", "sent {} with it"),
        ("REQ017", "GET /system//v1/backup/v1/list → 200", "asked for /system//v1/backup/v1/list"),
        ("REQ018", "GET /list | Accept: → 200", "sent no Accept"),
        ("REQ018", "GET /list | Accept: application/* → 200", "said Accept: application/*"),
    ],
)
def test_a_request_is_told_of(code: str, request_text: str, what: str, found: Found) -> None:
    """With what was found."""
    assert found(code, request_text) == [what]


@pytest.mark.parametrize(
    ("asked", "request_text", "what"),
    [
        ("asked: create nightly", CREATE, []),
        ("asked: create ' nightly'", CREATE, ["sent 'nightly', and was given \"' nightly'\""]),
        ("program: backup night", CREATE, ["sent 'nightly', and was given 'night'"]),
        (
            "program: restore nightly-1",
            'POST /restore {"id": "x"}',
            ["sent 'x', and was given 'nightly-1'"],
        ),
        (
            "asked: delete nightly-1",
            'DELETE /delete {"id": ""}',
            ["sent '', and was given 'nightly-1'"],
        ),
        ("asked: delete nightly-1", "DELETE /delete {}", ["sent '', and was given 'nightly-1'"]),
        ("asked: list x", CREATE, []),
        ("program: backup nightly", 'DELETE /delete {"id": "nightly-1"}', []),
    ],
)
def test_what_was_given_is_what_is_sent(
    asked: str, request_text: str, what: list[str], found: Found
) -> None:
    """As long as it is what the client was asked for: other requests are judged by SEQ004."""
    assert found("REQ014", f"{asked}\n{request_text} → 400 invalid") == what


@pytest.mark.parametrize(
    ("asked", "prefix", "is_right"),
    [
        ("asked: list night", "n", True),
        ("asked: list night", "night", True),
        ("asked: list night", "nightl", False),
        ("asked: list night", "day", False),
        ("asked: list", "night", False),
        ("asked: show nightly-1", "nightly-", True),
        ("asked: show nightly-1", "nightly-1", True),
        ("asked: show nightly-1", "nightly-10", False),
        ("program: restore nightly-1", "nightly", True),
        ("program: restore nightly-1", "nightly-2", False),
        ("asked: delete nightly-1", "nightly-1", True),
        ("asked: create nightly", "nightly", True),
        ("asked: create nightly", "nightly-", True),
        ("asked: create nightly", "nightly-0815", True),
        ("asked: create nightly", "nightly.", False),
        ("program: backup nightly", "night", True),
        ("program: backup nightly", "nightly-0815", True),
        ("program: backup nightly", "weekly", False),
        ("program: backup nightly", "nightly2", False),
    ],
)
def test_a_prefix_fits_what_is_looked_for(
    asked: str,
    prefix: str,
    *,
    is_right: bool,
    found: Found,
) -> None:
    """Every start of it does; of a new backup, whose id nobody knows yet, any id with its label."""
    argument = asked.partition(": ")[2].partition(" ")[2]
    what = [] if is_right else [f"asked for {prefix!r}; it is about {argument!r}"]
    assert found("REQ015", f"{asked}\nGET /list?prefix={prefix} → 200") == what


@pytest.mark.parametrize("text", ["", "asked: list x\nGET /list?prefix= → 200"])
def test_a_client_that_is_free_or_asks_for_all_leaves_nothing_out(text: str, found: Found) -> None:
    """An empty prefix is none."""
    assert found("REQ015", text or "GET /list?prefix=weekly → 200") == []
