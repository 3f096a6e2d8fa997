"""A fake cluster that a client can reach: what fixtures hand to tests."""

from types import TracebackType
from typing import Final, Self, final

from simulator.clock import DEFAULT_START
from simulator.core.cluster import ClusterSpec
from simulator.core.instants import Instant
from simulator.core.time_policies import Manual, TimePolicy
from simulator.service.admin_router import AdminRouter
from simulator.service.listener import Listener
from simulator.service.tokens import make_token
from simulator.simulation import Simulation
from simulator.world import PASSWORD, USERNAME

LOOPBACK: Final = "127.0.0.1"


@final
class FakeCluster(Simulation):
    """A simulated cluster with an address, served until ``stop()`` or the end of a ``with``.

    It answers from a thread of its own, so it can be used from sync and async tests alike. All of
    what ``Simulation`` offers can be called from any thread while clients talk to it.

    Args:
        spec: what the cluster is when it starts.
        seed: where all its chance comes from.
        policy: what moves its time.
        start: where its time begins.
        made_up: how many apps to make up, beside those of ``spec``.
        made_up_backups: how many backups to make up, beside those of ``spec``.
        journal_limit: how many journal entries to keep; None keeps all.
        host: the address to listen on; by default only this machine can reach it.
        port: the port to listen on; 0 takes any that is free.

    Attributes:
        url: where clients find it, such as ``http://127.0.0.1:40721``.
        token: the token that a client must send.
        username: the user that the token belongs to.
        password: that user's password.

    Raises:
        ListenError: when the address cannot be listened on.
    """

    def __init__(
        self,
        spec: ClusterSpec = ClusterSpec(),  # noqa: B008 - a frozen value
        *,
        seed: str = "0",
        policy: TimePolicy = Manual(),  # noqa: B008 - a frozen value
        start: Instant = DEFAULT_START,
        made_up: int = 0,
        made_up_backups: int = 0,
        journal_limit: int | None = None,
        host: str = LOOPBACK,
        port: int = 0,
    ) -> None:
        super().__init__(
            spec,
            seed=seed,
            policy=policy,
            start=start,
            made_up=made_up,
            made_up_backups=made_up_backups,
            journal_limit=journal_limit,
        )
        self.username: Final = USERNAME
        self.password: Final = PASSWORD
        self.token: Final = make_token(self.chance, USERNAME)
        self._router = AdminRouter(self, self.token)
        self._listener = Listener(self._router, host=host, port=port)
        self.url: Final = f"http://{host}:{self._listener.port}"

    def stop(self) -> None:
        """Close the port and every connection.

        A request that the simulator itself failed to answer is raised here, so that its failure is
        never taken for the client's.
        """
        self._listener.stop()
        if self._router.crash:
            raise self._router.crash

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
