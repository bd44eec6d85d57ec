"""Read one file with one reader in this process, and print its seconds, CPU seconds and memory as JSON.

`python one.py READER PATH`, as `large.py` calls it. Memory is the peak above what was there once everything
was imported, and the size of what was read.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.csv
import pyarrow.parquet
from PIL import Image

from perbatch.data.readers import arrays, images, table


def _pandas(path: Path) -> int:
    frame = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    return int(frame.memory_usage(index=False).sum())


def _pyarrow(path: Path) -> int:
    read = pyarrow.csv.read_csv if path.suffix == ".csv" else pyarrow.parquet.read_table
    return int(read(path).nbytes)


def _numpy(path: Path) -> int:
    with np.load(path) as held:
        return sum(array.nbytes for array in (held["X"], held["y"]))


def _pillow(folder: Path) -> int:
    files = sorted(folder.glob("*/*.png"))
    X = np.empty((len(files), 28, 28), np.uint8)
    for number, file in enumerate(files):
        with Image.open(file) as image:
            X[number] = np.asarray(image)
    return X.nbytes


READERS: dict[str, Callable[[Path], int]] = {
    "perbatch": lambda path: table.read(str(path), "target").X.nbytes,
    "perbatch, images": lambda path: images.read(str(path)).X.nbytes,
    "perbatch, arrays": lambda path: arrays.read(str(path)).X.nbytes,
    "pandas": _pandas,
    "pyarrow": _pyarrow,
    "NumPy": _numpy,
    "Pillow": _pillow,
}


def memory(key: str) -> int:
    """Bytes of VmRSS (now) or VmHWM (the peak) of this process."""
    found = re.search(rf"^{key}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return 1024 * int(found[1])


def main(reader: str, path: str) -> None:
    """Measure, and print."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here on
    before, wall, cpu = memory("VmRSS"), time.perf_counter(), time.process_time()
    size = READERS[reader](Path(path))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    measured = {"wall": wall, "cpu": cpu, "peak": memory("VmHWM") - before, "size": size}
    sys.stdout.write(json.dumps(measured))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("path")
    given = parser.parse_args()
    main(given.reader, given.path)
