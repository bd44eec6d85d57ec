"""PostgreSQL and an MLflow server on top of it, on loopback, until Ctrl-C: for trying `tracking=server`.

python deploy/server.py [FOLDER] [--port PORT]. FOLDER holds the database, the artifacts and the password of
the user that logs in; started again on the same folder, it goes on. For production see docs/scaling.md.
"""

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
USER = "admin"
DATABASES = ("mlflow", "accounts")
SECONDS = 90
"""How long the server may take to start: it makes its tables first."""

AUTH = """[mlflow]
default_permission = READ
database_uri = {database}
admin_username = {user}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
# else each request hashes the password anew, which takes longer than the request
auth_cache_ttl_seconds = 60
"""


def main(folder: Path, port: int) -> None:
    """Start both, say how to use them, and wait for the end."""
    refuse_taken(port)
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        sockets = stack.enter_context(postgres(folder / "postgres"))
        server = stack.enter_context(mlflow(folder, sockets, port))
        sys.stdout.write(
            f"MLflow serves http://127.0.0.1:{port} until Ctrl-C; in another shell:\n"
            f"  export MLFLOW_TRACKING_URI=http://127.0.0.1:{port}\n"
            f"  export MLFLOW_TRACKING_USERNAME={USER}\n"
            f"  export MLFLOW_TRACKING_PASSWORD=$(cat {folder / 'password'})\n"
            "  python pipelines/train.py -m tracking=server batch_size=1,32 learning_rate=0.1\n"
        )
        sys.stdout.flush()
        server.wait()
        sys.exit(f"error: MLflow's server ended; {folder / 'server.log'} says why")


def refuse_taken(port: int) -> None:
    """End the program where another one has the port: its answers would be taken for ours."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            sys.exit(f"error: port {port} is taken: give another one, --port {port + 1}")


@contextmanager
def postgres(data: Path) -> Iterator[Path]:
    """Run PostgreSQL on `data`, made where it does not exist, without a port; give its socket's folder."""
    account = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    sockets = Path(tempfile.mkdtemp(prefix="perbatch-"))
    fresh = not (data / "PG_VERSION").exists()
    data.mkdir(mode=0o700, exist_ok=True)
    if account:
        shutil.chown(sockets, account)
        shutil.chown(data, account)

    def call(name: str, *arguments: str) -> bool:
        done = subprocess.run(
            [program(name), *arguments], user=account, cwd="/", stdout=subprocess.DEVNULL, check=False
        )
        return done.returncode == 0

    try:
        if fresh and not call("initdb", "-D", str(data), "-U", "mlflow", "-A", "trust", "-E", "UTF8"):
            sys.exit(f"error: PostgreSQL made no database in {data}")
        options = f"-k {sockets} -c listen_addresses="  # the sockets' folder is its owner's alone
        if not call("pg_ctl", "-D", str(data), "-l", str(data / "log"), "-o", options, "-w", "start"):
            sys.exit(f"error: PostgreSQL did not start; {data / 'log'} says why")
        try:
            if fresh:
                for name in DATABASES:
                    call("createdb", "-h", str(sockets), "-U", "mlflow", name)
            yield sockets
        finally:
            call("pg_ctl", "-D", str(data), "-m", "fast", "stop")
    finally:
        shutil.rmtree(sockets, ignore_errors=True)


@contextmanager
def mlflow(folder: Path, sockets: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run MLflow's server on the database, artifacts through it, and wait until it answers."""
    password = folder / "password"
    if not password.exists():
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(18))
    runs, accounts = (f"postgresql://mlflow@/{name}?host={sockets}" for name in DATABASES)
    settings = folder / "login.ini"
    settings.write_text(AUTH.format(database=accounts, user=USER))
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "2", "--app-name", "basic-auth", "--backend-store-uri", runs]
    command += ["--serve-artifacts", "--artifacts-destination", (folder / "artifacts").as_uri()]
    environment = os.environ | {
        "MLFLOW_AUTH_CONFIG_PATH": str(settings),
        "MLFLOW_AUTH_ADMIN_PASSWORD": password.read_text(),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_urlsafe(),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait(server, port, folder / "server.log")
        yield server
    finally:
        with suppress(ProcessLookupError):  # it may have died
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the server answers; end the program where it does not."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    sys.exit(f"error: MLflow's server did not start; {log} says why")


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs, which Debian leaves out of PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name))
    found = shutil.which(name, path=os.pathsep.join([*map(str, reversed(places)), os.environ["PATH"]]))
    if found is None:
        sys.exit(f"error: PostgreSQL's {name} is missing: apt install postgresql, or brew install postgresql")
    return found


def leave(*_: object) -> None:
    """End in order, which a second Ctrl-C does not disturb."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=CHECKOUT / ".server")
    parser.add_argument("--port", type=int, default=5001)
    given = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    main(given.folder.absolute(), given.port)
