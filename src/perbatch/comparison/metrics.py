"""metrics.json: few flat keys that stay the same whatever was run, for `dvc metrics show` and `diff`."""

from __future__ import annotations

import math

from perbatch.comparison.compare import Findings
from perbatch.comparison.contrast import contrast
from perbatch.comparison.fastest import fastest
from perbatch.comparison.speakers import SPEAKERS, plain_at, speakers
from perbatch.comparison.stability import stability


def flat_metrics(findings: Findings) -> dict[str, float | int | str | None]:
    """Return numbers by flat key, None where a mode was not run or did not reach the target.

    Beside the modes `fastest`: the batch size that took the least training time (see `fastest`), None without
    prices, and as text the sizes that were not shown to take more. Six significant digits: beyond them
    processors may differ.
    """
    quantities = [f"test_{findings.study.score}", "validation_loss", "learning_rate", "reached"]
    quantities += [
        "epochs_to_target",
        "updates_to_target",
        "gradient_evaluations_to_target",
        "evaluations_to_target",
        "seconds_to_target",
    ]
    rows, raising = speakers(findings), stability(findings).set_index("contender")["raising"]
    quickest = fastest(findings, "seconds")
    shown = rows if quickest is None else rows | {"fastest": quickest.row}
    result: dict[str, float | int | str | None] = {
        f"{name}_{quantity}": _number(shown[name][quantity]) if name in shown else None
        for name in (*SPEAKERS, "fastest")
        for quantity in quantities
    }
    result["fastest_batch_size"] = None if quickest is None else int(quickest.row["batch_size"])
    others = [] if quickest is None else [*quickest.alike, *quickest.better]
    result["fastest_not_shown_slower"] = None if quickest is None else " ".join(map(str, others))
    for name in SPEAKERS:
        share = raising[rows[name]["contender"]] if name in rows else math.nan
        result[f"{name}_updates_that_raise_the_loss"] = _number(share)
    result |= _repeat_over_plain(findings)
    status = findings.study.runs["status"]
    result["target"] = _number(findings.study.target)
    result["runs"] = len(status)
    result["diverged"] = int((status == "diverged").sum())
    result["failed"] = int((status == "failed").sum())
    return result


def _repeat_over_plain(findings: Findings) -> dict[str, float | int | None]:
    """How many times what going on takes the repeat mode takes, paired by seed, with its interval."""
    result: dict[str, float | int | None] = {}
    repeat = speakers(findings).get("repeat")
    plain = None if repeat is None else plain_at(findings, int(repeat["batch_size"]))
    for quantity in ("evaluations", "seconds"):
        keys = [f"repeat_over_plain_{quantity}{end}" for end in ("", "_low", "_high")]
        if repeat is None or plain is None:
            result |= dict.fromkeys(keys)
            continue
        ratio = contrast(findings, plain, repeat, quantity).ratio
        result |= dict(zip(keys, map(_number, (ratio.value, ratio.low, ratio.high)), strict=True))
    return result


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
