"""Addresses where no store can be are refused, databases that do not answer are said, without a password."""

import socket
from pathlib import Path

import pytest

from perbatch.errors import UserError
from perbatch.tracking import StoreUnavailable, locate, server

IMPOSSIBLE = [
    ("gopher://x", "gopher://..."),
    ("databricks", "databricks"),
    ("databricks://hidden", "databricks://..."),
    ("databricks-uc", "..."),
    ("uc:http://localhost", "uc:http://..."),
    ("file:///somewhere/mlruns", "file://..."),
    ("mlruns", "..."),
    ("/somewhere/mlruns", "..."),
    ("localhost:5000", "..."),
    ("https//hidden", "..."),
    ("http://", "http://..."),
    ("https:///path", "https://..."),
    ("http://[::1", "http://..."),
    ("HTTP//x", "..."),
    ("sqlite://", "sqlite://..."),
    ("sqlite:relative.db", "..."),
    ("sqlite+aiosqlite:///x.db", "sqlite+aiosqlite://..."),
    ("postgresql://", "postgresql://..."),
    ("oracle://me@hidden/x", "oracle://..."),
    ("s3://hidden/mlflow", "s3://..."),
    (" http://hidden", " http://..."),
    ("sqlite:///:memory:", "sqlite:///:memory:"),
    ("sqlite:///", "sqlite:///"),
    ("sqlite:///mlflow.db?mode=memory", "sqlite:///mlflow.db?mode=memory"),
]


@pytest.mark.parametrize(("address", "shown"), IMPOSSIBLE)
def test_an_address_where_no_store_can_be_is_refused(address: str, shown: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        locate(address, tmp_path)
    said = str(caught.value)
    assert said.startswith(f"tracking.uri={shown}: ")
    assert "postgresql://USER@HOST/NAME for a database" in said
    assert "hidden" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "address", ["postgresql+psycopg2://me@db/mlflow", "https://db:5000/x", "sqlite:////x"]
)
def test_an_address_that_may_be_a_store_is_taken_as_it_is(address: str, tmp_path: Path) -> None:
    assert locate(address, tmp_path).uri == address


def test_a_password_in_another_place_of_the_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds a password") as caught:
        locate("postgresql://me@db/mlflow?sslmode=require&sslpassword=hidden", tmp_path)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgresql+psycopg2://me:hidden@db/x", "give it in PGPASSWORD or ~/.pgpass instead$"),
        ("https://me:hidden@db", "give it in MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead$"),
        ("mysql+pymysql://me:hidden@db/x", "logs and records: only an address without one is taken$"),
        ("gopher://me:hidden@db/x", r"^tracking\.uri=gopher://\.\.\.: no store of perbatch can be there"),
    ],
)
def test_a_password_goes_where_this_kind_of_store_reads_it(
    address: str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=expected) as caught:
        locate(address, tmp_path)
    assert "hidden" not in str(caught.value)


def test_a_database_that_never_answers_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.5)
    monkeypatch.setenv("PGPASSWORD", "hidden")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = locate(f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/mlflow", tmp_path)
        for ask in (store.check, lambda: store.peek("digits"), lambda: store.experiment("digits")):
            with pytest.raises(StoreUnavailable, match=r"does not answer within 0\.5 s; start it") as caught:
                ask()
            assert "hidden" not in str(caught.value)
            assert "move it away" not in str(caught.value)


def test_a_database_that_is_not_there_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        store = locate(f"postgresql://me@127.0.0.1:{taken.getsockname()[1]}/mlflow", tmp_path)
        with pytest.raises(StoreUnavailable, match=r"cannot be used \(.*refused.*\); mend that") as caught:
            store.check()
    assert "sqlalche.me" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_without_its_driver_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="needs a driver that is not installed"):
        locate("mysql+nosuch://me@127.0.0.1/mlflow", tmp_path).check()
