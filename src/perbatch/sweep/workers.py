"""What the launchers of clusters have in common."""

from collections.abc import Sequence

from hydra.core.utils import JobReturn

from perbatch.errors import UserError


class WorkersDied(UserError):
    """Some jobs ended without a result; `returns` has the others', in the jobs' order, and None for those."""

    def __init__(self, returns: Sequence[JobReturn | None], reason: str) -> None:
        """`reason` says of one of them what is known."""
        died = sum(each is None for each in returns)
        super().__init__(f"{died} of {len(returns)} jobs ended without a result: {reason}")
        self.returns = returns
