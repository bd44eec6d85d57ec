"""The figure of a metric of one's own: there where the runs have one, with its name and its numbers."""

import numpy as np

from perbatch.report import statements
from perbatch.report.page import render
from perbatch.report.page_figures import page_figures
from planted import results_of, usual_runs


def test_the_page_shows_the_metric_of_the_modes_at_their_chosen_rates():
    assert not page_figures(results_of(usual_runs()))["own"]
    runs = usual_runs()
    for run, history in runs:
        run["metric"] = "margin.mean"
        history["own_metric"] = np.where(history["presentations"] > 0, -0.25 * run["batch_size"], 0.0)
    results = results_of(runs)
    (panel,) = page_figures(results)["own"].panels
    assert "stochastic, -0.25; mini-batch of 32, -8;" in panel.label
    assert "own, margin.mean, of each mode" in render(results, statements(results))


def test_a_mode_that_has_none_is_not_drawn():
    runs = usual_runs()
    for run, history in runs:
        run["metric"] = "margin.mean"
        history["own_metric"] = 0.5 if run["mode"] == "stochastic" else np.nan
    drawing = page_figures(results_of(runs))["own"]
    assert [key.name for key in drawing.keys] == ["stochastic"]
