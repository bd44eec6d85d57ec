"""What answers at a server's address, and what is said of it: one sentence, and no secret."""

import base64
import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from perbatch.errors import UserError
from perbatch.tracking import StoreUnavailable, server

PAGE = "<html><body>Please log in to the network</body></html>"


@contextmanager
def answering(
    status: int, text: str, certificate: Path | None = None, user: str = "", **headers: str
) -> Iterator[str]:
    """A web server that gives one answer to whatever it is asked; yields its address.

    `certificate` is a file with it and its key, `user` the one user and password who are let in.
    """
    known = f"Basic {base64.b64encode(user.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            let_in = not user or self.headers.get("Authorization") == known
            self.send_response(status if let_in else 401)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            web.socket = context.wrap_socket(web.socket, server_side=True)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        try:
            yield f"{'https://localhost' if certificate else 'http://127.0.0.1'}:{web.server_port}"
        finally:
            web.shutdown()


@pytest.mark.types("LOGIN", "address")
def test_what_is_advised_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that wants a login, and one that moved there: what they say is typed, and both errors go."""
    question = ("experiments/search",)
    with (
        answering(200, "{}", user="me:hidden") as there,
        answering(308, "", Location=f"{there}/api/2.0/x") as here,
    ):
        with pytest.raises(StoreUnavailable) as caught:
            server.ask(here, *question)
        found = re.search(r": set (\S+) to (\S+)$", str(caught.value))
        assert found and found[1] == server.ADDRESS
        with pytest.raises(StoreUnavailable, match="refuses the user") as caught:
            server.ask(found[2], *question)
        names = re.search(r": set (\S+) and (\S+) to those", str(caught.value))
        assert names
        monkeypatch.setenv(names[1], "me")
        monkeypatch.setenv(names[2], "hidden")
        assert server.ask(found[2], *question) == {}


@pytest.mark.parametrize(
    ("status", "text", "headers", "said"),
    [
        (200, PAGE, {"Content_Type": "text/html"}, "what answers at {} is no MLflow server"),
        (200, "[]", {}, "what answers at {} is no MLflow server"),
        (404, '{"error_code": "ENDPOINT_NOT_FOUND"}', {}, '{} cannot be used; it says 404 Not Found: {{"err'),
        (
            503,
            '{"message": "no\\n database"}',
            {},
            "{} cannot be used; it says 503 Service Unavailable: no data",
        ),
        (502, PAGE, {"Content_Type": "text/html"}, "{} cannot be used; it says 502 Bad Gateway"),
        (403, "Invalid Host header", {}, "{} cannot be used; it says 403 Forbidden: Invalid Host header"),
        (401, "", {}, "{} refuses the user and password"),
        (
            308,
            "",
            {"Location": "https://there:1/api/2.0/x"},
            "{} has moved to https://there:1: set MLFLOW_TR",
        ),
    ],
)
def test_what_is_no_answer_is_one_sentence(
    status: int, text: str, headers: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(server.USER, "me")
    monkeypatch.setenv(server.PASSWORD, "hidden")
    with answering(status, text, **headers) as address, pytest.raises(StoreUnavailable) as caught:
        server.ask(address, "experiments/search", max_results=1)
    sentence = str(caught.value)
    assert said.format(address) in sentence
    assert "hidden" not in sentence
    assert "<" not in sentence
    assert "\n" not in sentence


def test_what_a_server_does_not_have_is_none() -> None:
    with answering(404, '{"error_code": "RESOURCE_DOES_NOT_EXIST"}') as address:
        assert server.ask(address, "experiments/get-by-name", experiment_name="x") is None
        assert server.experiment_tag(address, "x", "tag") == ""
        assert server.alias_tag(address, "x", "champion", "tag") == ""


@pytest.mark.parametrize("address", ["http://127.0.0.1:port", "https://localhost:1", "http://no such host"])
def test_an_address_where_nothing_can_answer(address: str) -> None:
    with pytest.raises(StoreUnavailable, match="does not answer"):
        server.ask(address, "experiments/search", max_results=1)


def test_a_certificate_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", "/no/such/file.pem")
    with pytest.raises(UserError, match=r"CERT_PATH=/no/such/file\.pem: there is no such file"):
        server.ask("https://localhost:1", "experiments/search", max_results=1)


@pytest.mark.types("AUTHORITY")
def test_an_authority_of_ones_own_is_trusted_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.pem"
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", own, "-out", own, *name],
        check=True,
        capture_output=True,
    )
    certificate = tmp_path / "certificate.pem"
    text = own.read_text()
    certificate.write_text(text[text.index("-----BEGIN CERTIFICATE") :])
    with answering(200, "{}", own) as address:
        with pytest.raises(StoreUnavailable, match="is not to be trusted") as caught:
            server.ask(address, "experiments/search", max_results=1)
        name = re.search(r": set (\S+) to the file of your authority$", str(caught.value))
        assert name
        monkeypatch.setenv(name[1], str(certificate))
        assert server.ask(address, "experiments/search", max_results=1) == {}
