"""The tables of every config key, made from the files that own them: types from the dataclasses, the rest
from conf/ and params.yaml, whose comments are the meaning. So they cannot go stale.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from omegaconf import OmegaConf

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"
sys.path.insert(0, str(ROOT / "src"))

from perbatch.runs.check import RULES  # noqa: E402
from perbatch.runs.schema import Condition, Config, Study  # noqa: E402

DEFAULTS = (
    "data/digits",
    "model/classifier",
    "repeat/never",
    "engine/compiled",
    "tracking/store",
    "sweep/manual",
)
"""The options that conf/config.yaml chooses: a test compares them."""

ALLOWED = {key: sentence for key, _, sentence in RULES}
KEY = re.compile(r"^( *)([A-Za-z_][\w.]*):(?: |$)")


def comments(path: Path) -> dict[str, str]:
    """Return the comment above each key of a YAML file, by dotted key; the file's own is at ''."""
    found: dict[str, str] = {}
    above: list[str] = []
    stack: list[tuple[int, str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            above.append(line.strip().lstrip("#").strip())
        elif not line.strip() and not found:
            found[""], above = " ".join(above), []
        elif match := KEY.match(line):
            indent = len(match[1])
            stack = [(column, key) for column, key in stack if column < indent] + [(indent, match[2])]
            if "" not in found:
                found[""], above = (" ".join(above), []) if match[2] == "defaults" else _heading(above)
            found[".".join(key for _, key in stack)] = " ".join(above)
            above = []
    return found


def _heading(lines: list[str]) -> tuple[str, list[str]]:
    """Split what stands above the first key: sentences are the file's, the rest is the key's."""
    ends = [index + 1 for index, line in enumerate(lines) if line.endswith(".")]
    first = lines[:1] if len(lines) > 1 and lines[0][:1].isupper() and lines[1][:1].islower() else []
    cut = ends[-1] if ends else len(first)
    return " ".join(lines[:cut]), lines[cut:]


def run_keys() -> dict[str, tuple[str, str, str, str]]:
    """Return type, default, what is allowed and meaning of every key of a run's config."""
    meaning = comments(CONF / "config.yaml")
    content = [("", OmegaConf.to_container(OmegaConf.load(CONF / "config.yaml")))]
    for option in DEFAULTS:
        group = option.partition("/")[0]
        meaning |= {f"{group}.{key}": text for key, text in comments(CONF / f"{option}.yaml").items() if key}
        content.append((f"{group}.", OmegaConf.to_container(OmegaConf.load(CONF / f"{option}.yaml"))))
    values = dict(pair for prefix, mapping in content for pair in _flat(mapping, prefix))
    return {
        key: (
            kind,
            _written(values[key]) if key in values else "",
            ALLOWED.get(key, ""),
            meaning.get(key, ""),
        )
        for key, kind in _types(Config)
    }


def _types(schema: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for field in fields(schema):
        if is_dataclass(field.type):
            yield from _types(field.type, f"{prefix}{field.name}.")
        elif not any(map(is_dataclass, get_args(field.type))):  # a study's claim has a page of its own
            yield prefix + field.name, _named(field.type)


def _named(kind: Any) -> str:
    if kind is Any:
        return "int or text"
    if get_origin(kind) in (list, dict):
        return f"{get_origin(kind).__name__} of {_named(get_args(kind)[-1])}".replace(
            "int or text", "its own"
        )
    if get_args(kind):
        return " or ".join("null" if each is type(None) else _named(each) for each in get_args(kind))
    return {"str": "text"}.get(kind.__name__, str(kind.__name__))


def _flat(mapping: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in mapping.items():
        yield prefix + str(key), value
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    return OmegaConf.to_yaml({"v": value}).removeprefix("v:").strip().strip("'")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _run_section() -> str:
    rows = [
        [_code(key), kind, _code(default), allowed, meaning]
        for key, (kind, default, allowed, meaning) in run_keys().items()
    ]
    return "## A run\n\n" + _table(["key", "type", "default", "allowed", "meaning"], rows)


def _options_section() -> str:
    rows = []
    for path in sorted(CONF.glob("*/*.yaml")):
        heading = comments(path).get("", "").removeprefix("@package _global_ ")
        sentence = re.split(r"(?<=[.?)]) (?=[A-Z]|params|python )", heading)[0]
        rows.append([_code(f"{path.parent.name}={path.stem}"), f"{sentence} {_settings(path)}".strip()])
    return "## Options of the groups\n\n" + _table(["option", "what it is"], rows)


def _settings(path: Path) -> str:
    """Return what an option sets itself, where it is only settings."""
    if path.parent.name not in ("model", "repeat"):
        return ""
    content = OmegaConf.to_container(OmegaConf.load(path))
    own = [_code(f"{key}: {_written(value)}") for key, value in content.items() if key != "defaults"]
    return f"Sets {', '.join(own)}."


def _readers_section() -> str:
    parts = []
    for path in sorted((CONF / "data").glob("*.yaml")):
        content = OmegaConf.to_container(OmegaConf.load(path))
        meaning = comments(path)
        own = [(key, value) for key, value in content.get("reader", {}).items() if key != "_target_"]
        if own:
            rows = [
                [_code(f"data.reader.{k}"), _code(_written(v)), meaning.get(f"reader.{k}", "")]
                for k, v in own
            ]
            parts.append(f"### data={path.stem}\n\n" + _table(["key", "default", "meaning"], rows))
    return "## Settings of a data set's reader\n\n`???` must be given.\n\n" + "\n\n".join(parts)


def _launchers_section() -> str:
    parts = []
    for path in sorted((CONF / "hydra" / "launcher").glob("*.yaml")):
        meaning = comments(path)
        content = OmegaConf.to_container(OmegaConf.load(path))
        rows = [
            [_code(f"hydra.launcher.{key}"), _code(_written(value)), meaning[key]]
            for key, value in content.items()
            if key != "_target_"
        ]
        parts.append(f"### hydra/launcher={path.stem}\n\n" + _table(["key", "default", "meaning"], rows))
    return "## Settings of the launchers for clusters\n\n" + "\n\n".join(parts)


def study_keys() -> dict[str, tuple[str, str]]:
    """Return type and default of the keys of `study`, then of each of its conditions."""
    found = {}
    for prefix, schema in (("study", Study), ("study.conditions[]", Condition)):
        for field in fields(schema):
            inner = any(map(is_dataclass, get_args(field.type)))
            made = field.default_factory() if field.default is MISSING else field.default  # type: ignore[misc]
            found[f"{prefix}.{field.name}"] = (
                "list of conditions" if inner else _named(field.type),
                "{}" if made == {} else _written(made),
            )
    return found


def _study_section() -> str:
    rows = [[_code(key), kind, _code(default)] for key, (kind, default) in study_keys().items()]
    return (
        "## A study's claim\n\nWhat each key is: [the keys of `study:`](../studies.md#the-keys-of-study). "
        "`???` must be given; the entries of `beside` have the keys of `conditions`.\n\n"
        + _table(["key", "type", "default"], rows)
    )


def params_keys() -> list[list[str]]:
    """Return key, value and meaning of every key of params.yaml."""
    path = ROOT / "params.yaml"
    meaning = comments(path)
    content = OmegaConf.to_container(OmegaConf.load(path))
    rows = []
    for key, value in _flat(content):
        inherited = meaning.get(key) or meaning.get(key.rpartition(".")[0], "")
        if not isinstance(value, dict):
            rows.append([_code(key), _code(_written(value)), inherited])
    return rows


def text() -> str:
    """Return all sections as Markdown."""
    params = "## params.yaml\n\n" + _table(["key", "value", "meaning"], params_keys())
    sections = [
        _run_section(),
        _options_section(),
        _readers_section(),
        _study_section(),
        _launchers_section(),
    ]
    return "\n\n".join([*sections, params])
