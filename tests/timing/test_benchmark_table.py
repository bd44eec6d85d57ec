from pathlib import Path

import pytest

from perbatch.errors import UserError
from perbatch.timing import write_table

ROWS = [{"batch_size": 8, "micro_batch_size": None, "gradient_us": 1.23456}]


class Interrupted:
    """A value during whose writing the user presses Ctrl-C."""

    def __str__(self) -> str:
        raise KeyboardInterrupt


def test_the_bytes_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "new" / "throughput.csv"
    write_table([*ROWS, {"batch_size": 9, "micro_batch_size": 4, "gradient_us": 12345.6}], path)
    assert path.read_bytes() == b"batch_size,micro_batch_size,gradient_us\n8,,1.235\n9,4,1.235e+04\n"


def test_an_interrupted_writing_leaves_the_old_table_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "throughput.csv"
    write_table(ROWS, path)
    old = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        write_table([*ROWS, {**ROWS[0], "batch_size": Interrupted()}], path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"throughput\.csv cannot be written \(.+\)$"):
        write_table(ROWS, tmp_path / "file" / "throughput.csv")
