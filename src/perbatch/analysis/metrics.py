"""metrics.json: few flat keys that stay the same whatever was run, for `dvc metrics show` and `diff`."""

import math

from perbatch.analysis.contrasts import contrast
from perbatch.analysis.costs import QUANTITIES
from perbatch.analysis.fastest import fastest
from perbatch.analysis.representatives import REPRESENTATIVES, repeat_and_plain, representatives
from perbatch.analysis.results import Results
from perbatch.analysis.stability import stability


def flat_metrics(results: Results) -> dict[str, float | int | str | None]:
    """Return numbers by flat key, None where a mode was not run or did not reach the target.

    Beside the modes `fastest`: the batch size that took the least training time (see `fastest`), None without
    prices, and as text the sizes that were not shown to take more. Six significant digits: beyond them
    processors may differ.
    """
    quantities = [f"test_{results.sweep.score}", "validation_loss", "learning_rate", "reached"]
    quantities += [f"{quantity}_to_target" for quantity in QUANTITIES]
    rows, raising = representatives(results), stability(results).set_index("contender")["raising"]
    quickest = fastest(results, "seconds")
    shown = rows if quickest is None else rows | {"fastest": quickest.row}
    result: dict[str, float | int | str | None] = {
        f"{name}_{quantity}": _number(shown[name][quantity]) if name in shown else None
        for name in (*REPRESENTATIVES, "fastest")
        for quantity in quantities
    }
    result["fastest_batch_size"] = None if quickest is None else int(quickest.row["batch_size"])
    others = [] if quickest is None else [*quickest.alike, *quickest.better]
    result["fastest_not_shown_slower"] = None if quickest is None else " ".join(map(str, others))
    for name in REPRESENTATIVES:
        share = raising[rows[name]["contender"]] if name in rows else math.nan
        result[f"{name}_updates_that_raise_the_loss"] = _number(share)
    result |= _repeat_over_plain(results)
    status = results.sweep.runs["status"]
    result["target"] = _number(results.sweep.target)
    result["runs"] = len(status)
    result["diverged"] = int((status == "diverged").sum())
    result["failed"] = int((status == "failed").sum())
    return result


def _repeat_over_plain(results: Results) -> dict[str, float | int | None]:
    """How many times what going on takes the repeat mode takes, paired by seed, with its interval."""
    result: dict[str, float | int | None] = {}
    pair = repeat_and_plain(results)
    for quantity in ("evaluations", "seconds"):
        keys = [f"repeat_over_plain_{quantity}{end}" for end in ("", "_low", "_high")]
        if pair is None:
            result |= dict.fromkeys(keys)
            continue
        ratio = contrast(results, *pair, quantity).ratio.inverse
        result |= dict(zip(keys, map(_number, (ratio.value, ratio.low, ratio.high)), strict=True))
    return result


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
