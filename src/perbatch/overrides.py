"""Values in the grammar of Hydra's overrides, and overrides as a shell takes them: what advice is made of."""

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from perbatch.columns import BUDGET

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*")
_NOT_TEXT = ("null", "true", "false", "nan", "inf")
"""Words that Hydra would not read as text."""

SWEPT = {
    "shuffle": "shuffle",
    "sizes": "model.hidden",
    "activation": "model.activation",
    "bias": "model.bias",
    "output": "model.output",
    "dtype": "model.dtype",
    "engine": "engine.name",
}
"""Columns of the table of runs of which one may be swept beside the modes, each with its key of a run."""

_INTERPOLATION = re.compile(r"(\\*)(\$\{)")


def written(value: Any, mark: str = "'") -> str:
    """A value of YAML as Hydra's grammar writes it: read back it is the same value. `mark` is the quote."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{','.join(written(element, mark) for element in value)}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{written(element, mark)}" for key, element in value.items()) + "}"
    if isinstance(value, str) and (not _PLAIN.fullmatch(value) or value.lower() in _NOT_TEXT):
        return _quoted(value, mark)
    return str(value)


def typed(key: str, value: Any) -> str:
    """`key=value` as it is typed in a shell, in quotes where it needs them."""
    return shlex.quote(f"{key}={written(value, _DOUBLE)}")


def budget(runs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the columns in which rows of one table of runs may differ beside their keys, and do."""
    rows = list(runs)
    return [key for key in (*BUDGET, *SWEPT) if len({str(_known(row[key])) for row in rows}) > 1]


def of_run(run: Mapping[str, Any], budget: Iterable[str] = ()) -> dict[str, Any]:
    """Return the keys and values that tell a row of the table of runs from the others of its sweep."""
    size = int(run["batch_size"])
    return {
        "batch_size": "full" if size == run["n_train"] else size,
        "learning_rate": float(run["learning_rate"]),
        "seed": int(run["seed"]),
        "repeat.updates_per_batch": int(run["updates_per_batch"]),
        "repeat.tolerance": _known(run["tolerance"]),
        **{SWEPT.get(key, key): _setting(run, key) for key in budget},
    }


def _setting(run: Mapping[str, Any], column: str) -> Any:
    """What a run's key is set to, by its column."""
    return [*map(int, run[column].split("-")[1:-1])] if column == "sizes" else _known(run[column])


def _known(value: Any) -> Any:
    """None for an empty cell; a whole number without its point; a text or a switch as it is."""
    if value is None or value != value:
        return None
    if isinstance(value, str | bool):
        return value
    return int(value) if float(value).is_integer() else float(value)


_DOUBLE = '"'
"""Inside a shell's single quotes the double ones are the legible ones."""


def _quoted(text: str, mark: str) -> str:
    """A backslash is itself in Hydra's quotes, but before a quote, where two stand for one."""
    text = _INTERPOLATION.sub(lambda found: 2 * found[1] + "\\" + found[2], text)
    body = re.sub(rf"(\\*)({mark}|$)", lambda found: 2 * found[1] + (f"\\{mark}" if found[2] else ""), text)
    return f"{mark}{body}{mark}"
