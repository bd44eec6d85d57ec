"""Where runs and store go, whatever encloses the checkout; what is known of what a run was made from."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from perbatch.runs import places, provenance


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (*provenance.OF_ANOTHER, "DVC_ROOT", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    provenance.tags.cache_clear()
    yield
    provenance.tags.cache_clear()


def repository(root: Path, *files: str) -> Path:
    """A repository with one commit of the files."""
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "-q", "-b", "main")
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("first\n")
        git(root, "add", name)
    user = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    git(root, *user, "commit", "-q", "--allow-empty", "-m", "start")
    return root


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def root_of(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "CHECKOUT", checkout)
    return places.shared_root()


def tags_of(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(provenance, "CHECKOUT", checkout)
    provenance.tags.cache_clear()
    return provenance.tags()


def test_the_checkouts_own_root_decides_whatever_repository_encloses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer = repository(tmp_path / "outer", "sub/pipelines/train.py")
    (outer / "untracked").mkdir()
    assert root_of(outer / "sub", monkeypatch) == outer / "sub"
    assert root_of(outer / "untracked", monkeypatch) == outer / "untracked"


def test_what_git_says_of_another_repository_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repository(tmp_path / "other", "pipelines/train.py")
    own = repository(tmp_path / "own", "pipelines/train.py", "src/a.py")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert root_of(own, monkeypatch) == own
    found = tags_of(own, monkeypatch)
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_WORK_TREE")
    assert found["mlflow.source.git.commit"] == git(own, "rev-parse", "HEAD")
    assert found["git.dirty"] == "false"


@pytest.mark.parametrize("below", ["", "sub"])
def test_a_linked_worktree_shares_the_main_ones_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    main = repository(tmp_path / "main", "sub/pipelines/train.py")
    git(main, "worktree", "add", "-q", str(tmp_path / "linked"))
    assert root_of(tmp_path / "linked" / below, monkeypatch) == main / below


def test_dvcs_root_counts_where_it_is_this_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = repository(tmp_path / "main", "pipelines/train.py")
    temporary = repository(main / ".dvc" / "tmp" / "exps" / "one", "pipelines/train.py")
    monkeypatch.setenv("DVC_ROOT", str(main))
    assert root_of(temporary, monkeypatch) == main
    enclosed = repository(main / "enclosed", "pipelines/train.py")
    assert root_of(enclosed, monkeypatch) == enclosed


def test_a_change_of_code_is_dirty_and_one_of_a_result_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = repository(tmp_path, "pipelines/train.py", "src/a.py", "dvc.lock")
    (own / "dvc.lock").write_text("another\n")
    assert tags_of(own, monkeypatch)["git.dirty"] == "false"
    (own / "src/a.py").write_text("another\n")
    assert tags_of(own, monkeypatch)["git.dirty"] == "true"


UNKNOWN = dict.fromkeys(("mlflow.source.git.commit", "git.dirty"), "unknown")


def test_what_git_refuses_to_say_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = repository(tmp_path, "pipelines/train.py")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # dubious ownership
    assert UNKNOWN.items() <= tags_of(own, monkeypatch).items()


def test_without_git_it_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = repository(tmp_path, "pipelines/train.py")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert UNKNOWN.items() <= tags_of(own, monkeypatch).items()
    assert root_of(own, monkeypatch) == own


def test_a_repository_that_does_not_hold_the_checkout_says_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = repository(tmp_path, ".profile")
    (home / "perbatch" / "pipelines").mkdir(parents=True)
    (home / "perbatch" / "pipelines" / "train.py").touch()
    assert UNKNOWN.items() <= tags_of(home / "perbatch", monkeypatch).items()
    assert tags_of(home / "perbatch", monkeypatch)["dvc.lock"] == "unknown"


def test_a_repository_without_a_commit_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "train.py").touch()
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    found = tags_of(tmp_path, monkeypatch)
    assert (found["mlflow.source.git.commit"], found["git.dirty"]) == ("unknown", "true")
