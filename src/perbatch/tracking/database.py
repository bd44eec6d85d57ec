"""A database on a server as the store: asked without MLflow, which would try it again for two minutes."""

import threading

from perbatch import advice
from perbatch.tracking import server
from perbatch.tracking.server import StoreUnavailable


def check(uri: str) -> None:
    """Raise StoreUnavailable, within 10 s, where the database does not answer or refuses the user.

    The question is asked in a thread: drivers differ in how they are told to give up, and in whether they
    then do.
    """
    said: list[str | None] = []
    thread = threading.Thread(target=lambda: said.append(_trouble(uri)), daemon=True)
    thread.start()
    thread.join(server.ANSWER_SECONDS)
    if not said:
        raise StoreUnavailable(
            f"the database of the MLflow store {uri} does not answer within {server.ANSWER_SECONDS} s; "
            f"start it, or {advice.ELSEWHERE}"
        )
    if said[0]:
        raise StoreUnavailable(said[0])


def reason(error: BaseException) -> str:
    """Return what a driver says, on one line and without what SQLAlchemy puts around it."""
    said = getattr(error, "orig", None) or error
    return " ".join(str(said).split())[:200]


def _trouble(uri: str) -> str | None:
    """What is wrong with the database, None where it answers."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError
    from sqlalchemy.pool import NullPool

    try:
        with create_engine(uri, poolclass=NullPool).connect():
            return None
    except (ImportError, NoSuchModuleError) as error:
        return (
            f"the MLflow store {uri} needs a driver that is not installed ({error}): install it, "
            f"for PostgreSQL with `{advice.install('server')}`, or {advice.ELSEWHERE}"
        )
    except Exception as error:  # the drivers' own have nothing in common
        return (
            f"the database of the MLflow store {uri} cannot be used ({reason(error)}); "
            f"mend that, or {advice.ELSEWHERE}"
        )
