"""Optuna's plots of a cell's trials, drawn by Matplotlib: PNG files, the same bytes for the same trials."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import optuna
import pandas as pd
from matplotlib.ticker import LogLocator, NullFormatter
from optuna.trial import TrialState, create_trial
from optuna.visualization import matplotlib as drawn

from perbatch.search.space import Range

matplotlib.use("agg")  # opens no window
from matplotlib import pyplot as plt

PIXELS_AN_INCH = 80


def draw(
    folder: Path,
    title: str,
    points: Sequence[Mapping[str, Any]],
    values: pd.Series,
    ranges: Mapping[str, Range],
) -> None:
    """Draw history, slices and, of several ranges, their importance into a folder.

    `points` and `values` are those of the trials, in their order; trials of infinite value are counted in
    the title alone. An axis has the name of `values`.
    """
    name, finite = str(values.name), values[np.isfinite(values)]
    if len(finite) < len(values):
        title += f" ({len(values) - len(finite)} of {len(values)} trials came to no value)"
    scale = "log" if finite.min() > 0 and finite.max() > 10 * finite.min() else "linear"
    with warnings.catch_warnings(), plt.style.context("default"):
        warnings.simplefilter("ignore")  # the plots are experimental
        study = _study(points, values, ranges)
        for file, plot in (("history", drawn.plot_optimization_history), ("slice", drawn.plot_slice)):
            axes: Any = plot(study, target_name=name)
            for each in np.ravel(axes):
                each.set(yscale=scale, title="")
                _label(each)
            _save(folder / f"{file}.png", title)
        if len(ranges) > 1:
            from optuna.importance import PedAnovaImportanceEvaluator  # brings scikit-learn's forests

            drawn.plot_param_importances(study, PedAnovaImportanceEvaluator(), target_name=name)
            _save(folder / "importance.png", title)


def _study(points: Sequence[Mapping[str, Any]], values: pd.Series, ranges: Mapping[str, Range]) -> Any:
    """The trials as they were trained, where those that samplers hold are not rounded."""
    study = optuna.create_study()
    for point, value in zip(points, values, strict=True):
        ended = {"value": value} if np.isfinite(value) else {"state": TrialState.FAIL}
        study.add_trial(create_trial(params=dict(point), distributions=dict(ranges), **ended))
    return study


def _label(axes: Any) -> None:
    """Write a value or two a decade at logarithmic axes; by itself Matplotlib's labels meet on short ones."""
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "log":
            low, high = axis.get_view_interval()
            axis.set_major_locator(LogLocator(subs=(1,) if high > 100 * low else (1, 3)))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter(NullFormatter())


def _save(path: Path, title: str) -> None:
    figure = plt.gcf()  # the one that was drawn last
    figure.suptitle(title)
    figure.savefig(path, dpi=PIXELS_AN_INCH, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
