"""`make pictures`: the README's numbers and pictures, from the results and the store that `make` left.

The numbers come from results/evaluate/metrics.json, the figure from results/evaluate/curves.csv, the
picture of MLflow's page from the page itself, in Chromium where that is installed.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import altair as alt
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "docs")]

import mlflow_page  # noqa: E402

from perbatch.sweep.record import experiment_of, store_of  # noqa: E402
from perbatch.tracking import views  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
START, END = "<!-- numbers: written by make pictures -->\n", "<!-- end of numbers -->\n"
MODES = {
    "stochastic": "stochastic (M = 1)",
    "mini_batch": "mini-batch (M = 32)",
    "full_batch": "full-batch (M = 1,000)",
    "repeat": "repeat until satisfied (M = 1)",
}
PEERS = {"PyTorch": "#d55e00", "scikit-learn": "#0072b2", "JAX": "#009e73"}


def block(metrics: Mapping[str, float | None]) -> str:
    """Return the README's answer and table, from metrics.json alone."""
    fewer = _ratio(metrics, "full_batch_epochs_to_target", "stochastic_epochs_to_target")
    priced = {mode: metrics[f"{mode}_seconds_to_target"] for mode in MODES}
    winner = MODES[
        min((mode for mode in MODES if priced[mode] is not None), key=lambda mode: priced[mode] or 0.0)
    ]
    rows = [
        "| mode | rate | epochs to target | updates | training ms | test accuracy |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_row(metrics, mode, name) for mode, name in MODES.items()),
    ]
    return (
        "**The gradient is computed for every example; the update is applied once per batch**, and the "
        "batch may be one example, a few, or all of them. Updating after every example took "
        f"{fewer} times fewer epochs to the same validation loss than updating once per epoch. "
        f"{winner[0].upper()}{winner[1:]} took the least time.\n\n"
        "**One does not usually stay on one data point until it is satisfied**, although one could: "
        f"{_repeating(metrics)}.\n\n" + "\n".join(rows) + "\n\n"
        f"From {metrics['runs']:.0f} runs; each mode at the learning rate chosen for it on validation data, "
        "means over seeds that did not choose it. Intervals, all batch sizes and limits: the report.\n"
    )


def _repeating(metrics: Mapping[str, float | None]) -> str:
    ratio, low, high = (metrics[f"repeat_over_plain_seconds{end}"] for end in ("", "_low", "_high"))
    if ratio is None or low is None or high is None:
        return "not every seed got there both ways, so no difference in training time can be told"
    found = (
        f"its training time was {ratio:.2g} times that of going on to the next example "
        f"(95 % interval {low:.2g} to {high:.2g})"
    )
    return f"{found}, so no difference was shown" if low <= 1 <= high else found


def _row(metrics: Mapping[str, float | None], mode: str, name: str) -> str:
    def shown(key: str, style: str, factor: float = 1.0) -> str:
        value = metrics[f"{mode}_{key}"]
        return "not reached" if value is None else format(value * factor, style)

    cells = [
        name,
        shown("learning_rate", "g"),
        shown("epochs_to_target", ".1f"),
        shown("updates_to_target", ",.0f"),
        shown("seconds_to_target", ".1f", 1000),
        shown("test_accuracy", ".1f", 100) + " %",
    ]
    return f"| {' | '.join(cells)} |"


def _ratio(metrics: Mapping[str, float | None], above: str, below: str) -> str:
    top, bottom = metrics[above], metrics[below]
    return "?" if top is None or bottom is None else f"{top / bottom:.2g}"


def fill_readme(readme: Path, text: str) -> None:
    """Put the block between its two marks."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    readme.write_text(before + START + text + END + after, encoding="utf-8")


def rows_of_table(
    curves: pd.DataFrame, comparison: pd.DataFrame, metrics: Mapping[str, float | None]
) -> pd.DataFrame:
    """Return the rows of `curves` that belong to the README's table: one contender for each mode.

    Many contenders repeat at M = 1. The one in the table has the numbers of metrics.json.
    """
    candidates = comparison[
        (comparison["target"] == metrics["target"])
        & (comparison["way"] == "until satisfied")
        & (comparison["batch_size"] == 1)
    ]
    for column in ("learning_rate", "epochs_to_target", "updates_to_target", "validation_loss"):
        value = metrics[f"repeat_{column}"]
        candidates = candidates[candidates[column].isna() if value is None else candidates[column] == value]
    repeat = candidates[["batch_size", "updates_per_batch", "tolerance"]].head(1).assign(mode="repeat")
    sizes = {"stochastic": 1, "mini-batch": 32, "full-batch": int(curves["batch_size"].max())}
    plain = curves[curves["batch_size"] == curves["mode"].map(sizes)]
    shown = pd.concat([plain, curves.merge(repeat)])
    return shown[shown["presentations"] > 0][["mode", "presentations", "validation_loss"]]


def draw_curves(shown: pd.DataFrame, out: Path) -> None:
    """Draw the validation loss of the modes that the table compares, against examples shown."""
    axis = alt.X("presentations:Q", title="examples shown", scale=alt.Scale(type="log", nice=False))
    loss = alt.Y("validation_loss:Q", title="validation loss", scale=alt.Scale(type="log", nice=False))
    order = ["stochastic", "mini-batch", "full-batch", "repeat"]
    colours = alt.Scale(domain=order, range=["#d55e00", "#0072b2", "#009e73", "#a8497f"])
    dashes = alt.Scale(domain=order, range=[[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]])
    chart = alt.Chart(alt.Data(values=shown.to_dict("records"))).mark_line(strokeWidth=2)
    drawn = chart.encode(
        x=axis,
        y=loss,
        color=alt.Color("mode:N", scale=colours, title=None),
        strokeDash=alt.StrokeDash("mode:N", scale=dashes, title=None),
    )
    drawn.properties(width=620, height=300, background="white").save(out)


def draw_peers(peers: pd.DataFrame, out: Path) -> None:
    """Draw how many times as long each peer takes for an epoch, against the batch size."""
    best = peers[peers["fastest"] == 1].set_index(["network", "batch_size"])
    ours = best.loc[best["peer"] == "perbatch, compiled", "ms"].rename("ours")
    shown = best[best["peer"].isin(PEERS)].join(ours).reset_index()
    shown = shown.assign(ratio=shown["ms"] / shown["ours"], M=shown["batch_size"].astype(str))
    domain, sizes = list(PEERS), list(dict.fromkeys(shown["M"]))
    chart = alt.Chart(alt.Data(values=shown[["network", "M", "peer", "ratio"]].to_dict("records")))
    drawn = chart.mark_line(point=True, strokeWidth=2).encode(
        x=alt.X("M:N", title="batch size M", sort=sizes, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("ratio:Q", title="times as long as perbatch", scale=alt.Scale(type="log", nice=False)),
        color=alt.Color("peer:N", title=None, scale=alt.Scale(domain=domain, range=list(PEERS.values()))),
        shape=alt.Shape("peer:N", title=None, scale=alt.Scale(domain=domain)),
        column=alt.Column("network:N", title=None, sort=["64-32-10", "784-128-26"]),
    )
    drawn.properties(width=270, height=220, background="white").save(out)


def photograph(out: Path) -> None:
    """Take a picture of MLflow's run page, as the note of the experiment links it."""
    if mlflow_page.CHROMIUM is None:
        sys.exit("Chromium is not installed; the picture of MLflow's page stays as it was")
    store = store_of(None)
    page = views.address(experiment_of(store, "digits").id, views.RUNS)
    with mlflow_page.served(store.uri) as address, mlflow_page.chromium() as browser:
        shown = mlflow_page.opened(browser, f"{address}/{page}", "Run Name")
        shown.locator(".ag-row").first.wait_for()
        shown.screenshot(path=out)


def main() -> None:
    """Write the block, the figure and the picture."""
    results = ROOT / "results" / "evaluate"
    PICTURES.mkdir(exist_ok=True)
    metrics = json.loads((results / "metrics.json").read_text(encoding="utf-8"))
    fill_readme(ROOT / "README.md", block(metrics))
    tables = (pd.read_csv(results / f"{name}.csv") for name in ("curves", "comparison"))
    draw_curves(rows_of_table(*tables, metrics), PICTURES / "curves.svg")
    draw_peers(pd.read_csv(ROOT / "benchmarks" / "peers.csv"), PICTURES / "peers.svg")
    photograph(PICTURES / "mlflow.png")


if __name__ == "__main__":
    main()
