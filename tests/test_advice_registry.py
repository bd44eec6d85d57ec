"""What an error or a warning tells the user to type comes from `perbatch.advice`, and from nowhere else.

The rule: a text of the code, docstrings aside, that holds a command, a variable to set, or a `key=value` is
advice. Not advice is what is wrong, `key=value: why`, and an override that the code itself hands to Hydra: a
text that is nothing but `key=value`, where it is not part of what is raised or logged.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from copies import ROOT

FILES = [
    path
    for folder in ("src", "pipelines")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != ROOT / "src" / "perbatch" / "advice.py"
]
TARGETS = "|".join(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
COMMAND = re.compile(
    rf"\bpython3? (-m|\w*/)|\b(dvc|mlflow|dask|pip|git) [a-z-]|\bs(queue|batch) -|\bmake ({TARGETS})\b|"
    r"\b(un)?set [A-Z][A-Z_]{3,}"
)
SETTING = r"[+~]*[A-Za-z][\w./@-]*=(?=[^\s=])(?!\")"
ADVICE = re.compile(rf"(?<![\w./?&:$%{{}}@]){SETTING}")
WRONG = re.compile(rf"(^|(?<=\s))({SETTING}\S*\s)*{SETTING}\S*:(\s|$)")
ALONE = re.compile(rf"{SETTING}\S*")
MARKUP = re.compile(r"<\w+[^>]*>?")
SQL = re.compile(r"^\s*(SELECT|UPDATE|PRAGMA|name =|tags\.|params\.|attributes\.)")

EXCEPTIONS = {
    (
        "src/perbatch/columns.py",
        "curve=",
    ): "the table of columns, which nobody types",
    (
        "src/perbatch/columns.py",
        "metric=",
    ): "the same",
    (
        "src/perbatch/backprop/engines.py",
        "NUMBA_DISABLE_JIT=",
    ): "its code is part of every run's identity; tests/sweep/test_sentences.py mends it",
    (
        "src/perbatch/sweep/task.py",
        "(rerun=true trains it again)",
    ): "its code is part of every run's identity; it is RERUN, which is typed from this very text",
    (
        "src/perbatch/__main__.py",
        "python -m perbatch",
    ): "what its --help calls it",
    (
        "src/perbatch/tracking/notes.py",
        "epochs=80",
    ): "the end of a run's name",
    (
        "src/perbatch/search/found.py",
        r"[^\w=.,+-]+",
    ): "a pattern: what a file's name does not take",
    (
        "src/perbatch/sweep/single.py",
        "hydra.job_logging.root.handlers=",
    ): "the code itself hands it to Hydra",
    (
        "src/perbatch/report/reproduce.py",
        "",
    ): "the page's commands; tests/test_page_commands.py types them",
}
"""Files, and what the text holds that is no advice of the registry's, each with the reason."""


def texts(tree: ast.AST) -> Iterator[tuple[int, str, bool]]:
    """Line, text with `{}` for what is put in, and whether it is raised, logged, or a module's constant."""
    said = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and _says(node))
        for inner in ast.walk(node)
    }
    said |= {
        id(inner)
        for node in getattr(tree, "body", [])
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for inner in ast.walk(node)
    }
    skipped = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
    }
    skipped |= {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
            )
            yield node.lineno, text, id(node) in said
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value, id(node) in said


def _says(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name.endswith("Error") or name in (
        *("StoreUnavailable", "exit", "warn", "warning", "info", "error", "print", "write"),
    )


def advised(text: str, said: bool) -> bool:
    """Whether the text tells somebody to type something, by the rule above."""
    if COMMAND.search(text):
        return True
    if SQL.match(text) or (not said and ALONE.fullmatch(text)):
        return False
    return ADVICE.search(WRONG.sub(" ", MARKUP.sub(" ", text))) is not None


@pytest.mark.parametrize(
    "text",
    [
        "{} is missing: dvc repro train",
        "{} is not installed: pip install distributed",
        "start it, or unset MLFLOW_TRACKING_URI",
        "set {} or DASK_SCHEDULER_ADDRESS; `dask scheduler` starts one",
        "make test-server shows it",
        "data.reader.one_hot=true makes columns of 0 and 1",
        "replace that one with rerun=true",
        "model.output=sigmoid: goes with model.loss=squared_error",
        "prepare them with data.split.train={}",
        "{} more, hydra.sweeper.runs_per_job={} or more",
        "(rerun=true trains it again)",
    ],
)
def test_the_rule_sees_advice(text: str) -> None:
    assert advised(text, said=True)


@pytest.mark.parametrize(
    "text",
    [
        "params.yaml: benchmark.{}={}: must be a list",
        "experiment={} sweep=pipeline: each brings a grid of its own; give one of them",
        "the disk is full; make room, or make it writable",
        "SELECT a FROM b WHERE a.key=?",
        '<text x="{}" y="{}">{}</text>',
        "{}: there is no such key; the nearest is {}",
    ],
)
def test_the_rule_lets_what_is_wrong_be_named(text: str) -> None:
    assert not advised(text, said=True)


def test_an_override_alone_is_advice_where_it_is_said() -> None:
    assert advised("rerun=true", said=True)
    assert not advised("experiment={}", said=False)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_overrides_for_a_shell_are_composed_in_the_registry_alone(path: Path) -> None:
    names = {
        alias.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "perbatch.overrides"
        for alias in node.names
    }
    assert "typed" not in names


def excepted(path: Path, text: str) -> bool:
    return any(path == ROOT / file and part in text for file, part in EXCEPTIONS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_text_of_the_code_holds_advice_of_its_own(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        f"line {line}: {text}"
        for line, text, said in texts(tree)
        if advised(text, said) and not excepted(path, text)
    ]
    assert not found, "what users are told to type stands in perbatch/advice.py"


def test_every_exception_is_needed() -> None:
    for file, part in EXCEPTIONS:
        found = texts(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        assert any(part in text and advised(text, said) for _, text, said in found), (file, part)
