"""Do once what a first start would do otherwise: leave bytecode, and the compiled engine.

`make env` calls it. The installer compiles nothing, and where Python may write no bytecode, each start would
compile what it imports; whole packages would take half a minute. The engine takes about 17 s.

python tools/first_start.py
"""

import argparse
import logging
import tempfile
from pathlib import Path

import dvc.cli  # noqa: F401
import joblib
import numpy as np
import platformdirs  # noqa: F401
from hydra.core.plugins import Plugins
from PIL import Image

import hydra_plugins.perbatch_sweeper  # noqa: F401
import perbatch.analysis
import perbatch.report
import perbatch.search.plots
import perbatch.search.search
import perbatch.sweep.task  # noqa: F401
from perbatch.backprop import Network, train
from perbatch.backprop.engines import unusable
from perbatch.tracking import sqlite_file


def main() -> None:
    """Import what is imported late, and do the rest on nothing, in two workers."""
    Plugins.instance()
    Image.preinit()
    joblib.Parallel(2)([joblib.delayed(compile_engine)(), joblib.delayed(make_store)()])


def compile_engine() -> None:
    """Compile for the precision that runs have by default, unless an earlier checkout of this machine did."""
    if unusable("compiled"):
        return
    network = Network((1, 1), loss="squared_error")
    nothing = np.zeros((1, 1))
    train(
        network, np.zeros(network.n_parameters), nothing, nothing,
        batch_size=1, learning_rate=1, epochs=1, seed=0, engine="compiled",
    )  # fmt: skip


def make_store() -> None:
    """Make an MLflow store, which imports its database's parts."""
    logging.disable()  # MLflow tells of the tables that it makes
    with tempfile.TemporaryDirectory() as folder:
        sqlite_file.make(Path(folder, "mlflow.db"))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
