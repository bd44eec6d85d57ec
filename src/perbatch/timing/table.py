"""The table as a CSV file: all of it or what was there before."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from perbatch.errors import UserError
from perbatch.files import replace


def write_table(rows: Sequence[Mapping[str, object]], path: Path) -> None:
    """Write the rows to `path`, floats with 4 significant digits, None empty; UserError if it cannot be."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows({key: _text(value) for key, value in row.items()} for row in rows)
    try:
        replace(path, text.getvalue())
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror or error})") from None


def _text(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value
