"""What can go wrong, by who has to act."""

from typing import final


@final
class UsageError(Exception):
    """The command line cannot be understood; the message is one sentence."""


@final
class CommandError(Exception):
    """The command was understood and did not succeed; the message is one sentence."""


@final
class ServiceError(Exception):
    """A request did not get the answer that it should.

    Attributes:
        status: the HTTP status; 0 where there was no answer.
        passing: whether the same question may well be answered a moment later.
        unsure: whether the request may have been carried out all the same.
    """

    def __init__(
        self, problem: str, *, status: int = 0, passing: bool = False, unsure: bool = False
    ) -> None:
        super().__init__(problem)
        self.status = status
        self.passing = passing
        self.unsure = unsure
