"""An MLflow server, asked without MLflow's client, whose import takes seconds.

Its user and password are read from the environment, as MLflow's client does, and nowhere else.
"""

import base64
import json
import os
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

from perbatch import advice
from perbatch.errors import UserError

ADDRESS, USER, PASSWORD = "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
TOKEN, INSECURE = "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_INSECURE_TLS"
CERTIFICATES = ("MLFLOW_TRACKING_SERVER_CERT_PATH", "REQUESTS_CA_BUNDLE")
ANSWER_SECONDS = 10
PASSWORD_IN_ADDRESS = re.compile(r"://[^/?#@]*:[^@]*@|[?&](ssl)?password=")
"""Parsers differ in where an address's password ends that holds / ? or #."""


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
            f"{advice.SERVER}: {ADDRESS} must be the address of an MLflow server, http://... or https://...; "
            + ("it is not set" if not uri else "it is another kind of address")
        )
    return uri


def refuse_secrets(uri: str) -> None:
    """Raise a UserError where an address holds a password, which would end in logs and records."""
    if PASSWORD_IN_ADDRESS.search(uri):
        said = "the address of the MLflow store holds a password"
        if is_server(uri):
            raise UserError(f"{said}: give it in {advice.LOGIN} instead")
        if uri.startswith("postgresql"):
            raise UserError(f"{said}: give it in PGPASSWORD or ~/.pgpass instead")
        raise UserError(f"{said}, which would end in logs and records: only an address without one is taken")


def ask(uri: str, path: str, **query: str | int) -> Mapping[str, Any] | None:
    """Return the server's answer to one question of MLflow's REST interface, None where it has no such thing.

    Raises StoreUnavailable, within seconds, where it does not answer, refuses the user or is something else.
    """
    url = f"{uri.rstrip('/')}/api/2.0/mlflow/{path}?{urlencode(query)}"
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=_context()), _StayHere)
    try:
        request = urllib.request.Request(url, headers=_authorization())
        with opener.open(request, timeout=ANSWER_SECONDS) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
        if error.code == 404 and b"RESOURCE_DOES_NOT_EXIST" in body:
            return None
        raise _refusal(uri, error, body) from None
    except (OSError, HTTPException) as error:
        raise _silence(uri, getattr(error, "reason", error)) from None
    with suppress(ValueError):
        if isinstance(found := json.loads(text), dict):
            return found
    raise StoreUnavailable(
        f"what answers at {uri} is no MLflow server: is {ADDRESS} right, and the proxy in front of it?"
    )


def experiment_tag(uri: str, name: str, tag: str) -> str:
    """Return a tag of the experiment of that name, empty where there is none."""
    answer = ask(uri, "experiments/get-by-name", experiment_name=name) or {}
    return _value(answer.get("experiment", {}), tag)


def alias_tag(uri: str, model: str, alias: str, tag: str) -> str:
    """Return a tag of the version of a registered model that has the alias, empty where there is none."""
    answer = ask(uri, "registered-models/get", name=model) or {}
    aliases = answer.get("registered_model", {}).get("aliases", ())
    version = next((each["version"] for each in aliases if each["alias"] == alias), None)
    if version is None:
        return ""
    answer = ask(uri, "model-versions/get", name=model, version=version) or {}
    return _value(answer.get("model_version", {}), tag)


def _value(thing: Mapping[str, Any], tag: str) -> str:
    return next((str(each["value"]) for each in thing.get("tags", ()) if each["key"] == tag), "")


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: that would take the password along, to wherever it leads."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _silence(uri: str, reason: object) -> StoreUnavailable:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return StoreUnavailable(
            f"the certificate of the MLflow server at {uri} is not to be trusted ({reason.verify_message}): "
            f"{advice.AUTHORITY}"
        )
    return StoreUnavailable(
        f"the MLflow server at {uri} does not answer ({reason}); start it, or {advice.UNSET} to log to SQLite"
    )


def _refusal(uri: str, error: urllib.error.HTTPError, body: bytes) -> StoreUnavailable:
    if error.code == 401:
        return StoreUnavailable(
            f"the MLflow server at {uri} refuses the user and password: set {advice.LOGIN} to "
            "those of an account there"
        )
    if location := error.headers.get("Location"):
        elsewhere = location.partition("/api/")[0]
        return StoreUnavailable(
            f"the MLflow server at {uri} has moved to {elsewhere}: {advice.address(elsewhere)}"
        )
    said = ": ".join(filter(None, (f"{error.code} {error.reason}", _plain(error, body))))
    return StoreUnavailable(f"the MLflow server at {uri} cannot be used; it says {said}")


def _plain(error: urllib.error.HTTPError, body: bytes) -> str:
    """What the body says on one line: MLflow's message, a proxy's text; nothing of a page."""
    text = body.decode(errors="replace")
    with suppress(ValueError, TypeError, KeyError):
        text = str(json.loads(text)["message"])
    return "" if "html" in error.headers.get_content_type() else " ".join(text.split())[:200]


def _authorization() -> dict[str, str]:
    if user := os.environ.get(USER):
        pair = f"{user}:{os.environ.get(PASSWORD, '')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {"Authorization": f"Bearer {token}"} if (token := os.environ.get(TOKEN)) else {}


def _context() -> ssl.SSLContext:
    name = next((name for name in CERTIFICATES if os.environ.get(name)), None)
    path = os.environ[name] if name else None
    if path is not None and not os.path.exists(path):
        raise UserError(f"{name}={path}: there is no such file")
    context = ssl.create_default_context(cafile=path)
    if os.environ.get(INSECURE, "").lower() in ("true", "1"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
