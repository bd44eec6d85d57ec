"""Which run's network is worth keeping: one rule, on validation data only.

The rule: of the reported runs (each contender at the rates chosen for it, for a target or for the end of
training, and the seeds that did not choose them), the one with the lowest final validation loss; among equals
the one with fewer evaluations of the network, then the smaller identity. A run that diverged or ended above
its start cannot be chosen. The test metrics are told, and choose nothing.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from perbatch.analysis.contenders import settings_of
from perbatch.analysis.costs import evaluations
from perbatch.analysis.results import Results
from perbatch.files import replace_json

ORDER = ["final_loss", "evaluations", "identity"]


def champion(results: Results) -> pd.Series | None:
    """Return the champion's row of the reported runs, None where every one of them was lost."""
    shown = results.shown
    shown = shown.assign(evaluations=evaluations(shown))
    survived = shown[~shown["lost"]]
    return None if survived.empty else survived.sort_values(ORDER, kind="stable").iloc[0]


def write_champion(results: Results, folder: Path) -> None:
    """Write champion.json into `folder`: the run's identity, what it is and what it reaches; {} for none."""
    chosen = champion(results)
    score = f"test_{results.sweep.score}"
    content: dict[str, object] = {}
    if chosen is not None:
        content = {
            "identity": str(chosen["identity"]),
            "name": results.name,
            "data": results.sweep.data,
            **{key: _plain(value) for key, value in settings_of(chosen).items()},
            **{key: _plain(chosen[key]) for key in ("learning_rate", "seed")},
            "validation_loss": _plain(chosen["final_loss"]),
            "test_loss": _plain(chosen["test_loss"]),
            score: _plain(chosen[score]),
        }
    replace_json(folder / "champion.json", content)


def _plain(value: Any) -> object:
    """Six digits of a number, as the other tables have; null where it does not apply."""
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return None
    return float(f"{value:.6g}") if isinstance(value, float) else int(value)
