"""Where the page's numbers come from, and the commands that make them again."""

import shlex
from collections.abc import Mapping
from typing import Any

from perbatch.analysis.contenders import named
from perbatch.analysis.representatives import representatives
from perbatch.analysis.results import Results
from perbatch.analysis.variants import axis, variant, variants
from perbatch.overrides import budget, of_run, written
from perbatch.report.wording import number, rates_tried

ONCE = {"repeat.updates_per_batch": 1, "repeat.tolerance": None}
"""A batch is visited once: `repeat=never`."""


def provenance(results: Results) -> list[tuple[str, str]]:
    """Return what the numbers are made from, as (name, value)."""
    sweep, first = results.sweep, results.sweep.runs.iloc[0]
    priced = results.sweep.benchmark
    seeds = results.seeds
    result = [
        ("data", f"{sweep.data}, {sweep.n_train:,} training examples"),
        *_data(results.data),
        ("data digest", str(first.get("data_digest", ""))),
        ("network", f"{first['sizes']}, {first['activation']}, loss {first['loss']}, {first['dtype']}"),
        ("engine", str(first["engine"])),
        ("swept beside the modes", swept_values(results)),
        ("learning rates", rates_tried(sweep)),
        ("seeds that chose the rate", ", ".join(map(str, seeds.tuning))),
        ("seeds reported", ", ".join(map(str, seeds.reported))),
        ("epochs", ", ".join(number(value) for value in sorted(sweep.runs["epochs"].unique()))),
        ("target", f"validation loss {sweep.target:g}"),
    ]
    if not priced.empty:
        times = priced.iloc[0]
        result.append(("seconds measured on", f"{times['processor']}, NumPy {times['numpy']}"))
    return [(name, value) for name, value in result if value]


def swept_values(results: Results) -> str:
    """Name what was swept beside the modes and its values, `activation (relu, tanh)`; empty if nothing."""
    values = ", ".join(map(variant, variants(results)))
    return f"{axis(results)} ({values})" if values else ""


def _data(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the prepared data say of themselves."""
    if not summary:
        return []
    split = ", ".join(f"{part} {summary['sizes'][part]:,}" for part in ("train", "validation", "test"))
    return [
        ("data set", str(summary["title"])),
        ("source", str(summary["origin"])),
        ("licence", str(summary["licence"])),
        ("split", f"{split}; seed {summary['settings']['split']['seed']}"),
    ]


def commands(results: Results) -> list[tuple[str, str]]:
    """Return the commands that run the modes shown again, as (what, command)."""
    result = [("all of it, only what changed", "dvc repro"), ("the seconds anew", "dvc repro -f benchmark")]
    varying = budget(results.sweep.runs.to_dict("records"))
    shown = [row for each in variants(results) for row in representatives(each).values()]
    for row in shown:
        mine = results.runs_of(row)
        if len(mine):
            seeds = sorted(map(int, mine["seed"]))
            own = of_run(mine.iloc[0].to_dict(), varying)
            typed = [f"{key}={_exact(value)}" for key, value in own.items() if key not in {*ONCE, "seed"}]
            typed += [*_repeat(own), f"seed={','.join(map(str, seeds))}"]
            sweep = "-m " if len(seeds) > 1 else ""
            line = shlex.join([*results.sweep.overrides, *typed])
            result.append((named(row).long, f"python pipelines/train.py {sweep}{line}"))
    return result


def _repeat(own: Mapping[str, Any]) -> list[str]:
    if all(own[key] == value for key, value in ONCE.items()):
        return ["repeat=never"]
    return [f"{key}={_exact(own[key])}" for key in ONCE]


def _exact(value: Any) -> str:
    """The shortest text that is read as this very number."""
    if not isinstance(value, float):
        return written(value)
    if value.is_integer():
        return str(int(value))
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)
