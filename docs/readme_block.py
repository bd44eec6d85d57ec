"""The answers and the table on the README's first screen, from results/evaluate/metrics.json alone."""

from collections.abc import Mapping
from pathlib import Path

Metrics = Mapping[str, float | str | None]
START, END = "<!-- numbers: written by make pictures -->\n", "<!-- end of numbers -->\n"
MODES = {
    "stochastic": "stochastic (M = 1)",
    "mini_batch": "mini-batch (M = 32)",
    "full_batch": "full-batch (M = 1,000)",
    "repeat": "repeat until satisfied (M = 1)",
}

# A column of the README's table: its head, its key in metrics.json, how it is written, and what the one with
# the lowest (or highest) value is best at.
COLUMNS = (
    ("rate", "learning_rate", "g", 1.0, None, ""),
    ("epochs", "epochs_to_target", ".1f", 1.0, min, "fewest epochs"),
    ("updates", "updates_to_target", ",.0f", 1.0, min, "fewest updates"),
    ("evaluations", "evaluations_to_target", ",.0f", 1.0, min, "fewest evaluations"),
    ("time, ms", "seconds_to_target", ".2f", 1000.0, min, "least time"),
    ("test accuracy", "test_accuracy", ".1%", 1.0, max, "highest accuracy"),
)


def block(metrics: Metrics) -> str:
    """Return the README's answers and table, from metrics.json alone."""
    return (
        "**The gradient** (which way each weight should move) **is computed for every example; the update** "
        "(which moves the weights) **is applied once per batch**: after one example, a few, or all.\n\n"
        f"{_when(metrics)} {_quickest(metrics)}\n\n"
        "**One does not usually stay on one data point until it is satisfied**, its loss being low: each is "
        f"used once per epoch, and comes back in the next one. {_repeating(metrics)}\n\n"
        f"{_table(metrics)}\n\n"
        f"From {metrics['runs']:,.0f} runs. Epochs, updates, evaluations and time are those to the target: a "
        f"loss of {metrics['target']:g} on validation data, which no update has seen. The rate (how far an "
        "update goes) was chosen for each mode by its evaluations: a gradient counts as one, a forward pass "
        "alone (the network's answer to an example) as half of one. Means over seeds that chose nothing; "
        "best at: of the means shown. Intervals, all batch sizes and limits: the report.\n"
    )


def _when(metrics: Metrics) -> str:
    full, single = (metrics[f"{mode}_epochs_to_target"] for mode in ("full_batch", "stochastic"))
    if full is None or single is None:
        return "Not both ends got there: updating after every example, and updating once per epoch."
    ratio = float(full) / float(single)
    word = "fewer" if ratio >= 1 else "more"
    return (
        f"Updating after every example took {max(ratio, 1 / ratio):.2g} times {word} epochs (passes over the "
        "training data) to the same validation loss than updating once per epoch."
    )


def _quickest(metrics: Metrics) -> str:
    """The fastest of all batch sizes: chosen on the tuning seeds, reported on the others."""
    size, seconds, epochs = (
        metrics[f"fastest_{key}"] for key in ("batch_size", "seconds_to_target", "epochs_to_target")
    )
    if size is None or seconds is None or epochs is None:
        return ""
    single = metrics["stochastic_epochs_to_target"]
    against = f" (M = 1: {float(single):.1f})" if single is not None and size != 1 else ""
    others = str(metrics["fastest_not_shown_slower"] or "").split()
    told = f"of M = {', '.join(others)} it was not shown that it took more" if others else ""
    return (
        f"Of all batch sizes M, **M = {size:.0f} took the least time**, {float(seconds) * 1000:.2g} ms, and "
        f"{float(epochs):.1f} epochs{against}; {told or 'every other size took more'}."
    )


def _repeating(metrics: Metrics) -> str:
    """What repeating costs: evaluations decide, time stands beside them."""
    cost = _times(metrics, "evaluations")
    if cost is None:
        return "Whether it would pay these runs cannot say: not every seed got there both ways."
    low, high, text = cost
    verdict = (
        "so no difference was shown" if low <= 1 <= high else "so it paid" if high < 1 else "so it cost more"
    )
    time = _times(metrics, "seconds")
    beside = "" if time is None else f"; in time {time[2]}"
    return (
        f"Here, repeating took {text} the evaluations of the network that going on takes, {verdict}{beside}."
    )


def _times(metrics: Metrics, quantity: str) -> tuple[float, float, str] | None:
    keys = (f"repeat_over_plain_{quantity}{end}" for end in ("", "_low", "_high"))
    ratio, low, high = (metrics[key] for key in keys)
    if ratio is None or low is None or high is None:
        return None
    said = f"{float(ratio):.2g} times (95 % interval {float(low):.2g} to {float(high):.2g})"
    return float(low), float(high), said


def _table(metrics: Metrics) -> str:
    shown = dict(MODES)
    if metrics["fastest_batch_size"] not in (None, 1, 32, 1000):
        shown["fastest"] = f"mini-batch (M = {metrics['fastest_batch_size']:.0f}), the fastest"
    order = [mode for mode in ("stochastic", "fastest", *list(MODES)[1:]) if mode in shown]
    cells = {
        mode: [_cell(metrics[f"{mode}_{key}"], style, factor) for _, key, style, factor, _, _ in COLUMNS]
        for mode in order
    }
    best: dict[str, list[str]] = {mode: [] for mode in order}
    for place, (_, key, _, _, pick, praise) in enumerate(COLUMNS):
        values = {mode: float(value) for mode in order if (value := metrics[f"{mode}_{key}"]) is not None}
        if pick is None or not values:
            continue
        winner = cells[pick(values, key=values.__getitem__)][place]
        for mode in values:
            if cells[mode][place] == winner:
                best[mode].append(praise)
    heads = ["mode", *(head for head, *_ in COLUMNS), "best at"]
    rows = [[shown[mode], *cells[mode], ", ".join(best[mode])] for mode in order]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))


def _cell(value: float | str | None, style: str, factor: float) -> str:
    return "not reached" if value is None else format(float(value) * factor, style).replace("%", " %")


def fill(readme: Path, text: str) -> None:
    """Put the block between its two marks."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    readme.write_text(before + START + text + END + after, encoding="utf-8")
