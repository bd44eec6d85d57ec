"""After `evaluate`: register its champion as the MLflow model `perbatch-<data>`, alias `champion`.

Results do not depend on it: it may be repeated, or missing. Where the champion is registered it does nothing.
"""

import checkout  # isort: skip

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from perbatch import advice
from perbatch.errors import UserError
from perbatch.runs.places import PREPARED, runs
from perbatch.sweep.cli import command
from perbatch.sweep.record import experiment_of, store_of
from perbatch.tracking import Registry
from perbatch.tracking.server import ADDRESS


def main(folder: Path) -> None:
    """Make FOLDER/evaluate's champion that of the registry."""
    champion = read_champion(folder / "evaluate" / "champion.json")
    if not champion:
        print("no champion: every reported run diverged or ended above its start")
        return
    registry = Registry(store_of(os.environ.get(ADDRESS)), champion["name"])
    runs().mkdir(parents=True, exist_ok=True)
    with FileLock(runs() / ".registry.lock"):  # two at a time would register one champion twice
        if registry.champion == champion["identity"]:
            return
        register(folder, champion, registry)


def register(folder: Path, champion: Mapping[str, Any], registry: Registry) -> None:
    """Log the champion's network as a model, where that has not been done, and give it the alias."""
    import pandas as pd  # these take seconds, and mostly nothing is to do

    from perbatch.runs.scoring import Weights
    from perbatch.sweep.serving import served

    registry.store.check()
    table = pd.read_csv(folder / "train" / "runs.csv")
    rows = table[table["identity"] == champion["identity"]]
    if len(rows) != 1:
        raise UserError(f"{folder}: the champion {champion['identity']} is not in train/runs.csv")
    theta = Weights(folder / "train")[champion["identity"]]
    network = served(next(rows.itertuples()), theta, PREPARED / champion["data"])
    tags = {key: str(value) for key, value in champion.items() if value is not None and key != "identity"}
    with registry.store.one_sentence():
        experiment = experiment_of(registry.store, champion["name"])
        version = registry.crown(champion["identity"], experiment, network, tags)
    print(f"champion of {champion['name']}: {registry.name} version {version}")


def read_champion(path: Path) -> dict[str, Any]:
    """Read the choice of the stage evaluate."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        raise UserError(f"{path} is missing or damaged: {advice.make(path.parent)}") from None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=checkout.ROOT / "results", metavar="FOLDER")
    folder = parser.parse_args().folder
    command(lambda: main(folder))
