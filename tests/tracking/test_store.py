"""The store: where it is, whether it can be used, created once whoever comes first."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from perbatch.errors import UserError
from perbatch.tracking import StoreUnavailable, locate, server


def test_is_sqlite_in_the_root_unless_an_address_is_given(tmp_path: Path) -> None:
    assert locate(None, tmp_path).uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert locate("http://127.0.0.1:1", tmp_path).uri == "http://127.0.0.1:1"


def test_a_relative_file_is_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = locate("sqlite:///own.db", tmp_path / "root")
    assert store.uri == f"sqlite:///{tmp_path}/own.db"
    store.check()
    assert store.running() == [] and store.peek("digits") == ""
    assert store.experiment("digits").key
    assert (tmp_path / "own.db").is_file()


@pytest.mark.parametrize(
    "address",
    [
        "https://me:secret@127.0.0.1:5000/x",
        "https://me:sec/secret@127.0.0.1:5000",
        "http://me:#secret@host",
        "postgresql://me:secret@db/mlflow",
        "postgresql://me:pa/secret@db/mlflow",
        "postgresql://me@db/mlflow?sslmode=require&password=secret",
    ],
)
def test_an_address_with_a_password_is_refused_without_showing_it(tmp_path: Path, address: str) -> None:
    with pytest.raises(UserError, match="holds a password: give it in") as caught:
        locate(address, tmp_path)
    assert "secret" not in str(caught.value)


def test_a_store_that_is_not_there_yet_is_fine_and_stays_so(tmp_path: Path) -> None:
    locate(None, tmp_path / "deeper").check()
    assert locate(None, tmp_path).peek("digits") == ""
    assert not list(tmp_path.rglob("*.db"))


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        with pytest.raises(StoreUnavailable, match=r"does not answer .*refused"):
            locate(f"http://127.0.0.1:{taken.getsockname()[1]}", tmp_path).check()


def test_a_server_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.5)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(StoreUnavailable, match="does not answer"),
    ):
        locate(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path).check()


def test_gives_up_within_fifteen_seconds() -> None:
    assert server.ANSWER_SECONDS < 15


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"this is not a database, and never was" * 100)
    with pytest.raises(StoreUnavailable, match=r"mlflow\.db is broken \(file is not a database\); move"):
        locate(None, tmp_path).check()
    assert path.read_bytes().startswith(b"this is not")


def test_a_read_only_database() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        with sqlite3.connect(folder / "mlflow.db") as connection:
            connection.execute("CREATE TABLE t (x)")
        connection.close()
        (folder / "mlflow.db").chmod(0o444)
        folder.chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # root may write anything
        try:
            with pytest.raises(StoreUnavailable, match="cannot be written"):
                locate(None, folder).check()
        finally:
            if root:
                os.seteuid(0)
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.slow
def test_eight_first_users_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from perbatch.tracking import Store, locate\n"
        "print(locate(None, Path(sys.argv[1])).experiment('digits').key)"
    )
    keys: list[str] = []

    def use() -> None:
        command = [sys.executable, "-c", program, str(tmp_path)]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=120)
        keys.append(answer.stdout.strip() if answer.returncode == 0 else answer.stderr)

    users = [threading.Thread(target=use) for _ in range(8)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1, keys
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    assert locate(None, tmp_path).peek("digits") == keys[0]
