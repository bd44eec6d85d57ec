"""What another processor would change: OpenBLAS made to use the kernels, and LLVM the vectors, of others."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

KERNELS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "SkylakeX")  # OPENBLAS_CORETYPE
TARGETS = (
    "nehalem",
    "haswell",
    "skylake-avx512",
)  # NUMBA_CPU_NAME: without fused multiply-add, AVX2, AVX-512
Runs = dict[str, dict[str, object]]


@dataclass(frozen=True)
class Comparison:
    """One engine with one setting against the same engine as this processor runs it."""

    engine: str
    setting: str
    identical: int
    runs: int
    digits: float
    same_rates: bool
    apart: list[str]


def compare() -> list[Comparison]:
    """Run the sweep of `kernels` with each setting in a process of its own."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return []
    found = []
    for engine in ("numpy", "compiled"):
        here = _sweep(engine, {})
        settings = [("OPENBLAS_CORETYPE", kernel) for kernel in KERNELS]
        if engine == "compiled":
            settings += [("NUMBA_CPU_NAME", target) for target in TARGETS]
        for name, value in settings:
            found.append(_compared(engine, f"{name}={value}", here, _sweep(engine, {name: value})))
    return found


def _sweep(engine: str, environment: dict[str, str]) -> Runs:
    script = Path(__file__).with_name("kernels.py")
    with tempfile.TemporaryDirectory() as cache:  # other targets' code is of no use later
        if "NUMBA_CPU_NAME" in environment:
            environment = {**environment, "NUMBA_CACHE_DIR": cache, "NUMBA_CPU_FEATURES": ""}
        command = [sys.executable, str(script), engine]
        done = subprocess.run(
            command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True
        )
    runs: Runs = json.loads(done.stdout)
    return runs


def _compared(engine: str, setting: str, here: Runs, there: Runs) -> Comparison:
    agreed = {run: _digits(float(str(here[run]["loss"])), float(str(there[run]["loss"]))) for run in here}
    chosen = _chosen(here)
    cells = {run.rpartition(" seed")[0] for run, digits in agreed.items() if digits < 6}
    return Comparison(
        engine,
        setting,
        sum(here[run]["bits"] == there[run]["bits"] for run in here),
        len(here),
        min(agreed[run] for run in here if run.rpartition(" seed")[0] in chosen),
        chosen == _chosen(there),
        sorted(cells),
    )


def _chosen(runs: Runs) -> set[str]:
    """The cell of each activation and batch size whose mean loss is least."""
    means: dict[str, dict[str, float]] = {}
    for cell in {run.rpartition(" seed")[0] for run in runs}:
        losses = [float(str(each["loss"])) for run, each in runs.items() if run.startswith(cell + " seed")]
        means.setdefault(cell.rpartition(" rate")[0], {})[cell] = float(np.mean(losses))
    return {min(cells, key=lambda cell: (math.isnan(cells[cell]), cells[cell])) for cells in means.values()}


def _digits(a: float, b: float) -> float:
    """How many decimal digits two numbers share, at most 16."""
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 16.0
    difference = abs(a - b) / max(abs(a), abs(b))
    return 0.0 if math.isnan(difference) else min(16.0, max(0.0, -math.log10(difference)))
