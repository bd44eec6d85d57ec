"""Which keys the config of a run may have: those of the types in `schema`, and a reader's own."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import Any, get_args, get_type_hints

from perbatch.errors import UserError
from perbatch.runs.schema import Config

_NO_SUCH_KEY = re.compile(r"Could not override '([^']+)'|no match in the defaults list for '([^']+)'", re.I)


GROUPS = ("data", "engine", "experiment", "model", "repeat", "tracking", "sweep")


def refuse_unknown(config: Mapping[Any, Any], schema: type = Config) -> None:
    """Raise a UserError for the first key that the types do not have, however it was added.

    Hydra's own part and free mappings, as the settings of a reader, are left to those who read them.
    """
    if (key := next(_unknown(config, schema), None)) is not None:
        raise UserError(f"{key}: {advice(key)}")


def advice(key: str) -> str:
    """Say that there is no such key, and which one is nearest, or else which there are."""
    keys = list(_keys(Config))
    if key in keys or key in GROUPS:
        return "this command reads no such key; it is one of a run, for pipelines/train.py"
    known = {**{each.rpartition(".")[2]: each for each in keys}, **{each: each for each in (*GROUPS, *keys)}}
    for spelt in (key, key.rpartition(".")[2]):
        if found := get_close_matches(spelt, known, 1, 0.75):
            return f"there is no such key; the nearest is {known[found[0]]}"
    return f"there is no such key; the keys are {', '.join(sorted(keys))}"


def misspelt(message: str) -> str | None:
    """Return our own words for Hydra's message on an override of a key that a run does not have, else None.

    Hydra's advice, to append the key with a plus sign, would not help: nothing reads it.
    """
    match = _NO_SUCH_KEY.search(message)
    key = (match[1] or match[2]) if match else None
    if key is None or re.split(r"[./@]", key)[0] == "hydra" or key.startswith("data.reader."):
        return None
    return f"{key}: {advice(key)}"


def _unknown(values: Mapping[Any, Any], schema: type, prefix: str = "") -> Iterator[str]:
    types, blocks = _types(schema), _blocks(schema)
    for key in values:
        dotted = f"{prefix}{key}"
        if key not in types:
            if dotted != "hydra":
                yield dotted
        elif key in blocks and isinstance(values[key], Mapping):
            yield from _unknown(values[key], types[key], f"{dotted}.")


def _keys(schema: type, prefix: str = "") -> Iterator[str]:
    blocks = _blocks(schema)
    for name, kind in _types(schema).items():
        if name in blocks:
            yield from _keys(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


# Both are asked for every run of a sweep.
@cache
def _types(schema: type) -> dict[str, type]:
    """The type of each key; of an optional one, what it is where it is given."""
    hints = get_type_hints(schema)
    return {each.name: _given(hints[each.name]) for each in fields(schema)}


@cache
def _blocks(schema: type) -> frozenset[str]:
    """The keys that have keys of their own."""
    return frozenset(name for name, kind in _types(schema).items() if is_dataclass(kind))


def _given(hint: Any) -> Any:
    return get_args(hint)[0] if isinstance(hint, UnionType) else hint
