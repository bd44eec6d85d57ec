"""Planted tables of 10,000 runs for the stage evaluate; `overhead.py` measures it on them."""

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from overhead import Machine

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data" / "prepared" / "digits"
SETTINGS = ROOT / "results" / "train" / "settings.json"
SIZES, PARAMETERS, EVALUATIONS, EPOCHS = "64-32-10", 2410, 65, 80
# mode, batch size, updates per batch, tolerance: as many contenders as the pipeline has
CONTENDERS = [
    *[("stochastic", 1, 1, np.nan), ("full-batch", 1000, 1, np.nan)],
    *[("mini-batch", size, 1, np.nan) for size in (8, 32, 64, 128, 256)],
    *[("repeat", size, 10, 0.1) for size in (1, 8, 32, 64, 128, 256, 1000)],
    *[("repeat", 1, n, tolerance) for n, tolerance in ((3, 0.1), (30, 0.1), (10, 0.03), (10, 0.3))],
    *[("repeat", size, n, tolerance) for size in (1, 32) for n, tolerance in ((10, np.nan), (1, 0.1))],
]


def plant(folder: Path, count: int) -> int:
    """Write the stage train's tables of about `count` runs into `folder`, and return how many it were."""
    rates = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0]
    seeds = range(round(count / len(CONTENDERS) / len(rates)))
    axes = [(*contender, rate, seed) for contender in CONTENDERS for rate in rates for seed in seeds]
    keys = ["mode", "batch_size", "updates_per_batch", "tolerance", "learning_rate", "seed"]
    runs = pd.DataFrame(axes, columns=keys)
    runs.insert(0, "identity", [f"{number:064x}" for number in range(len(runs))])
    summary = json.loads((DATA / "summary.json").read_text(encoding="utf-8"))
    common = {"data": "digits", "data_digest": summary["digest"], "task": "classification", "n_train": 1000}
    common |= {"epochs": EPOCHS, "stop_at": np.nan, "micro_batch_size": np.nan, "shuffle": True}
    common |= {
        "sizes": SIZES,
        "activation": "relu",
        "loss": "cross_entropy",
        "bias": True,
        "output": "linear",
    }
    runs = runs.assign(**common, n_parameters=PARAMETERS, dtype="float64", engine="compiled")
    history = _history(runs)
    last = history.groupby("identity", sort=False).last().reset_index(drop=True)
    runs = runs.assign(status=np.where(last["train_loss"].isna(), "diverged", "finished"))
    finals = [name for name in last if name not in ("epoch", "next_update_change")]
    runs[finals] = last[finals].to_numpy()
    folder.mkdir(parents=True)
    shutil.copy(SETTINGS, folder)
    runs.to_csv(folder / "runs.csv", index=False)
    history.to_csv(folder / "history.csv", index=False)
    weights = np.random.default_rng(0).normal(0, 0.1, (len(runs), PARAMETERS))
    np.save(folder / "weights.npy", weights)
    return len(runs)


def _history(runs: pd.DataFrame) -> pd.DataFrame:
    """Losses that fall with the presentations and the rate, lost at the highest rates of small batches."""
    rng, size = np.random.default_rng(0), runs["batch_size"].to_numpy()[:, None]
    presentations = np.unique(np.geomspace(10, 1000 * EPOCHS, EVALUATIONS - 1).astype(int))
    visited = np.ceil(np.concatenate([[0], presentations]) / size) * size
    repeated = runs["updates_per_batch"].to_numpy()[:, None]
    updates = visited / size * repeated
    rate = runs["learning_rate"].to_numpy()[:, None]
    noise = np.exp(rng.normal(0, 0.05, updates.shape))
    loss = (0.08 + 2.3 / (1 + updates * rate * size**0.5 / 3)) * noise
    lost = (rate > size**0.5) & (visited > 1000)
    loss[lost] = np.nan
    satisfied = np.where(runs["tolerance"].isna().to_numpy()[:, None], np.nan, np.clip(1 - loss, 0, 1))
    change = rng.normal(-0.1, 0.1, loss.shape)
    change[:, -1] = np.nan
    checks = np.where(np.isnan(satisfied), 0, visited)
    columns = {
        "epoch": visited / 1000,
        "presentations": visited,
        "updates": updates,
        "gradient_evaluations": visited * repeated,
        "forward_evaluations": checks,
        "train_loss": loss,
        "validation_loss": loss * 1.1,
        "train_accuracy": 1 - loss / 3,
        "validation_accuracy": 1 - loss / 3,
        "train_r2": np.full(loss.shape, np.nan),
        "validation_r2": np.full(loss.shape, np.nan),
        "gradient_norm": loss,
        "gradient_variance": loss * 10,
        "satisfied_when_left": satisfied,
        "still_satisfied": satisfied,
        "next_update_change": change,
    }
    first_lost = np.where(lost.any(axis=1), lost.argmax(axis=1), visited.shape[1])
    kept = np.arange(visited.shape[1]) <= first_lost[:, None]
    # A batch above the next point of the schedule passes it by: no evaluation twice.
    kept &= np.diff(visited, prepend=-1.0) > 0
    table = {"identity": np.repeat(runs["identity"].to_numpy(), kept.sum(axis=1))}
    return pd.DataFrame(table | {name: values[kept] for name, values in columns.items()})


def evaluated_runs(machine: "Machine", count: int = 10_000) -> list[str]:
    """Wall time and memory of `python pipelines/evaluate.py FOLDER`, and the size of its page."""
    for place in (DATA, SETTINGS):
        if not place.exists():
            sys.exit(f"{place} is missing: run make first")
    planted = plant(machine.root / "train", count)
    used = machine.call(ROOT / "pipelines" / "evaluate.py", machine.root)
    page = (machine.root / "evaluate" / "report.html").stat().st_size / 1e6
    spent = f"{used.cpu:.1f} s CPU, {used.memory:.0f} MB, page of {page:.1f} MB"
    return [f"| {planted:,} runs evaluated, their page written | {used.wall:.1f} s | {spent} | 60 s, 2 GB |"]
