"""Optuna's plots of a search: which there are, and the same bytes for the same trials."""

from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("optuna")

from optuna.distributions import CategoricalDistribution, FloatDistribution

from perbatch.search import plots
from perbatch.search.space import Range

RATE, CHOICE = FloatDistribution(0.001, 3.0, log=True), CategoricalDistribution(("relu", "tanh"))
RATES = [0.001, 0.02, 0.3, 3.0, 0.3]


@pytest.mark.parametrize(
    "values", [[9e4, 500.0, 100.0, float("inf"), 100.0], [1.0] * 5], ids=["far", "equal"]
)
@pytest.mark.parametrize("ranges", [{"rate": RATE}, {"rate": RATE, "act": CHOICE}], ids=["one", "two"])
def test_every_plot_is_drawn_alike_each_time(
    tmp_path: Path, ranges: dict[str, Range], values: list[float]
) -> None:
    points = [{"rate": rate, "act": ("relu", "tanh")[rate > 0.1]} for rate in RATES]
    given = [{key: point[key] for key in ranges} for point in points]
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        plots.draw(tmp_path / name, "M0032", given, pd.Series(values, name="loss"), ranges)
    drawn = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    wanted = {"history.png", "slice.png"} | ({"importance.png"} if len(ranges) > 1 else set())
    assert drawn.keys() == wanted
    assert drawn == {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}
    assert max(map(len, drawn.values())) < 50_000
