"""Servers that a user starts and leaves running, for as long as a test needs them."""

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from copies import environment

SECONDS = 300


@contextmanager
def serving(root: Path, command: str, path: str) -> Iterator[str]:
    """Run a shell command in `root`, its `{port}` a free one, and give its address once `path` answers."""
    port = free_port()
    with started(root, command.format(port=port), f"http://127.0.0.1:{port}{path}"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def started(root: Path, command: str, answers: str) -> Iterator[None]:
    """Run a shell command in `root` until the end of the block, which begins once the address answers."""
    with tempfile.TemporaryFile("w+") as stream:
        server = subprocess.Popen(
            ["bash", "-c", command],
            cwd=root,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            until = time.monotonic() + SECONDS
            while not _answers(answers):
                assert server.poll() is None and time.monotonic() < until, _said(stream)
                time.sleep(0.5)
            yield
        finally:
            # Its workers too: they are all of the session that was started for it.
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def _said(stream: TextIO) -> str:
    stream.seek(0)
    return stream.read()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except (urllib.error.URLError, OSError):
        return False
