"""What an address of an MLflow store may be: refused in one sentence, before anything is trained."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from perbatch import advice
from perbatch.errors import UserError
from perbatch.tracking.server import is_server, refuse_secrets

SQLITE = "sqlite:///"
DATABASES = ("postgresql", "mysql", "mssql")
"""Kinds of database servers that MLflow can keep a store in; a driver may follow, as postgresql+psycopg2."""

ALLOWED = f"{advice.ADDRESSES}; {advice.UNSET} for mlflow.db here"


def checked(uri: str) -> str:
    """Return the address of a store, a relative file's made absolute from the working directory.

    A UserError, which shows of the address no more than its scheme, where no store can be there, or where it
    holds a password.
    """
    if is_database(uri) or is_server(uri) or uri.startswith(SQLITE):
        refuse_secrets(uri)
    if uri.startswith(SQLITE):
        path = uri.removeprefix(SQLITE)
        if path in ("", ":memory:") or "?" in path:
            raise UserError(
                f"tracking.uri={uri}: must name a file and nothing else; a store in memory is gone with "
                f"its process; allowed: {ALLOWED}"
            )
        return SQLITE + str(Path(path).absolute())
    scheme, found, rest = uri.partition("://")
    if scheme in ("http", "https"):
        with suppress(ValueError):
            if urlsplit(uri).hostname:
                return uri
        raise UserError(f"tracking.uri={scheme}://...: names no host; allowed: {ALLOWED}")
    if not is_database(uri) or not rest:
        shown = f"{scheme}://..." if found else "databricks" if uri == "databricks" else "..."
        raise UserError(f"tracking.uri={shown}: no store of perbatch can be there; allowed: {ALLOWED}")
    return uri


def is_database(uri: str) -> bool:
    """Return whether the address is that of a database on a server."""
    return uri.partition("://")[0].partition("+")[0] in DATABASES
