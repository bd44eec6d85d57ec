"""`make pictures`: the README's numbers and pictures, from the results and the store that `make` left.

The numbers come from results/evaluate/answers.json, the figures from results/evaluate/curves.csv, the
picture of MLflow's page from the page itself, in Chromium where that is installed.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools")]

import mlflow_page  # noqa: E402
from perbatch.report.figures.style import INK, MODES, QUIET, log_axis, log_scale, padded  # noqa: E402
from perbatch.report.figures.svg import draw  # noqa: E402
from perbatch.sweep.record import experiment_of, store_of  # noqa: E402
from perbatch.tracking import views  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
CSS = ROOT / "src" / "perbatch" / "report" / "templates" / "report.css"
NAMES = ("stochastic", "mini_batch", "full_batch", "repeat")
START, END = "<!-- numbers: written by make pictures -->\n", "<!-- end of numbers -->\n"
COLOURS = {name: look.colour for name, look in MODES.items()}
Modes = Mapping[str, Mapping[str, Any]]
"""The modes of the README's table by name: `modes` of answers.json."""
# Above the plot and its axis's name, with room for a wider font than the one it is drawn with.
LEGEND: dict[str, Any] = {
    **{"orient": "top", "offset": 28, "title": None},
    **{"labelColor": INK, "labelFontSize": 12, "labelLimit": 400},
}
PEERS = {"PyTorch": "#D55E00", "scikit-learn": "#0072B2", "JAX": "#009E73"}


def rows_of_table(curves: pd.DataFrame, modes: Modes) -> pd.DataFrame:
    """Return the rows of `curves` that belong to the README's table: one contender for each of NAMES."""
    keys = ["mode", "batch_size", "updates_per_batch", "tolerance"]
    wanted = pd.DataFrame([{"name": name, **modes[name]} for name in NAMES if name in modes])
    shown = wanted[["name", "label", *keys]].astype({"tolerance": float}).merge(curves, on=keys)
    return shown[shown["presentations"] > 0]


def draw_updates(shown: pd.DataFrame, out: Path) -> None:
    """Draw when the update happens: a dot an example shown, a tick an update, a row a mode."""
    span, rows, ticks, words = 64, [], [], []
    for place, (name, curve) in enumerate(shown.groupby("name", sort=False)):
        size, middle = int(curve["batch_size"].iloc[0]), 52 * place + 26
        rows.append({"text": curve["label"].iloc[0], "y": middle, "mode": name})
        at = _repeated(curve, span) if name == "repeat" else [*range(size, span + 1, size)]
        ticks += [{"at": float(each), "y": middle - 18, "y2": middle + 10, "mode": name} for each in at]
        if not at:
            words.append({"text": f"the first update comes after {size:,} examples →", "y": middle - 4})
    dots = [{"at": each, "y": row["y"] + 18} for row in rows for each in range(1, span + 1)]
    x = alt.X(
        "at:Q",
        title="examples shown, one by one: a dot each; a line is an update of the weights",
        scale=alt.Scale(domain=[0, span + 1], nice=False),
        axis=alt.Axis(values=[1, 16, 32, 48, 64], grid=False),
    )
    down = alt.Scale(domain=[0, 52 * len(rows)], range=[0, 52 * len(rows)])
    y = alt.Y("y:Q", axis=None, scale=down)
    colour = alt.Color(
        "mode:N", legend=None, scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    )
    layers = [
        _chart(dots).mark_circle(size=9, color=QUIET, opacity=1).encode(x=x, y=y),
        _chart(ticks).mark_rule(strokeWidth=1.4).encode(x=x, y=y, y2="y2:Q", color=colour),
        _chart(rows)
        .mark_text(align="left", color=INK, fontSize=13)
        .encode(x=alt.value(-215), y=y, text="text:N"),
        _chart(words)
        .mark_text(align="right", color=INK, fontSize=12)
        .encode(x=alt.value(460), y=y, text="text:N"),
    ]
    counts = "; ".join(
        f"{row['text']}: {sum(tick['mode'] == row['mode'] for tick in ticks)} updates" for row in rows
    )
    _save(
        alt.layer(*layers).properties(width=460, height=52 * len(rows)),
        out,
        f"Over {span} examples, {counts}.",
    )


def _repeated(curve: pd.DataFrame, span: int) -> list[float]:
    """Where a repeating mode's updates fall: spread evenly between two evaluations."""
    shown, updates = ([0.0, *curve[key].astype(float)] for key in ("presentations", "updates"))
    total = int(np.interp(span, shown, updates))
    return [float(np.interp(number, updates, shown)) for number in range(1, total + 1)]


def draw_curves(shown: pd.DataFrame, out: Path) -> None:
    """Draw the validation loss of the modes that the table compares, against examples shown."""
    table = shown.assign(mode=shown["label"])[["mode", "presentations", "validation_loss"]]
    x_domain, y_domain = padded(table["presentations"], share=0.0), padded(table["validation_loss"])
    order = list(dict.fromkeys(shown["label"]))
    colours = alt.Scale(domain=order, range=[COLOURS[name] for name in dict.fromkeys(shown["name"])])
    dashes = alt.Scale(domain=order, range=[[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]])
    legend = alt.Legend(columns=2, columnPadding=30, symbolSize=600, **LEGEND)
    drawn = (
        _chart(table.to_dict("records"))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X(
                "presentations:Q", title="examples shown", scale=log_scale(x_domain), axis=log_axis(x_domain)
            ),
            y=alt.Y(
                "validation_loss:Q",
                title="validation loss",
                scale=log_scale(y_domain),
                axis=log_axis(y_domain),
            ),
            color=alt.Color("mode:N", scale=colours, legend=legend),
            strokeDash=alt.StrokeDash("mode:N", scale=dashes, legend=legend),
        )
    )
    last = table.groupby("mode")["validation_loss"].last()
    ends = "; ".join(f"{mode} ends at {last[mode]:.2g}" for mode in order)
    _save(drawn.properties(width=620, height=260), out, f"Validation loss against examples shown: {ends}.")


def draw_peers(peers: pd.DataFrame, out: Path) -> None:
    """Draw how many times as long each peer takes for an epoch, against the batch size."""
    best = peers[peers["fastest"] == 1].set_index(["network", "batch_size"])
    ours = best.loc[best["peer"] == "perbatch, compiled", "ms"].rename("ours")
    shown = best[best["peer"].isin(PEERS)].join(ours).reset_index()
    shown = shown.assign(ratio=shown["ms"] / shown["ours"], M=shown["batch_size"].astype(str))
    domain, sizes = list(PEERS), list(dict.fromkeys(shown["M"]))
    legend = alt.Legend(columnPadding=30, symbolSize=100, **LEGEND)
    y_domain = padded(shown["ratio"])
    chart = _chart(shown[["network", "M", "peer", "ratio"]].to_dict("records"))
    drawn = chart.mark_line(point=alt.OverlayMarkDef(filled=True, size=60), strokeWidth=2).encode(
        x=alt.X("M:N", title="batch size M", sort=sizes, axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "ratio:Q", title="times as long as perbatch", scale=log_scale(y_domain), axis=log_axis(y_domain)
        ),
        color=alt.Color("peer:N", legend=legend, scale=alt.Scale(domain=domain, range=list(PEERS.values()))),
        shape=alt.Shape("peer:N", legend=legend, scale=alt.Scale(domain=domain)),
        column=alt.Column(
            "network:N",
            title=None,
            sort=["64-32-10", "784-128-26"],
            header=alt.Header(labelColor=INK, labelAnchor="end"),
        ),
    )
    told = "; ".join(
        f"{peer} {part['ratio'].min():.2g} to {part['ratio'].max():.2g}"
        for peer, part in shown.groupby("peer")
    )
    _save(drawn.properties(width=270, height=220), out, f"Times as long as perbatch for an epoch: {told}.")


def _chart(values: list[dict[str, object]]) -> alt.Chart:
    return alt.Chart(alt.Data(values=values))


def _save(chart: alt.TopLevelMixin, out: Path, label: str) -> None:
    """Write a picture without ground, in the report's colours: lighter ones on a dark page."""
    svg = draw(chart, out.stem, label).svg
    opening, rest = svg.split(">", 1)
    out.write_text(f"{opening}><style>{_dark()}</style>{rest}\n", encoding="utf-8")


def _dark() -> str:
    """The report's rules for a dark screen, which are those of its figures too."""
    css = CSS.read_text(encoding="utf-8")
    start = css.index("@media screen and (prefers-color-scheme: dark)")
    return css[start : css.index("\n}", start) + 2]


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


def fill(readme: Path, text: str) -> None:
    """Put the numbers between their two marks."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    readme.write_text(before + START + text + END + after, encoding="utf-8")


def main() -> None:
    """Write the block, the figure and the picture."""
    results = ROOT / "results" / "evaluate"
    PICTURES.mkdir(exist_ok=True)
    said = json.loads((results / "answers.json").read_text(encoding="utf-8"))
    fill(ROOT / "README.md", said["readme"])
    shown = rows_of_table(pd.read_csv(results / "curves.csv"), said["modes"])
    draw_updates(shown, PICTURES / "updates.svg")
    draw_curves(shown, PICTURES / "curves.svg")
    draw_peers(pd.read_csv(ROOT / "benchmarks" / "peers" / "peers.csv"), PICTURES / "peers.svg")
    photograph(PICTURES / "mlflow.png")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
