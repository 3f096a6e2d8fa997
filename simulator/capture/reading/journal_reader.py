"""Reads what this project itself writes: the entries of a journal, and JSON reports."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from simulator.capture.reading.exchanges import Exchanged, learn_exchange, sighting_of
from simulator.capture.secrets.redaction import Redactor
from simulator.capture.sightings import Capture, CaptureError, Happening, Turn
from simulator.core.instants import Instant, parse_rfc3339

_ACCESS: Final = {
    "tokens revoked": {"tokens": "revoked"},
    "tokens accepted": {"tokens": "accepted"},
    "permission withdrawn": {"permission": "withdrawn"},
    "permission granted": {"permission": "granted"},
}
_TROUBLES: Final = {"reset": "reset", "hang": "timeout", "refuse": "refused"}


def take_entry(entry: Mapping[str, Any], source: str, capture: Capture, redactor: Redactor) -> bool:
    """Take one entry of a journal; says whether it is one."""
    kind = entry.get("kind")
    if not isinstance(kind, str) or "number" not in entry:
        return False
    at = _instant(entry.get("at"))
    if at is None:
        return False
    if capture.start is None:
        capture.start = at
    match kind:
        case "Exchange":
            _take_exchange(entry, at, source, capture, redactor)
        case "StageEntered":
            capture.turns.append(
                Turn(
                    at=at,
                    backup_id=str(entry.get("backup_id", "")),
                    restore=int(entry.get("restore") or 0),
                    component=str(entry.get("component", "")),
                    status=str(entry.get("status", "")),
                    error=str(entry.get("error", "")),
                )
            )
        case "AppDeployed":
            _happened(capture, at, entry, deploy=entry.get("app_id"))
        case "AppRemoved":
            _happened(capture, at, entry, remove=entry.get("app_id"))
        case "AccessChanged":
            _happened(capture, at, entry, **_ACCESS.get(str(entry.get("change")), {}))
    return True


def take_report(
    report: Mapping[str, Any], source: str, capture: Capture, redactor: Redactor
) -> bool:
    """Take the one scenario of a report that fails, or its only one; says whether it is a report.

    Raises:
        CaptureError: when that leaves a choice, or the scenario has no timeline.
    """
    scenarios = report.get("scenarios")
    if not isinstance(scenarios, list) or not {"format", "summary", "versions"} <= set(report):
        return False
    candidates = [each for each in scenarios if isinstance(each, Mapping)]
    failed = [each for each in candidates if each.get("outcome") == "failed"]
    chosen = failed or candidates
    if len(chosen) != 1:
        shown = redactor.text(", ".join(str(each.get("id")) for each in chosen[:5]))
        raise CaptureError(
            f"{source}: the report holds {len(chosen)} {'failed ' if failed else ''}scenarios, and "
            f"one is needed; run one of them alone with --report-json: {shown or 'none'}"
        )
    _take_scenario(chosen[0], source, capture, redactor)
    return True


def _take_scenario(
    scenario: Mapping[str, Any], source: str, capture: Capture, redactor: Redactor
) -> None:
    timeline: Iterable[Any] = scenario.get("timeline") or ()
    start = _instant(scenario.get("start"))
    capture.start = start if capture.start is None else capture.start
    taken = [
        take_entry(entry, f"{source}#{entry.get('number')}", capture, redactor)
        for entry in timeline
        if isinstance(entry, Mapping)
    ]
    if not any(taken):
        named = redactor.text(str(scenario.get("id")))
        raise CaptureError(f"{source}: the scenario {named} has seen nothing")


def _take_exchange(
    entry: Mapping[str, Any], at: Instant, source: str, capture: Capture, redactor: Redactor
) -> None:
    sent = [
        (str(pair[0]), str(pair[1]))
        for pair in entry.get("headers") or ()
        if isinstance(pair, list) and len(pair) == len(("name", "value"))
    ]
    url, request_body = str(entry.get("target", "")), str(entry.get("request_body", ""))
    body, fault = str(entry.get("response_body", "")), str(entry.get("fault", ""))
    learn_exchange(redactor, url, sent, request_body, [], body)
    status = entry.get("status")
    status = status if isinstance(status, int) else 0
    trouble = next((what for word, what in _TROUBLES.items() if word in fault), "closed")
    seen = sighting_of(
        Exchanged(
            source=source,
            at=at,
            method=str(entry.get("method", "")),
            url=url,
            request_body=request_body,
            status=status,
            body=body,
            trouble="" if status else trouble,
        )
    )
    if seen is not None:
        capture.sightings.append(replace(seen, order=_order(entry)))


def _happened(capture: Capture, at: Instant, entry: Mapping[str, Any], **action: object) -> None:
    told = {name: value for name, value in action.items() if isinstance(value, str)}
    if told:
        capture.happenings.append(Happening(at=at, action=told, order=_order(entry)))


def _order(entry: Mapping[str, Any]) -> int:
    number = entry.get("number")
    return number if isinstance(number, int) else 0


def _instant(written: object) -> Instant | None:
    try:
        return parse_rfc3339(written) if isinstance(written, str) else None
    except ValueError:
        return None
