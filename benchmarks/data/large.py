"""`make benchmark-data`: what reading large data costs, beside pandas, pyarrow, NumPy and Pillow alone.

Into benchmarks/data/data.md. Every measurement is a process of its own (`one.py`).
`python benchmarks/data/large.py --scale 0.01` tries it on files of a hundredth, and prints the page only.
"""

import argparse
import io
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).with_name("data.md")
WIDE_ROWS, TALL_COLUMNS = 60, 20
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")}

ABOUT = """\
CPU seconds of one process after its imports, the least of two or three where files are small: what
else the machine does disturbs them little. In brackets the peak of memory above what was there after
the imports, and as a multiple of what was read. perbatch judges every cell and leaves one array, pandas
a frame, pyarrow its own columns. The ratio is to the reader in the next column.
""".splitlines()
"""What the page says of its numbers."""


class Measured(NamedTuple):
    """What one reader needed for one file: seconds, CPU seconds, bytes of memory and of what was read."""

    wall: float
    cpu: float
    peak: int
    size: int


class Goal(NamedTuple):
    """What a row is to reach: seconds of CPU, as a multiple of another reader's or alone; bytes of memory."""

    what: str
    reached: bool


def measure(reader: str, path: Path, times: int) -> Measured:
    """The least CPU of a few processes, which a busy machine disturbs least."""
    command = [sys.executable, str(Path(__file__).with_name("one.py")), reader, str(path)]
    environment = {**os.environ, **ONE_THREAD}
    found = []
    for _ in range(times):
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        found.append(Measured(**json.loads(done.stdout)))
    return min(found, key=lambda each: each.cpu)


def wide(columns: int, path: Path) -> None:
    """A table of few rows and many columns, as gene expressions are."""
    rng = np.random.default_rng(columns)
    numbers = rng.normal(size=(WIDE_ROWS, columns)).round(6)
    frame = pd.DataFrame(numbers, columns=[f"gene_{number}" for number in range(columns)])
    frame["target"] = np.where(np.arange(WIDE_ROWS) % 2, "yes", "no")
    frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path, index=False)


def tall(rows: int, path: Path) -> None:
    """A table of many rows, the same block again and again: it is written faster, and read as any other."""
    block = min(rows, 50_000)
    rng = np.random.default_rng(rows)
    frame = pd.DataFrame(rng.normal(size=(block, TALL_COLUMNS)).round(6)).add_prefix("x")
    frame["target"] = np.where(rng.random(block) < 0.5, "yes", "no")
    content = frame.to_csv(index=False, header=False).encode()
    with path.open("wb") as file:
        file.write((",".join(frame.columns) + "\n").encode())
        for _ in range(rows // block):
            file.write(content)


def small_images(count: int, folder: Path) -> None:
    """Grey PNGs of 28 x 28 pixels, of ten classes."""
    rng = np.random.default_rng(count)
    contents = []
    for _ in range(64):
        content = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (28, 28), dtype=np.uint8)).save(content, "PNG")
        contents.append(content.getvalue())
    for label in range(10):
        (folder / str(label)).mkdir(parents=True)
    for number in range(count):
        (folder / str(number % 10) / f"{number}.png").write_bytes(contents[number % len(contents)])


def archive(rows: int, path: Path) -> None:
    """Arrays of 50 features."""
    X = np.random.default_rng(rows).normal(size=(rows, 50))
    np.savez(path, X=X, y=(X[:, 0] > 0).astype(np.int64))


def rows_of(folder: Path, scale: float) -> Iterator[tuple[str, str, dict[str, Measured], Goal | None]]:
    """Section, label, what each reader needed (perbatch first), and what was to be reached."""

    def scaled(count: int, least: int) -> int:
        return max(least, int(count * scale))

    seconds, times = {7129: 2, 20_000: 5}, 2 if scale == 1 else 1
    for count in (1000, 7129, 20_000, 50_000):
        for kind in ("csv", "parquet"):
            path, columns = folder / f"wide.{kind}", scaled(count, 20)
            wide(columns, path)
            found = {name: measure(name, path, times) for name in ("perbatch", "pandas", "pyarrow")}
            goal = None
            if count in seconds:
                ours = found["perbatch"]
                goal = Goal(f"{seconds[count]} s, 3 tables + 100 MB", _within(ours, seconds[count], 1e8))
            yield "columns", f"{columns:,} columns, {WIDE_ROWS} rows, {kind}", found, goal
    for count in (100_000, 1_000_000, 5_000_000):
        path, rows = folder / "tall.csv", scaled(count, 1000)
        tall(rows, path)
        repeats = 1 if count > 1_000_000 else times
        found = {name: measure(name, path, repeats) for name in ("perbatch", "pandas", "pyarrow")}
        goal = None
        if count == 5_000_000:
            ours = found["perbatch"]
            goal = Goal("2 of pandas, 3 arrays", _within(ours, 2 * found["pandas"].cpu, 0))
        yield "rows", f"{rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB of CSV", found, goal
        path.unlink()
    for count in (1000, 10_000, 60_000):
        place, files = folder / f"images{count}", scaled(count, 20)
        small_images(files, place)
        found = {name: measure(name, place, times) for name in ("perbatch, images", "Pillow")}
        ours = found["perbatch, images"]
        goal = Goal("1.5 of Pillow", ours.cpu <= 1.5 * found["Pillow"].cpu) if count == 60_000 else None
        yield "images and arrays", f"{files:,} PNGs of 28 x 28", found, goal
    path, rows = folder / "arrays.npz", scaled(1_000_000, 1000)
    archive(rows, path)
    found = {name: measure(name, path, times + 1) for name in ("perbatch, arrays", "NumPy")}
    ours = found["perbatch, arrays"]
    goal = Goal("2 of NumPy", ours.cpu <= 2 * found["NumPy"].cpu)
    yield "images and arrays", f"{path.stat().st_size / 1e6:,.0f} MB of .npz", found, goal


def _within(ours: Measured, seconds: float, more: float) -> bool:
    return ours.cpu <= seconds and ours.peak <= 3 * ours.size + more


def page(found: list[tuple[str, str, dict[str, Measured], Goal | None]]) -> str:
    """The page, all of its numbers from one run."""
    lines = [
        "# What reading large data costs",
        "",
        f"{processor()}, {date.today()}. Written by `make benchmark-data`.",
        "",
        *ABOUT,
    ]
    section = ""
    for name, label, measured, goal in found:
        if name != section:
            section = name
            readers = (
                ["perbatch", *list(measured)[1:]] if name != "images and arrays" else ["perbatch", "alone"]
            )
            lines += ["", f"## By {name}", "", f"| what | {' | '.join(readers)} | ratio | goal | |"]
            lines.append("|" + " --- |" * (len(readers) + 4))
        ours, *others = measured.values()
        cells = [
            _cell(each, name if number else "", section)
            for number, (name, each) in enumerate(measured.items())
        ]
        ratio = f"{ours.cpu / others[0].cpu:.1f}"
        ending = f"{goal.what} | {'reached' if goal.reached else '**not reached**'}" if goal else " | "
        lines.append(f"| {label} | {' | '.join(cells)} | {ratio} | {ending} |")
    return "\n".join([*lines, ""])


def _cell(each: Measured, reader: str, section: str) -> str:
    of = f"{reader} " if reader and section == "images and arrays" else ""
    return f"{of}{each.cpu:.2f} s ({each.peak / 1e6:,.0f} MB, {each.peak / each.size:.1f})"


def processor() -> str:
    """Name the processor."""
    path = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", path.read_text()) if path.is_file() else None
    return f"{found[1] if found else platform.processor()}, {os.cpu_count()} cores"


def main() -> None:
    """Measure, write the page and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="of all sizes; other than 1 writes no page")
    scale = parser.parse_args().scale
    with tempfile.TemporaryDirectory() as folder:
        text = page(list(rows_of(Path(folder), scale)))
    if scale == 1:
        PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
