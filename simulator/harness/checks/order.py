"""SEQ: the order of requests makes sense."""

from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import Final

from simulator.core.commands import Refused
from simulator.core.statuses import Status
from simulator.harness.checks.check import Chain, Check
from simulator.harness.checks.conduct import CHANGING, Call, Conduct, Request, Sent
from simulator.harness.documents import Document, components_of, restore_status_of, status_of
from simulator.harness.ports import Ok

POLLS_AFTER_END_MAX: Final = 2
"""One more look, to show the whole document, and one more to be sure, are no waste."""

TRIES_AFTER_403_MAX: Final = 5
"""Admin Router remembers permissions for 5 s, so that one more may get through."""

CHAINS_MAX: Final = 20
"""Of one call: whoever does it more often is told of the first."""

_ENDS: Final = frozenset({Status.READY.value, Status.ERROR.value})

_ASKED: Final = {
    "create": {"create"},
    "backup": {"create"},
    "restore": {"restore"},
    "delete": {"delete"},
    "list": set(),
    "show": set(),
}
"""What a client was asked for, and the requests for it that change anything."""


def _from(conduct: Conduct, starts: Callable[[Request], bool]) -> Iterator[Chain]:
    """Yield, for each request that starts something, it and all that came after it in its call."""
    for call in conduct.calls:
        requests = call.operations
        indices = (index for index, request in enumerate(requests) if starts(request))
        for index in islice(indices, CHAINS_MAX):
            yield Chain(call, requests[index:])


def _is_change(request: Request) -> bool:
    return request.route in CHANGING


# --- sent again ----------------------------------------------------------------------------------


def _ambiguous(conduct: Conduct) -> Iterator[Chain]:
    """A delete may be sent again: an id is never used twice."""
    return _from(conduct, lambda each: each.route in {"create", "restore"} and each.is_ambiguous)


def _again_unseen(chain: Chain, _: Conduct) -> str | None:
    first, *rest = chain.evidence
    for request in rest:
        if request.route == "list" and request.has_documents:
            return None
        if _is_same(first, request):
            status = first.exchange.status
            answer = "half an answer" if status == 200 else status or "nothing"  # noqa: PLR2004
            return f"{first} was answered with {answer}, and {request} sent it again"
    return None


def _done(conduct: Conduct) -> Iterator[Chain]:
    chains = _from(conduct, lambda each: _is_change(each) and each.is_told_done)
    return (chain for chain in chains if not chain.call.is_free)


def _again_done(chain: Chain, _: Conduct) -> str | None:
    first, *rest = chain.evidence
    for request in rest:
        if _shows_failure(first, request):
            return None
        if _is_same(first, request):
            return f"{first} was carried out, and {request} asked for it again"
    return None


def _shows_failure(first: Request, look: Request) -> bool:
    """Whether a client may try again: it was shown that what it had started has failed."""
    reply = first.exchange.reply
    backup_id = reply.backup.id if reply and reply.backup else ""
    of_restore = first.route == "restore"
    for document in look.shown:
        if document["id"] == backup_id:
            status = restore_status_of(document) if of_restore else status_of(document)
            return status == Status.ERROR
    return False


def _refused(conduct: Conduct) -> Iterator[Chain]:
    return _from(
        conduct,
        lambda each: _is_change(each) and each.refusal in {Refused.INVALID, Refused.UNKNOWN},
    )


def _again_refused(chain: Chain, _: Conduct) -> str | None:
    first, *rest = chain.evidence
    again = next((each for each in rest if each.subject == first.subject), None)
    return f"{first} was refused for good, and {again} asked for the same" if again else None


def _is_same(first: Request, later: Request) -> bool:
    """Whether a request repeats another. Any second create does: labels need not be unique."""
    return later.route == first.route and (
        first.route == "create" or later.subject == first.subject
    )


# --- only what was asked -------------------------------------------------------------------------


def _changes(conduct: Conduct) -> Iterator[Sent]:
    for sent in conduct.to_routes:
        if sent.call and not sent.call.is_free and _is_change(sent.request):
            yield sent


def _unasked_change(sent: Sent, conduct: Conduct) -> str | None:
    call, request = sent.call, sent.request
    assert call is not None, "what nobody asked for is judged apart"
    if request.route in _ASKED[call.operation] or not request.is_operation:
        return None
    made = set(call.made) | set(_made_by(call))
    if call.operation == "backup" and request.route == "delete" and request.argument in made:
        return None
    name = conduct.name(request.argument)
    return f"was to {call.operation}, and sent a {request.route} of {name}"


def _made_by(call: Call) -> Iterator[str]:
    for request in call.asked("create"):
        reply = request.exchange.reply
        if request.is_done and reply and reply.backup:
            yield reply.backup.id


def _behind(conduct: Conduct) -> Iterator[Chain]:
    """Behind a call that did not go well, a request may be one of that call which was late."""
    late: dict[int, list[Request]] = {}
    for sent in conduct.unasked:
        late.setdefault(id(sent.call), []).append(sent.request)
    for call in conduct.calls:
        if isinstance(call.outcome, Ok):
            yield Chain(call, tuple(late.get(id(call), ())))


def _loud(chain: Chain, _: Conduct) -> str | None:
    if not chain.evidence:
        return None
    first = chain.evidence[0].exchange
    return f"sent {first.method} {first.target} behind its own answer"


def _free_restores(conduct: Conduct) -> Iterator[Chain]:
    for call in conduct.calls:
        if call.is_free:
            for index, request in enumerate(call.operations):
                if request.route == "restore":
                    yield Chain(call, call.operations[: index + 1])


def _unready(chain: Chain, conduct: Conduct) -> str | None:
    *earlier, restore = chain.evidence
    for request in reversed(earlier):
        for document in request.shown:
            if document["id"] == restore.argument:
                status = status_of(document)
                name = conduct.name(restore.argument)
                return None if status == Status.READY else f"last saw {name} as {status}"
    return f"never looked at {conduct.name(restore.argument)}"


# --- stops ---------------------------------------------------------------------------------------


def _ended(conduct: Conduct) -> Iterator[Chain]:
    for call in conduct.calls:
        if call.operation in {"create", "backup", "restore"}:
            for start, part in _started(call):
                chain = _from_end(start, part)
                if chain:
                    yield Chain(call, chain)


def _started(call: Call) -> Iterator[tuple[Request, tuple[Request, ...]]]:
    """Yield what has started something, with all that follows until something else starts."""
    requests = call.operations
    route = "restore" if call.operation == "restore" else "create"
    starts = [index for index, each in enumerate(requests) if each.route == route and each.is_done]
    for start, until in pairwise([*starts, len(requests)]):
        yield requests[start], requests[start + 1 : until]


def _from_end(start: Request, part: tuple[Request, ...]) -> tuple[Request, ...]:
    """Return the requests from the one on whose answer showed the end of what was started."""
    reply = start.exchange.reply
    subject = reply.backup.id if reply and reply.backup else ""
    for index, request in enumerate(part):
        if not request.exchange.struck:
            documents = (each for each in request.shown if each["id"] == subject)
            if any(_is_end(each, of_restore=start.route == "restore") for each in documents):
                return part[index:]
    return ()


def _is_end(document: Document, *, of_restore: bool) -> bool:
    status = restore_status_of(document) if of_restore else status_of(document)
    parts = [status_of(each) for each in components_of(document, of_restore=of_restore)]
    return status in _ENDS and _ENDS.issuperset(parts)


def _on_and_on(chain: Chain, _: Conduct) -> str | None:
    first, *rest = chain.evidence
    polls = [each for each in rest if each.route == "list"]
    if len(polls) <= POLLS_AFTER_END_MAX:
        return None
    return f"{first} showed the end, and {len(polls)} more polls followed, to {polls[-1]}"


def _without_token(conduct: Conduct) -> Iterator[Chain]:
    return _firsts(conduct, 401)


def _without_permission(conduct: Conduct) -> Iterator[Chain]:
    return _firsts(conduct, 403)


def _firsts(conduct: Conduct, status: int) -> Iterator[Chain]:
    for call in conduct.calls:
        for index, request in enumerate(call.operations):
            if request.exchange.status == status:
                yield Chain(call, call.operations[index:])
                break


def _same_token(chain: Chain, _: Conduct) -> str | None:
    first, *rest = chain.evidence
    token = first.headers.get("authorization")
    again = [each for each in rest if each.headers.get("authorization") == token]
    if not again:
        return None
    return f"{first} was answered with 401, and {len(again)} more went out with the same token"


def _again_forbidden(chain: Chain, _: Conduct) -> str | None:
    first, *rest = chain.evidence
    if len(rest) <= TRIES_AFTER_403_MAX:
        return None
    return f"{first} was answered with 403, and {len(rest)} more requests followed"


_NIGHTLY = 'POST /create {"label": "nightly"}'
_ID = '{"id": "nightly-1"}'

ORDER_CHECKS: Final = (
    Check(
        code="SEQ001",
        rule="A create or restore without an answer is not sent again before a look at the list.",
        why="It may have been carried out. There is no key to tell a repetition: the second one "
        "makes a second backup, or restores a second time.",
        looks_at=_ambiguous,
        problem=_again_unseen,
        wrong=f"program: backup nightly\n{_NIGHTLY} → 504\n{_NIGHTLY} → 200",
        right=f"program: backup nightly\n{_NIGHTLY} → 504\n"
        f"GET /list?prefix=nightly- → 200 []\n{_NIGHTLY} → 200",
    ),
    Check(
        code="SEQ002",
        rule="What was carried out is not asked for again.",
        why="A second create is a second backup; a second restore takes Marathon down again.",
        looks_at=_done,
        problem=_again_done,
        wrong=f"asked: restore nightly-1\nPOST /restore {_ID} → 200\nPOST /restore {_ID} → 200",
        right=f"asked: restore nightly-1\nPOST /restore {_ID} → 200",
    ),
    Check(
        code="SEQ003",
        rule="What was refused for good is not asked for again.",
        why="A label that is no label, or an id that nobody knows, will not become one.",
        looks_at=_refused,
        problem=_again_refused,
        wrong='asked: create x\nPOST /create {"label": "x"} → 400 invalid\n'
        'POST /create {"label": "x"} → 400 invalid',
        right='asked: create x\nPOST /create {"label": "x"} → 400 invalid',
    ),
    Check(
        code="SEQ004",
        rule="A client changes nothing but what it was asked to.",
        why="Backups that others count on are gone, or Marathon is taken down for nothing.",
        looks_at=_changes,
        problem=_unasked_change,
        wrong=f"asked: show nightly-1\nGET /list → 200\nDELETE /delete {_ID} → 200",
        right="asked: show nightly-1\nGET /list → 200",
    ),
    Check(
        code="SEQ005",
        rule="Polling stops when the end has been shown.",
        why="STATUS_READY and STATUS_ERROR are ends: nothing more will come.",
        looks_at=_ended,
        problem=_on_and_on,
        wrong=f"program: backup nightly\n{_NIGHTLY} → 200 nightly-1 STATUS_BACKING_UP\n"
        + "GET /list → 200 nightly-1 STATUS_READY\n" * 4,
        right=f"program: backup nightly\n{_NIGHTLY} → 200 nightly-1 STATUS_BACKING_UP\n"
        "GET /list → 200 nightly-1 STATUS_READY",
    ),
    Check(
        code="SEQ006",
        rule="After a 401, no request goes out with the same token.",
        why="A token that has expired stays expired: get a new one, or stop.",
        looks_at=_without_token,
        problem=_same_token,
        wrong="asked: list\nGET /list → 401\nGET /list → 401",
        right="asked: list\nGET /list → 401",
    ),
    Check(
        code="SEQ007",
        rule="A client that is forbidden stops asking.",
        why="A permission does not come back by itself; five more tries are let pass, as Admin "
        "Router remembers permissions for some seconds.",
        looks_at=_without_permission,
        problem=_again_forbidden,
        wrong="asked: list\n" + "GET /list → 403\n" * 7,
        right="asked: list\nGET /list → 403",
    ),
    Check(
        code="SEQ008",
        rule="A client that was asked for nothing asks for nothing.",
        why="Whoever answers while its work goes on has claimed what it does not know.",
        looks_at=_behind,
        problem=_loud,
        wrong="asked: list\nGET /list → 200\nclaimed: ok []\nGET /list → 200",
        right="asked: list\nGET /list → 200\nclaimed: ok []",
    ),
    Check(
        code="SEQ009",
        rule="A client restores only what it has seen to be ready.",
        why="A restore of anything else is refused, and of the wrong backup it is a loss.",
        looks_at=_free_restores,
        problem=_unready,
        wrong=f"GET /list → 200 nightly-1 STATUS_BACKING_UP\nPOST /restore {_ID} → 400",
        right=f"GET /list → 200 nightly-1 STATUS_READY\nPOST /restore {_ID} → 200",
    ),
)
