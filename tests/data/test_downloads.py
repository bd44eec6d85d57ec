"""Public files: found here, or downloaded from a server on this machine that a test starts."""

import hashlib
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from perbatch.data.downloads import PublicFile, fetch
from perbatch.errors import UserError

CONTENT = b"what the publisher put there"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Answers /NAME with the bytes or the status of `answers`, and notes what it was asked."""
    answers: dict[str, bytes | int] = {}
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answer = answers.get(self.path, 404)
            self.send_response(answer if isinstance(answer, int) else 200)
            content = b"" if isinstance(answer, int) else answer
            # a mirror that breaks off says more than it sends
            self.send_header("Content-Length", str(len(content) + 10 * self.path.startswith("/broken/")))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    for name in ("PERBATCH_DATA", "PERBATCH_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PERBATCH_CACHE", str(tmp_path / "cache"))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        port = httpd.server_address[1]
        yield SimpleNamespace(answers=answers, asked=asked, url=f"http://127.0.0.1:{port}")
        httpd.shutdown()
        thread.join()


def public(server: SimpleNamespace, *mirrors: str) -> PublicFile:
    return PublicFile("some", "a.bin", (SHA256,), tuple(f"{server.url}/{mirror}/" for mirror in mirrors))


def left(tmp_path: Path) -> list[str]:
    return [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()]


def test_downloaded_once_then_cached(server: SimpleNamespace, tmp_path: Path) -> None:
    server.answers["/good/a.bin"] = CONTENT
    for _ in range(2):
        path = fetch(public(server, "good"))
        assert path == tmp_path / "cache" / "some" / "a.bin" and path.read_bytes() == CONTENT
    assert server.asked == ["/good/a.bin"]


def test_mirrors_are_tried_in_turn(server: SimpleNamespace, tmp_path: Path) -> None:
    server.answers |= {"/other/a.bin": b"another file", "/down/a.bin": 503}
    server.answers |= {"/broken/a.bin": CONTENT, "/good/a.bin": CONTENT}
    assert fetch(public(server, "down", "other", "broken", "good", "unused")).read_bytes() == CONTENT
    assert server.asked == ["/down/a.bin", "/other/a.bin", "/broken/a.bin", "/good/a.bin"]
    assert left(tmp_path) == ["cache/some/a.bin"]


def test_without_a_right_mirror_the_sentence_says_what_to_put_where(
    server: SimpleNamespace, tmp_path: Path
) -> None:
    server.answers["/other/a.bin"] = b"another file"
    with pytest.raises(UserError) as caught:
        fetch(public(server, "gone", "other"))
    sentence = str(caught.value)
    assert f"{server.url}/gone/ failed (status 404); {server.url}/other/ sent another file" in sentence
    assert f"put a.bin (SHA-256 {SHA256}, from {server.url}/gone/a.bin) into" in sentence
    assert sentence.endswith(str(tmp_path / "cache" / "some")) and "\n" not in sentence
    assert left(tmp_path) == []


def test_no_server_at_all(server: SimpleNamespace) -> None:
    file = PublicFile("some", "a.bin", (SHA256,), ("http://127.0.0.1:9/",))
    with pytest.raises(UserError, match=r"^a\.bin could not be downloaded: .*failed \(Connect"):
        fetch(file)


def test_offline_nothing_is_asked(
    server: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers["/good/a.bin"] = CONTENT
    monkeypatch.setenv("PERBATCH_OFFLINE", "1")
    with pytest.raises(UserError, match=r"^a\.bin is not on this machine and PERBATCH_OFFLINE is set: put a"):
        fetch(public(server, "good"))
    monkeypatch.setenv("PERBATCH_OFFLINE", "maybe")
    with pytest.raises(UserError, match=r"^PERBATCH_OFFLINE is 'maybe'; allowed are"):
        fetch(public(server, "good"))
    assert server.asked == []


def test_a_damaged_copy_in_the_cache_is_replaced_or_offline_refused(
    server: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers["/good/a.bin"] = CONTENT
    cached = fetch(public(server, "good"))
    cached.write_bytes(CONTENT[:-1])
    monkeypatch.setenv("PERBATCH_OFFLINE", "1")
    with pytest.raises(UserError, match=f"^{re.escape(str(cached))} is damaged or another file: its SHA-256"):
        fetch(public(server, "good"))
    monkeypatch.setenv("PERBATCH_OFFLINE", "0")
    assert fetch(public(server, "good")).read_bytes() == CONTENT


@pytest.mark.parametrize("place", ["a.bin", "some/a.bin"])
def test_a_folder_of_ones_own_comes_first(
    server: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    path = tmp_path / "own" / place
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    monkeypatch.setenv("PERBATCH_DATA", str(tmp_path / "own"))
    assert fetch(public(server, "good")) == path
    path.write_bytes(CONTENT + b"!")
    with pytest.raises(UserError, match=rf"a\.bin is damaged or another file: .* that of a\.bin {SHA256}$"):
        fetch(public(server, "good"))
    assert server.asked == []


def test_a_folder_of_ones_own_that_is_none(
    server: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERBATCH_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"^PERBATCH_DATA is .*nowhere': it must be the path of a folder$"):
        fetch(public(server, "good"))
