"""Train a sweep in this process and print, as JSON, where its CPU time went: seconds by part.

`shares.py -m ...` takes what pipelines/train.py takes; the launcher must be `basic`.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "pipelines")]

import train  # noqa: E402 - found by the line above
from perbatch.backprop.compiled_engine import CompiledEngine  # noqa: E402
from perbatch.backprop.compiled_evaluator import CompiledEvaluator  # noqa: E402
from perbatch.launch import job, packs  # noqa: E402
from perbatch.runs.folder import RunFolder  # noqa: E402
from perbatch.sweep.cli import command  # noqa: E402
from perbatch.sweep.compose import CachingLoader  # noqa: E402
from perbatch.sweep.record import LiveLog  # noqa: E402

PARTS: list[tuple[Any, str, str]] = [
    (CompiledEngine, "advance", "training loop"),
    (CompiledEvaluator, "measure", "evaluations"),
    (LiveLog, "finish", "MLflow"),
    (RunFolder, "write", "the run's folder"),
    (RunFolder, "begin", "the run's folder"),
    (CachingLoader, "load_job", "Hydra"),
    (job, "run", "Hydra"),
    (train, "run", "the rest"),
    (packs.PackedTask, "__call__", "Hydra"),
]
"""Functions and the part that their own time belongs to, without that of others among them."""

seconds: Counter[str] = Counter()
_inner = [0.0]


def _timed(function: Callable[..., Any], part: str) -> Callable[..., Any]:
    @wraps(function)
    def timed(*arguments: Any, **named: Any) -> Any:
        began = time.process_time()
        _inner.append(0.0)
        try:
            return function(*arguments, **named)
        finally:
            used = time.process_time() - began
            seconds[part] += used - _inner.pop()
            _inner[-1] += used

    return timed


def main() -> None:
    """Run the sweep with the parts timed."""
    for owner, name, part in PARTS:
        setattr(owner, name, _timed(getattr(owner, name), part))
    command(train.main)
    sys.stdout.write("\n" + json.dumps(seconds) + "\n")


if __name__ == "__main__":
    main()
