"""The client of these scenarios: a few lines of ``http.client``, so that nothing hides the API."""

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest

from simulator import FakeCluster

BASE_PATH = "/system/v1/backup/v1"
SECONDS_AT_MOST = 20
"""Of real time, for one answer."""


@pytest.fixture
def ask() -> Callable[..., tuple[int, Any]]:
    """Return how to ask a cluster: ``ask(cluster, "POST", "/create", {"label": "nightly"})``.

    The result is the HTTP status and what the answer holds: JSON read, anything else as text.
    """

    def ask(
        cluster: FakeCluster, method: str, path: str, body: object = None, *, token: str = ""
    ) -> tuple[int, Any]:
        authorization = f"token={token or cluster.token}"
        headers = {"Accept": "application/json", "Authorization": authorization}
        if body is not None:
            headers["Content-Type"] = "application/json"
        sent = None if body is None else json.dumps(body)
        connection = HTTPConnection(cluster.url.removeprefix("http://"), timeout=SECONDS_AT_MOST)
        try:
            connection.request(method, BASE_PATH + path, sent, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        is_json = response.headers.get_content_type() == "application/json" and text
        return response.status, json.loads(text) if is_json else text

    return ask
