"""CSV and TSV files: every number exactly, every text as written."""

import csv
import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from tqdm.utils import CallbackIOWrapper

from perbatch.data.cells import LARGEST_WHOLE, MISSING, judged
from perbatch.data.frames import Frame, check_names, wanted
from perbatch.data.problems import MOST, counted, listed
from perbatch.data.progress import bar
from perbatch.errors import UserError

log = logging.getLogger(__name__)

BLOCK = 2**19
"""Bytes that are parsed at once: the parser's own memory is then small beside the table's."""

COLUMNS = 2**12
"""Columns of numbers that are read at once: for each Arrow keeps more than the values of a wide table."""

GROUP = 2**20
"""Cells that are judged at once."""

_END = "\ue000\ue001\ue000"
"""The target in a row put after the file's last: it is not found where a quote was never closed.

No character of it can be a separator, and none has a meaning in Unicode.
"""

_INDEX = ("", "Unnamed: 0")
"""How pandas and R head the names of rows, and what pandas makes of that when it reads the file again."""


def read_csv(path: Path, target: str, drop: Sequence[str], separator: str, decimal: str) -> Frame:
    """The table of a file of text; a UserError says what in it cannot be read, and in which rows."""
    file = _File(path, target, drop, separator, decimal)
    try:
        return file.numbers() or file.judged()
    except pa.ArrowInvalid:
        # A cell is no number, or a row has too few: the slower way says which.
        return file.judged()


class _File:
    """One file of text: its columns, and the two ways to read it."""

    def __init__(self, path: Path, target: str, drop: Sequence[str], separator: str, decimal: str) -> None:
        self.path, self.separator, self.decimal = path, separator, decimal
        self._begins: list[int] = []
        self.names = names = _head(path, separator)
        index = names[0] in _INDEX and len(set(names)) == len(names)
        check_names(path, ["index", *names[1:]] if index else names)
        self.target, self.features = wanted(path, names, target, drop)
        if index and names[0] in self.features:
            self._leave_out_index()

    def row(self, row: int) -> str:
        """Name a row of values, from 1, and the file's line it begins in."""
        place = row + 1  # the first is that of the names
        try:
            if len(self._begins) <= place:
                records = islice(_records(self.path, self.separator), place + 1)
                self._begins = [line for line, _ in records]
            return f"row {row + 1} (the file's line {self._begins[place]})"
        except (csv.Error, IndexError):
            return f"row {row + 1}"

    def _leave_out_index(self) -> None:
        """The column in front without a name, where it numbers or names the rows."""
        cells = self._table([self.names[0]]).column(0).combine_chunks()
        found = judged(cells[:-1])
        fractions = found.values[found.number] != np.floor(found.values[found.number])
        if len(cells.unique()) < len(cells) or fractions.any() or len(self.features) == 1:
            check_names(self.path, self.names)
            return
        log.info("the first column of %s is the index of its rows, and left out", self.path.name)
        self.features = self.features[1:]

    def numbers(self) -> Frame | None:
        """The fast way; None where not every cell is a plain number."""
        features = self.features
        X, target = self._numbers(features[:COLUMNS])
        if len(features) > COLUMNS:
            whole = np.empty((len(X), len(features)))
            whole[:, :COLUMNS] = X
            for first in range(COLUMNS, len(features), COLUMNS):
                group = slice(first, first + COLUMNS)
                whole[:, group], _ = self._numbers(features[group])
            X = whole
        if not max(-X.min(), X.max()) < LARGEST_WHOLE:  # nan too
            return None
        return Frame(features, X, {}, [], target, self.row)

    def _numbers(self, features: list[str]) -> tuple[np.ndarray, pa.Array]:
        """Columns of numbers and the target, a block of rows at a time."""
        types = dict.fromkeys(features, pa.float64()) | {self.target: pa.string()}
        parts, targets = [], []
        with self._opened() as stream:
            how = self._how(types, max(BLOCK, 40 * sum(map(len, self.names))))
            for batch in pacsv.open_csv(stream, **how):
                targets.append(batch.column(len(features)))
                numbers = batch.remove_column(len(features))
                parts.append(numbers.to_tensor(null_to_nan=True, row_major=True).to_numpy())
        target = self._ended(pa.chunked_array(targets, pa.string()))
        return np.concatenate(parts)[: len(target)], target

    def judged(self) -> Frame:
        """Every cell as text first, then what it is."""
        features = self.features
        table = self._table([*features, self.target])
        target = self._ended(table.column(len(features)))
        table = table.slice(0, len(target)).combine_chunks()
        frame = Frame(features, np.empty((len(target), len(features))), {}, [], target, self.row)
        step = max(1, GROUP // len(target))
        for first in range(0, len(features), step):
            last = min(first + step, len(features))
            columns = [chunk for each in table.columns[first:last] for chunk in each.chunks]
            self._judge(frame, first, columns)
        return frame

    def _judge(self, frame: Frame, first: int, columns: list[pa.Array]) -> None:
        found = judged(pa.concat_arrays(columns), self.decimal)
        values, number, missing, truth, large = (each.reshape(len(columns), -1) for each in found)
        frame.X[:, first : first + len(columns)] = values.T
        of_numbers = (number | missing).all(axis=1) | (truth | missing).all(axis=1)
        for place in np.flatnonzero(~of_numbers):
            frame.X[:, first + place] = np.nan
            texts = np.where(missing[place], None, columns[place].to_numpy(zero_copy_only=False))
            frame.texts[first + int(place)] = pa.array(texts, pa.string())
        frame.large += [first + int(place) for place in np.flatnonzero(of_numbers & large.any(axis=1))]

    def _ended(self, target: pa.ChunkedArray) -> pa.Array:
        """The target's cells without the row put at the end."""
        if not len(target) or target[-1].as_py() != _END:
            raise UserError(f"{self.path.name} cannot be read as a table: a quote is opened and never closed")
        if len(target) == 1:
            raise UserError(
                f"{self.path.name} has no rows; at least a row of names and two of values are needed"
            )
        return target.combine_chunks()[:-1]

    def _table(self, names: list[str]) -> pa.Table:
        size = self.path.stat().st_size + 2 * len(self.names) + 100
        how = self._how(dict.fromkeys(names, pa.string()), min(max(size, BLOCK), 2**31 - 1))
        try:
            with self._opened() as stream:
                return pacsv.read_csv(stream, **how)
        except pa.ArrowInvalid:
            self._check_lengths()
            raise

    def _check_lengths(self) -> None:
        """Refuse rows that have more or fewer values than there are names, all of them at once."""
        sizes = np.array([len(record) for _, record in _records(self.path, self.separator)][1:])
        bad = np.flatnonzero(sizes != len(self.names))
        if len(bad):
            which = listed([f"{self.row(row)} has {sizes[row]}" for row in bad[:MOST]], len(bad))
            raise UserError(
                f"{self.path.name} cannot be read as a table: the first row has {len(self.names)} names, and "
                f"another number of values in {counted(len(bad), 'row')}: {which}"
            )

    def _how(self, types: dict[str, pa.DataType], block: int) -> dict[str, Any]:
        """Which columns are read, as what, and how many bytes at once."""
        return {
            "read_options": pacsv.ReadOptions(use_threads=False, block_size=block),
            "parse_options": pacsv.ParseOptions(delimiter=self.separator, newlines_in_values=True),
            "convert_options": pacsv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=list(MISSING),
                strings_can_be_null=False,
                decimal_point=self.decimal,
            ),
        }

    @contextmanager
    def _opened(self) -> Iterator[io.RawIOBase]:
        cells = [_END if name == self.target else "" for name in self.names]
        with (
            self.path.open("rb") as file,
            bar(f"reading {self.path.name}", self.path.stat().st_size) as shown,
        ):
            counted_file = CallbackIOWrapper(shown.update, file, "read")
            yield _Followed(counted_file, f"\n{self.separator.join(cells)}\n".encode())


class _Followed(io.RawIOBase):
    """A file, and some bytes after its end."""

    def __init__(self, file: Any, end: bytes) -> None:
        self._file, self._end = file, end

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content: bytes = self._file.read(size)
        room = len(self._end) if size < 0 else size - len(content)
        content, self._end = content + self._end[:room], self._end[room:]
        return content


def _records(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the file's line it begins in: a cell may hold several lines."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter=separator)
        begins = 1
        for record in reader:
            if record:
                yield begins, record
            begins = reader.line_num + 1


def _head(path: Path, separator: str) -> list[str]:
    """The names of the columns, from the first row that is not empty."""
    _, names = next(_records(path, separator), (0, []))
    if not names:
        raise UserError(f"{path.name} cannot be read as a table: it is empty")
    for name in names:
        name.encode()  # a UnicodeError where the file has another encoding
    return names
