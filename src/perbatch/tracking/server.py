"""An MLflow server, asked without MLflow's client, whose import takes seconds.

Its user and password are read from the environment, as MLflow's client does, and nowhere else.
"""

import base64
import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from perbatch.errors import UserError

ADDRESS, USER, PASSWORD = "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
TOKEN, INSECURE = "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_INSECURE_TLS"
CERTIFICATES = ("MLFLOW_TRACKING_SERVER_CERT_PATH", "REQUESTS_CA_BUNDLE")
ANSWER_SECONDS = 10


class StoreUnavailable(UserError):
    """The store does not answer, refuses the user, or cannot be written."""


def is_server(uri: str) -> bool:
    """Return whether the address is that of a server, not of a database."""
    return uri.startswith(("http://", "https://"))


def address() -> str:
    """Return the server's address from the environment; a UserError where it has none."""
    uri = os.environ.get(ADDRESS, "")
    if not is_server(uri):
        raise UserError(
            f"tracking=server: {ADDRESS} must be the address of an MLflow server, http://... or https://...; "
            + ("it is not set" if not uri else "it is another kind of address")
        )
    return uri


def refuse_secrets(uri: str) -> None:
    """Raise a UserError where an address holds a password, which would end in logs and records."""
    if urlsplit(uri).password is not None:
        places = f"{USER} and {PASSWORD}" if is_server(uri) else "PGPASSWORD or ~/.pgpass"
        raise UserError(f"the address of the MLflow store holds a password: give it in {places} instead")


def ask(uri: str, path: str, **query: str | int) -> Mapping[str, Any] | None:
    """Return the server's answer to one question of MLflow's REST interface, None where it has no such thing.

    Raises StoreUnavailable, within seconds, where it does not answer or refuses the user.
    """
    url = f"{uri.rstrip('/')}/api/2.0/mlflow/{path}?{urlencode(query)}"
    try:
        request = urllib.request.Request(url, headers=_authorization())
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS, context=_context()) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        if error.code == 404 and b"RESOURCE_DOES_NOT_EXIST" in error.read():
            return None
        if error.code in (401, 403):
            raise StoreUnavailable(
                f"the MLflow server at {uri} refuses the user and password: set {USER} and {PASSWORD} to "
                "those of an account there"
            ) from None
        raise _silent(uri, f"it says {error.code} {error.reason}") from None
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise _silent(uri, getattr(error, "reason", error)) from None


def _silent(uri: str, reason: object) -> StoreUnavailable:
    return StoreUnavailable(
        f"the MLflow server at {uri} does not answer ({reason}); "
        f"start it, or unset {ADDRESS} to log to SQLite"
    )


def _authorization() -> dict[str, str]:
    if user := os.environ.get(USER):
        pair = f"{user}:{os.environ.get(PASSWORD, '')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {"Authorization": f"Bearer {token}"} if (token := os.environ.get(TOKEN)) else {}


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=next(filter(None, map(os.environ.get, CERTIFICATES)), None))
    if os.environ.get(INSECURE, "").lower() in ("true", "1"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
