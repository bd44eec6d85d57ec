"""What takes long says how far it is, in plain lines where no terminal is; what is quick says nothing."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from perbatch.data import Source, progress
from perbatch.data.preparation import prepare
from perbatch.data.readers import arrays, images, table

FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0], "t": ["x", "y", "x"]})


def read_csv(folder: Path) -> Source:
    FRAME.to_csv(folder / "own.csv", index=False)
    return table.read(str(folder / "own.csv"), "t")


def read_parquet(folder: Path) -> Source:
    FRAME.to_parquet(folder / "own.parquet")
    return table.read(str(folder / "own.parquet"), "t")


def read_arrays(folder: Path) -> Source:
    np.savez(folder / "own.npz", X=np.eye(4), y=np.array([0, 1, 0, 1]))
    return arrays.read(str(folder / "own.npz"))


def read_images(folder: Path) -> Source:
    for name in ("cat/1.png", "dog/1.png"):
        (folder / name).parent.mkdir()
        Image.fromarray(np.eye(4, dtype=np.uint8)).save(folder / name)
    return images.read(str(folder))


READERS = {
    read_csv: "reading own.csv: ",
    read_parquet: "reading cells: 3.00 of 3.00",
    read_arrays: "reading X in own.npz: 128 of 128B",
    read_images: "reading images: 2.00 of 2.00",
}


@pytest.mark.parametrize("read", READERS)
def test_readers_say_how_far_they_are(
    read: Callable[[Path], Source],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    read(tmp_path)
    assert capsys.readouterr().err == ""
    (tmp_path / "again").mkdir()
    monkeypatch.setattr(progress, "DELAY", 0)
    read(tmp_path / "again")
    said = capsys.readouterr().err
    assert READERS[read] in said


def test_scaling_and_writing_say_how_far_they_are(
    classification: Source,
    settings: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prepare(classification, settings, tmp_path / "tiny")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "DELAY", 0)
    prepare(classification, settings, tmp_path / "tiny")
    said = capsys.readouterr().err
    assert "scaling features: 1.00 of 1.00" in said and "writing tiny: 1.15k of 1.15kB" in said


def test_on_a_terminal_it_is_one_line_that_goes_away() -> None:
    code = "from perbatch.data import progress; progress.DELAY = 0; list(progress.each_of('abc', 'looking'))"
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stderr=theirs, check=True)
    os.close(theirs)
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "looking" in said and "\n" not in said and said.endswith("\r")
