"""Leave the bytecode of what the entry points import: where Python may write none, each start compiles.

`make env` calls it, for the installer compiles nothing. Whole packages would take half a minute.

python tools/bytecode.py
"""

import argparse
import logging
import tempfile
from pathlib import Path

import dvc.cli  # noqa: F401
import joblib
import numba
import platformdirs  # noqa: F401
from hydra.core.plugins import Plugins
from PIL import Image

import hydra_plugins.perbatch_sweeper  # noqa: F401
import perbatch.analysis
import perbatch.report
import perbatch.search.plots
import perbatch.search.search
import perbatch.sweep.task  # noqa: F401
from perbatch.tracking import sqlite_file


def main() -> None:
    """Do once, on nothing, what imports more: make a store, compile a function, start a worker."""
    Plugins.instance()
    Image.preinit()
    numba.njit(lambda value: value)(0)
    joblib.Parallel(2)([joblib.delayed(int)()])
    with tempfile.TemporaryDirectory() as folder:
        logging.disable()  # MLflow tells of the tables that it makes
        sqlite_file.make(Path(folder, "mlflow.db"))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
