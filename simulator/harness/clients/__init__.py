"""The clients that a scenario can be run through, by the name that ``--client`` gives them."""

from simulator.harness.clients.http import HTTP
from simulator.harness.clients.python import PythonClientKind
from simulator.harness.ports import ClientError, ClientKind

PYTHON_PREFIX = "python:"


def client_kind(name: str) -> ClientKind:
    """Find a client: ``http``, or ``python:package.module:factory``.

    Raises:
        ClientError: when there is no such client, or its factory cannot be imported.
    """
    if name == HTTP.name:
        return HTTP
    if name.startswith(PYTHON_PREFIX):
        return PythonClientKind(name)
    raise ClientError(
        f"no client is called {name!r}; take http, or python:package.module:factory for your own"
    )
