"""Plays a draft again: asks a fake cluster, at the same moments, what was asked then."""

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from simulator.capture.draft import Act
from simulator.capture.reading.exchanges import FIELDS, SERVICE, Exchanged, sighting_of
from simulator.capture.sightings import LIST, Sighting
from simulator.core import commands
from simulator.core.instants import elapsed
from simulator.harness.clients.in_process import start_cluster
from simulator.harness.language.scenario import SUFFIX, Scenario
from simulator.harness.language.scenario_file import load_scenarios
from simulator.service.fake_cluster import FakeCluster
from simulator.simulation import RefusedError

METHODS: Final = {"create": "POST", LIST: "GET", "restore": "POST", "delete": "DELETE"}

PATIENCE: Final = 30.0
"""Real seconds for an answer of the fake cluster, which takes a thousandth of one."""

NO_PATIENCE: Final = 0.3
"""Where the answer is known to hang."""


def loaded(text: str) -> Scenario:
    """Load a scenario from its text.

    Raises:
        SourceError: when it is wrong.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder, f"captured{SUFFIX}")
        file.write_text(text, encoding="utf-8")
        (scenario,) = load_scenarios(file)
    return scenario


def answers(scenario: Scenario, acts: Sequence[Act]) -> list[Sighting | None]:
    """Return what the scenario's cluster answers to each act; None for those without a client."""
    with start_cluster(scenario, "captured") as cluster:
        return list(_answers(cluster, acts))


def _answers(cluster: FakeCluster, acts: Sequence[Act]) -> Iterator[Sighting | None]:
    for act in acts:
        if act.at > cluster.clock.now:
            cluster.clock.advance(elapsed(cluster.clock.now, act.at))
        if act.operation == "cluster":
            _do(cluster, act.action)
            yield None
        else:
            yield _asked(cluster, act)


def _do(cluster: FakeCluster, action: Mapping[str, Any]) -> None:
    ((verb, value),) = action.items()
    switches = {
        ("tokens", "revoked"): cluster.revoke_tokens,
        ("tokens", "accepted"): cluster.accept_tokens,
        ("permission", "withdrawn"): cluster.withdraw_permission,
        ("permission", "granted"): cluster.grant_permission,
    }
    try:
        match verb:
            case "lose":
                cluster.do(commands.Lose(value))
            case "deploy":
                cluster.deploy(value)
            case "remove":
                cluster.remove(value)
            case _:
                switches[verb, value]()
    except RefusedError:
        return  # what the answers then show tells more


def _asked(cluster: FakeCluster, act: Act) -> Sighting | None:
    """Ask for an act over HTTP, as a client would."""
    url, body = _request(act)
    exchanged = Exchanged(
        source="", at=act.at, method=METHODS[act.operation], url=url, request_body=body
    )
    hangs = act.seen is not None and act.seen.trouble == "timeout"
    address = urlsplit(cluster.url)
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=NO_PATIENCE if hangs else PATIENCE
    )
    headers = {"Authorization": f"token={cluster.token}", "Accept": "application/json"}
    if body:
        headers["Content-Type"] = "application/json"
    try:
        connection.request(exchanged.method, url, body or None, headers)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return sighting_of(replace(exchanged, trouble="closed"))
    finally:
        connection.close()
    given = {name.lower(): value for name, value in response.getheaders()}
    return sighting_of(replace(exchanged, status=response.status, headers=given, body=text))


def _request(act: Act) -> tuple[str, str]:
    if act.operation == LIST:
        query = f"?{urlencode({'prefix': act.argument})}" if act.argument else ""
        return f"{SERVICE}list{query}", ""
    return f"{SERVICE}{act.operation}", json.dumps({FIELDS[act.operation]: act.argument})
