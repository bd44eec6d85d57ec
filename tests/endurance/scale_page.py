"""The page of tests/endurance/scale.py, from its figures."""

from collections.abc import Mapping
from typing import Any

Figures = Mapping[str, Any]
NAMES = {"store": "SQLite", "server": "server"}
MILLION = 1_000_000
NOISE = 0.1
"""Seconds of a job below which one sweep's start-up differs more from another's."""


def page(figures: Mapping[str, Figures]) -> str:
    """Return the page in Markdown; what has not been measured is missing."""
    lines = ["# Past 10,000 runs and past one machine", ""]
    lines += ["Written by `python tests/endurance/scale.py`. How to use it: [Growing past one machine]"]
    lines[-1] += "(../../docs/scaling.md)."
    swept = {NAMES[key]: figures[key] for key in NAMES if key in figures}
    if swept:
        lines += [*_conditions(swept), *_thousands(swept), *_costs(swept)]
    if "store" in figures:
        lines += _limits(figures["store"])
    if "launchers" in figures:
        lines += _jobs(figures["launchers"])
    return "\n".join([*lines, ""])


def _conditions(swept: Mapping[str, Figures]) -> list[str]:
    lines = [
        "",
        "## A sweep of new runs",
        "",
        "Runs of one epoch on digits, 64-32-10, with 49 evaluations at most, four rates, batch sizes 1, 32 "
        "and 1,000; one process trains and logs (`hydra/launcher=basic`). CPU is that of all processes: the "
        "driver, MLflow's server and PostgreSQL.",
        "",
    ]
    return lines + [
        f"{name}: {each['runs']:,} runs, {each['processor']}, {each['date']}, {_load(each)}."
        for name, each in swept.items()
    ]


def _thousands(swept: Mapping[str, Figures]) -> list[str]:
    heads = [f"{name}, {kind}" for name in swept for kind in ("CPU ms a run", "wall ms a run")]
    lines = ["", *_head("tenth of the runs", *heads)]
    columns = [each[kind] for each in swept.values() for kind in ("cpu", "wall")]
    lines += [
        _row(str(number + 1), *(f"{column[number] * 1e3:.0f}" for column in columns)) for number in range(10)
    ]
    growth = [f"{column[-1] / column[0]:.2f}" for column in columns]
    return [*lines, _row("the last against the first (goal 1.2)", *growth)]


def _costs(swept: Mapping[str, Figures]) -> list[str]:
    def row(label: str, text: str, key: str, goal: str = "") -> str:
        values = [
            text.format(*each[key]) if isinstance(each[key], list) else text.format(each[key])
            for each in swept.values()
        ]
        return _row(label, *values, goal)

    def memory(label: str, process: str, goal: str = "") -> list[str]:
        peaks = [each["memory"].get(process) for each in swept.values()]
        cells = ["" if peak is None else f"{peak:.0f} MB" for peak in peaks]
        return [_row(label, *cells, goal)] if any(cells) else []

    return [
        "",
        *_head("over all these runs", *swept, "goal"),
        *memory("peak memory of the driver", "driver", "500 MB"),
        *memory("peak memory of MLflow's server, two workers", "server"),
        *memory("peak memory of PostgreSQL", "database"),
        row("`runs/`", "{:,.0f} MB in {:,} files", "folders"),
        row("the store", "{:,.0f} MB", "store"),
        row("artifacts", "{:,.0f} MB in {:,} files", "artifacts"),
        row("the same command again, nothing to do", "{:.1f} s ({:.1f} s CPU), {:.0f} MB", "resume", "10 s"),
        row("the same, its tables rebuilt", "{:.1f} s ({:.1f} s CPU), {:.0f} MB", "tables", "10 + 30 s"),
        row("evaluated", "{:.1f} s ({:.1f} s CPU), {:.0f} MB", "evaluate", "60 s, 2 GB"),
    ]


def _limits(store: Figures) -> list[str]:
    """Where each unit cost meets a budget, by straight lines through what was measured."""
    runs, few = store["runs"], store["few"]
    memory = (store["evaluate"][2] - store["evaluate_few"][2]) / (runs - few)
    disk, files = (store["folders"][i] + store["artifacts"][i] + (1 - i) * store["store"][0] for i in (0, 1))
    cpu = sum(store["cpu"]) / len(store["cpu"])
    units = [
        ("memory of `evaluate`", f"{memory * 1e3:.0f} KB", "16 GB", 16_000 / memory),
        (
            "`runs/`, store and artifacts on disk",
            f"{disk / runs * 1e3:.0f} KB",
            "1 TB",
            MILLION * runs / disk,
        ),
        ("files", f"{files / runs:.1f}", "10 million", 10 * MILLION * runs / files),
        ("history.csv", f"{store['history'] / runs * 1e3:.1f} KB", "10 GB", 10_000 * runs / store["history"]),
        (
            "planning a resume, CPU",
            f"{store['resume'][1] / runs * 1e3:.2f} ms",
            "60 s",
            60 * runs / store["resume"][1],
        ),
        ("logging and training one epoch, one core", f"{cpu * 1e3:.0f} ms", "a day", 86_400 / cpu),
        ("`hydra.sweeper.max_combinations`", "", "100,000 unless raised", 100_000),
    ]
    units.sort(key=lambda unit: unit[3])
    first = [unit for unit in units if unit[3] < MILLION]
    names = ", then ".join(f"{name} ({_round(reached)} runs)" for name, _, _, reached in first)
    return [
        "",
        "## On the way to a million runs",
        "",
        "Straight lines through the figures of SQLite above, nothing of it measured there. "
        f"What a million runs would exceed, in this order: {names}. A study of that size is several sweeps, "
        "each with its own `sweep.results`: identities and folders stay common, so nothing is trained twice; "
        "only tables and evaluation are of one sweep at a time. MLflow's own pages slow down long before "
        "(some hundred runs in a chart).",
        "",
        *_head("unit", "each run", "budget", "met at"),
        *(_row(name, each, budget, f"{_round(reached)} runs") for name, each, budget, reached in units),
    ]


def _jobs(launchers: Figures) -> list[str]:
    runs = launchers["runs"]
    lines = [
        "",
        "## What a job costs",
        "",
        f"{runs} runs of one epoch as {runs} jobs against 2 (`hydra.sweeper.runs_per_job={runs // 2}`), two "
        "workers (`basic`: one), start-up of the sweep included in both. A job costs the difference, in "
        "seconds of a worker. Dask's workers and SLURM's two nodes are on this machine.",
        "",
        f"{launchers['processor']}, {launchers['date']}, {_load(launchers)}.",
        "",
        *_head("launcher", f"{runs} jobs", "2 jobs", "a job costs"),
    ]
    return lines + [
        _row(f"`{name}`", f"{each['single']:.1f} s", f"{each['packed']:.1f} s", _seconds(each["job"]))
        for name, each in launchers.items()
        if isinstance(each, Mapping)
    ]


def _seconds(job: float) -> str:
    return f"{job:.2f} s" if job > NOISE else f"less than what shows ({NOISE} s)"


def _load(figures: Figures) -> str:
    return "load " + " and ".join(
        f"{load:.1f} {when}" for load, when in zip(figures["load"], ("before", "after"), strict=False)
    )


def _head(*cells: str) -> list[str]:
    return [_row(*cells), _row(*("---" for _ in cells))]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _round(number: float) -> str:
    """Two significant digits."""
    return f"{float(f'{number:.1e}'):,.0f}"
