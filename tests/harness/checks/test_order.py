"""The edges of the checks of order: what may follow what."""

from collections.abc import Callable

import pytest

Found = Callable[[str, str], list[str]]

CREATE = 'POST /create {"label": "nightly"}'
RESTORE = 'POST /restore {"id": "nightly-1"}'
DELETE = 'DELETE /delete {"id": "nightly-1"}'
BACKUP = "program: backup nightly\n"
THERE = "there: nightly-1 STATUS_READY\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{BACKUP}{CREATE} → 504\nGET /list → 200\n{CREATE} → 200",
        f"{BACKUP}{CREATE} → nothing\nGET /list → 200 []\n{CREATE} → 200",
        f"{BACKUP}{CREATE} → 503\n{CREATE} → 200",
        f"{BACKUP}{CREATE} → 401\n{CREATE} → 200",
        f"{BACKUP}{CREATE} → 302\n{CREATE} → 200",
        f"{BACKUP}{CREATE} → 400 busy\n{CREATE} → 200",
        f"{BACKUP}{CREATE} → 503 Marathon unavailable\n{CREATE} → 200",
        f"{BACKUP}{CREATE} → 504",
        f"asked: delete nightly-1\n{DELETE} → 504\n{DELETE} → 200",
        f'asked: restore nightly-1\n{RESTORE} → 504\nPOST /restore {{"id": "nightly-2"}} → 200',
        f"{BACKUP}{CREATE} → 504\nasked: create nightly\n{CREATE} → 200",
        "asked: list\nGET /list → 504\nGET /list → 504",
    ],
)
def test_what_may_be_sent_again(text: str, found: Found) -> None:
    """After a look, a plain answer, or where a second time is harmless."""
    assert found("SEQ001", text) == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (f"{BACKUP}{CREATE} → 504\n{CREATE} → 200", "504"),
        (f"{BACKUP}{CREATE} → nothing\n{CREATE} → 200", "nothing"),
        (f"{BACKUP}{CREATE} → 200 half\n{CREATE} → 200", "half an answer"),
        (f"{BACKUP}{CREATE} → 500\n{CREATE} → 200", "500"),
        (f"asked: restore nightly-1\n{RESTORE} → 502\n{RESTORE} → 200", "502"),
        (f'{CREATE} → 504\nPOST /create {{"label": "weekly"}} → 200', "504"),
    ],
)
def test_what_may_not_be_sent_again(text: str, answer: str, found: Found) -> None:
    """Another label makes a second backup, too."""
    assert found("SEQ001", text) == [f"#1 was answered with {answer}, and #2 sent it again"]


@pytest.mark.parametrize("look", ["GET /list → 502", "GET /list → nothing", "GET /list → 200 half"])
def test_a_look_that_shows_nothing_is_none(look: str, found: Found) -> None:
    """Whether there is a new backup is as open as before."""
    text = f"{THERE}{BACKUP}{CREATE} → 504\n{look}\n{CREATE} → 200"
    assert found("SEQ001", text) == ["#1 was answered with 504, and #3 sent it again"]


@pytest.mark.parametrize(
    "text",
    [
        f"{BACKUP}{CREATE} → 200\nGET /list → 200 nightly-1 STATUS_ERROR\n{CREATE} → 200",
        (
            f"asked: restore nightly-1\n{RESTORE} → 200\n"
            f"GET /list → 200 nightly-1 STATUS_READY STATUS_ERROR\n{RESTORE} → 200"
        ),
        f"{BACKUP}{CREATE} → 504, but done\n{CREATE} → 200",
        f"{CREATE} → 200\n{CREATE} → 200",
        f'asked: restore nightly-1\n{RESTORE} → 200\nPOST /restore {{"id": "nightly-2"}} → 200',
        f"asked: create nightly\n{CREATE} → 200\nasked: create nightly\n{CREATE} → 200",
        f"{BACKUP}{CREATE} → 200\n{DELETE} → 200",
    ],
)
def test_what_may_be_asked_for_again(text: str, found: Found) -> None:
    """After a failure was shown, or by whoever does as it likes."""
    assert found("SEQ002", text) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (f"{BACKUP}{CREATE} → 200\n{CREATE} → 400 busy", (1, 2)),
        (f'{BACKUP}{CREATE} → 200\nPOST /create {{"label": "weekly"}} → 200', (1, 2)),
        (f"asked: delete nightly-1\n{DELETE} → 200\n{DELETE} → 400 unknown", (1, 2)),
        (f"{BACKUP}{CREATE} → 200\nGET /list → 200\n{CREATE} → 200", (1, 3)),
        (
            (
                f"there: nightly-0 STATUS_ERROR\n{BACKUP}"
                f"{CREATE} → 200 nightly-1 STATUS_BACKING_UP\n"
                f"GET /list → 200\n{CREATE} → 200"
            ),
            (1, 3),
        ),
        (
            (
                f"asked: restore nightly-1\n{RESTORE} → 200\n"
                f"GET /list → 200 nightly-1 STATUS_READY STATUS_READY\n{RESTORE} → 200"
            ),
            (1, 3),
        ),
    ],
)
def test_what_may_not_be_asked_for_again(text: str, numbers: tuple[int, int], found: Found) -> None:
    """A failure of another backup, or a look that shows success, is no reason."""
    first, again = numbers
    what = f"#{first} was carried out, and #{again} asked for it again"
    assert found("SEQ002", text) == [what]


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        (f"asked: delete nightly-1\n{DELETE} → 400 unknown\n{DELETE} → 400 unknown", True),
        (f"{CREATE} → 400 invalid\nGET /list → 200\n{CREATE} → 400 invalid", True),
        ("POST /create {} → 400 invalid\nPOST /create [] → 400 invalid", True),
        (f"asked: create x\n{CREATE} → 400 busy\n{CREATE} → 400 busy", False),
        (f"asked: delete nightly-1\n{DELETE} → 400 in use\n{DELETE} → 200", False),
        (f"{RESTORE} → 400 not ready\n{RESTORE} → 200", False),
        ('POST /create {"label": "x"} → 400 invalid\nPOST /create {"label": "xyz"} → 200', False),
        (f"{RESTORE} → 400 unknown\n{DELETE} → 400 unknown", False),
    ],
)
def test_only_what_can_change_is_asked_for_again(text: str, *, is_told: bool, found: Found) -> None:
    """A busy service will be free; an id that is unknown stays so."""
    assert bool(found("SEQ003", text)) == is_told


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"asked: create nightly\n{CREATE} → 200", []),
        (f"asked: restore nightly-1\n{RESTORE} → 200", []),
        (f"{DELETE} → 200\n{RESTORE} → 400 unknown", []),
        (f"{BACKUP}{CREATE} → 200 nightly-1 STATUS_ERROR\n{DELETE} → 200", []),
        (
            f"asked: list\nGET /list → 200\nclaimed: ok\n{DELETE} → 200",
            ["was to list, and sent a delete of nightly-1"],
        ),
        ('asked: show nightly-1\nGET /delete {"id": "nightly-1"} → 400', []),
        (f"asked: list\n{CREATE} → 200", ["was to list, and sent a create of nightly"]),
        (f"{THERE}{BACKUP}{DELETE} → 200", ["was to backup, and sent a delete of nightly-1"]),
        (
            f"asked: create nightly\n{CREATE} → 200 nightly-1 STATUS_ERROR\n{DELETE} → 200",
            ["was to create, and sent a delete of nightly-1"],
        ),
        (
            f"asked: delete nightly-1\n{RESTORE} → 200",
            ["was to delete, and sent a restore of nightly-1"],
        ),
        (
            f"{BACKUP}{CREATE} → 200\n{RESTORE} → 200",
            ["was to backup, and sent a restore of nightly-1"],
        ),
    ],
)
def test_only_what_was_asked_is_changed(text: str, what: list[str], found: Found) -> None:
    """A program may clear away what it has made itself."""
    assert found("SEQ004", text) == what


READY = "GET /list → 200 nightly-1 STATUS_READY\n"
RESTORED = "GET /list → 200 nightly-1 STATUS_READY STATUS_READY\n"


@pytest.mark.parametrize("polls", [0, 1, 2, 3, 4, 10])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (f"{BACKUP}{CREATE} → 200\n", READY),
        (f"asked: create nightly\n{CREATE} → 200\n", READY),
        (f"{BACKUP}{CREATE} → 504, but done\n", READY),
        (f"{BACKUP}{CREATE} → 200\n", READY.replace("READY", "ERROR")),
        (f"program: restore nightly-1\n{RESTORE} → 200\n", RESTORED),
    ],
)
def test_two_looks_after_the_end_are_no_waste(
    start: str, end: str, polls: int, found: Found
) -> None:
    """A third one is."""
    what = f"#2 showed the end, and {polls} more polls followed, to #{polls + 2}"
    assert found("SEQ005", start + end + "GET /list → 200\n" * polls) == [what] * (polls > 2)


@pytest.mark.parametrize(
    "text",
    [
        f"{BACKUP}{CREATE} → 200\n" + "GET /list → 200 nightly-1 STATUS_BACKING_UP\n" * 9,
        f"{BACKUP}{CREATE} → 200\n"
        + 'GET /list → 200 [{"id": "nightly-1", "status": "STATUS_READY"}]\n' * 9,
        f"program: restore nightly-1\n{RESTORE} → 200\n" + READY * 9,
        f"there: nightly-0 STATUS_READY\n{BACKUP}{CREATE} → 200 nightly-1 STATUS_BACKING_UP\n"
        + "GET /list → 200\n" * 9,
        CREATE + " → 200\n" + READY * 9,
        f"{BACKUP}{CREATE} → 400 busy\n{THERE}" + "GET /list → 200\n" * 9,
    ],
)
def test_whoever_has_not_seen_the_end_may_go_on(text: str, found: Found) -> None:
    """What a fault has altered does not count, nor the end of another backup."""
    assert found("SEQ005", text) == []


def test_a_component_that_runs_is_no_end(found: Found) -> None:
    """Not even where the backup as a whole is called ready."""
    running = '{"marathon": {"status": "STATUS_BACKING_UP"}}'
    shown = f'{{"id": "nightly-1", "status": "STATUS_READY", "component_status": {running}}}'
    assert found("SEQ005", f"{BACKUP}{CREATE} → 200\n" + f"GET /list → 200 [{shown}]\n" * 9) == []


NEW_TOKEN = "GET /list | Authorization: token=OTHER → "
AGAIN = "#1 was answered with 401, and {} more went out with the same token"


@pytest.mark.parametrize(
    ("rest", "what"),
    [
        ("", []),
        (NEW_TOKEN + "200\n" + NEW_TOKEN + "401", []),
        ("GET /list → 200", [AGAIN.format(1)]),
        (NEW_TOKEN + "200\nGET /list → 401\nGET /list → 401", [AGAIN.format(2)]),
        ("GET /unknown → 401", []),
    ],
)
def test_a_new_token_may_be_tried(rest: str, what: list[str], found: Found) -> None:
    """The old one is worth nothing any more."""
    assert found("SEQ006", f"asked: list\nGET /list → 401\n{rest}") == what


@pytest.mark.parametrize("tries", [0, 1, 5, 6, 20])
def test_five_more_tries_after_403_are_let_pass(tries: int, found: Found) -> None:
    """Whatever comes of them."""
    what = f"#1 was answered with 403, and {tries} more requests followed"
    text = "asked: list\nGET /list → 403\n" + "GET /list → 200\n" * tries
    assert found("SEQ007", text) == [what] * (tries > 5)


def test_a_client_is_forbidden_in_each_call_by_itself(found: Found) -> None:
    """Whoever asks it again wants it to try again."""
    assert found("SEQ007", "asked: list\nGET /list → 403\nclaimed: failed: 403\n" * 9) == []


@pytest.mark.parametrize(
    ("claimed", "request_text", "what"),
    [
        ("ok []", "GET /list → 200", ["sent GET /system/v1/backup/v1/list behind its own answer"]),
        ("failed: no", "GET /list → 200", []),
        ("indeterminate", "GET /list → 200", []),
        ("stopped", "GET /list → 200", []),
    ],
)
def test_what_was_late_may_come_after_a_call_that_failed(
    claimed: str, request_text: str, what: list[str], found: Found
) -> None:
    """But success ends all work."""
    text = f"asked: list\nGET /list → 200\nclaimed: {claimed}\n{request_text}"
    assert found("SEQ008", text) == what


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"{READY}{RESTORE} → 200", []),
        (f"{READY}GET /list → 502\n{RESTORE} → 200", []),
        (f"asked: restore nightly-1\n{RESTORE} → 200", []),
        (f"{RESTORE} → 200\n{READY}", ["never looked at nightly-1"]),
        (f"GET /list → 200\n{RESTORE} → 200", ["never looked at nightly-1"]),
        (
            f"{READY}GET /list → 200 nightly-1 STATUS_ERROR\n{RESTORE} → 400",
            ["last saw nightly-1 as STATUS_ERROR"],
        ),
        (
            f'GET /list → 200 [{{"id": "nightly-1"}}]\n{RESTORE} → 200',
            ["last saw nightly-1 as None"],
        ),
        (f"{CREATE} → 200\n{RESTORE} → 400 not ready", ["last saw nightly-1 as STATUS_BACKING_UP"]),
    ],
)
def test_only_what_was_seen_ready_is_restored(text: str, what: list[str], found: Found) -> None:
    """By a client that chooses itself."""
    assert found("SEQ009", text) == what
