"""The table as a CSV file: all of it or what was there before."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from perbatch.errors import UserError


def write_table(rows: Sequence[Mapping[str, object]], path: Path) -> None:
    """Write the rows to `path`, floats with 4 significant digits, None empty; UserError if it cannot be."""
    new = path.with_name(f".{path.name}.{uuid4().hex}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            table.writeheader()
            table.writerows({key: _text(value) for key, value in row.items()} for row in rows)
        os.replace(new, path)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror or error})") from None
    finally:
        with suppress(OSError):
            new.unlink()


def _text(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value
