"""`make benchmark-search`: a search against a grid of as many rates, on the digits.

Into benchmarks/search/search.md and search.csv. It trains in a temporary copy, one process.
`python benchmarks/search/against_grid.py --epochs 2 --trials 2 3` tries it, and prints the page only.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from omegaconf import OmegaConf

import page
from perbatch import analysis
from perbatch.timing import write_table

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent
TRIALS, EPOCHS = [6, 12, 24], 80
LOW, HIGH = 0.01, 3.0
TUNING, REPORTED = (0, 1), range(2, 12)
QUIET = ["hydra/launcher=basic", "tracking.live=false"]
EVALUATE = {"target": {"digits": [page.TARGET]}, "tuning_seeds": list(TUNING), "mini_batch": 32}
MODES = ['{batch_size:"1,32,full"}', "{batch_size:1,repeat:until_satisfied}"]


class Copy:
    """A copy of the checkout, of which all runs go into one folder: what two ways ask is trained once."""

    def __init__(self, root: Path, epochs: int) -> None:
        """Copy, with settings of its own for what is chosen, and prepare the data."""
        for name in ("src", "conf", "pipelines"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        params = OmegaConf.load(ROOT / "params.yaml")
        params.evaluate = EVALUATE
        OmegaConf.save(params, root / "params.yaml")
        self.root, self._epochs = root, epochs
        environment = {**os.environ, "DVC_ROOT": str(root), "MLFLOW_DISABLE_TELEMETRY": "true"}
        self._environment = {key: each for key, each in environment.items() if key != "MLFLOW_TRACKING_URI"}
        self._call("prepare.py", "data=digits")

    def train(self, name: str, grids: list[str], *overrides: str) -> analysis.Sweep:
        """Train a sweep over the modes and read its tables."""
        results = self.root / "results" / name
        own = [f"epochs={self._epochs}", f"sweep.results={results}", "data=digits", *QUIET]
        self._call("train.py", "-m", f"hydra.sweeper.grids=[{','.join(grids)}]", *own, *overrides)
        tables = analysis.read_tables(results, ROOT / "results" / "benchmark")
        y_train = np.load(self.root / "data" / "prepared" / "digits" / "y_train.npy")
        return analysis.build_sweep(tables, analysis.check_settings(EVALUATE), y_train)

    def _call(self, script: str, *arguments: str) -> None:
        command = [sys.executable, str(self.root / "pipelines" / script), *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def search(copy: Copy, sampler: str, trials: int) -> analysis.Sweep:
    """Search as many rates; the sweep has what was chosen on the reported seeds too."""
    rates = f"learning_rate=tag(log, interval({LOW}, {HIGH}))"
    how = [f"search={sampler}", f"search.trials={trials}", f"seed={_list(REPORTED)}"]
    return copy.train(f"{sampler}{trials}", MODES, rates, *how)


def grid(copy: Copy, trials: int) -> analysis.Sweep:
    """Try as many rates, a factor apart, on the tuning seeds, then what is chosen on the reported ones."""
    rates = [float(f"{rate:.3g}") for rate in np.geomspace(LOW, HIGH, trials)]
    tried = [f'{mode[:-1]},learning_rate:"{_list(rates)}",seed:"{_list(TUNING)}"}}' for mode in MODES]
    sweep = copy.train(f"grid{trials}", tried)
    chosen = pd.concat([analysis.choose_rates(sweep), analysis.choose_final_rates(sweep)])
    reported = [
        f"{{repeat:{'until_satisfied' if row.mode == 'repeat' else 'never'},batch_size:{row.batch_size},"
        f'learning_rate:{row.learning_rate},seed:"{_list(REPORTED)}"}}'
        for row in chosen.drop_duplicates(["contender", "learning_rate"]).itertuples()
    ]
    return copy.train(f"grid{trials}", tried + reported)


def _list(values: object) -> str:
    return ",".join(map(str, values))


def main(epochs: int, budgets: list[int]) -> None:
    """Train, and write the page and its numbers."""
    began = time.monotonic()
    found: dict[tuple[int, str], analysis.Sweep] = {}
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder).resolve(), epochs)
        for trials in budgets:
            found[trials, page.GRID] = grid(copy, trials)
            for sampler in page.SAMPLERS:
                found[trials, sampler] = search(copy, sampler, trials)
        runs = len(list(copy.root.glob("runs/*/run.json")))
    rows = page.rows(found)
    text = page.page(rows, f"{LOW:g} to {HIGH:g}", epochs, runs)
    if (epochs, budgets) == (EPOCHS, TRIALS):
        (FOLDER / "search.md").write_text(text, encoding="utf-8")
        write_table(rows, FOLDER / "search.csv")
    sys.stdout.write(text)
    sys.stderr.write(f"{(time.monotonic() - began) / 60:.1f} minutes\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--trials", type=int, nargs="+", default=TRIALS, help="trials a cell")
    given = parser.parse_args()
    main(given.epochs, given.trials)
