"""Digests of code that a comment, a docstring or a blank line does not change."""

import ast
import hashlib
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from io import StringIO
from pathlib import Path

Cut = tuple[int, int, int, int]
"""First row, its byte, last row, its byte: rows from 0, as `ast` counts columns."""


def fingerprint(files: Mapping[str, Path]) -> str:
    """Return the SHA-256 (hex) of files: their names, and what they compute or hold.

    Of a Python file that is its text without comments, docstrings, blank lines and space at the end of lines.
    It is text, not a syntax tree: trees differ between versions of Python. Another file counts byte by byte,
    but for its line ends. Raises SyntaxError for a Python file that is not code, OSError for a missing one.
    """
    digest = hashlib.sha256()
    for name in sorted(files):
        path = files[name]
        content = _code(path.read_text("utf-8-sig")) if path.suffix == ".py" else _text(path)
        for part in (name, content):
            data = part.encode("utf-8", "surrogateescape")
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def files_in(root: Path, names: Iterable[str]) -> dict[str, Path]:
    """Return the files that `names` stand for, by their names relative to `root`.

    A name is a file or a folder below `root`; a folder stands for all it holds but hidden files, the backups
    of editors and compiled code.
    """
    files: dict[str, Path] = {}
    for name in names:
        place = root / name
        if not place.is_dir():
            files[name] = place
            continue
        for path in place.rglob("*"):
            below = path.relative_to(place)
            hidden = any(part.startswith((".", "__pycache__")) for part in below.parts)
            if path.is_file() and not hidden and not path.name.endswith(("~", ".pyc")):
                files[(Path(name) / below).as_posix()] = path
    return files


def imported_by(module: str, root: Path) -> dict[str, Path]:
    """Return the files below `root` that a module is made of: its own, and those of all that it imports.

    Found in the source text, so nothing is run; an import inside a function counts too, one for type checkers
    alone does not. Empty for a module that is not below `root`.
    """
    files: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        for path in _files_of(waiting.pop(), root):
            name = path.relative_to(root).as_posix()
            if name not in files:
                files[name] = path
                waiting += _imports(path.read_text("utf-8-sig"), name)
    return files


def _files_of(module: str, root: Path) -> Iterator[Path]:
    """The file of a module, and those that make its packages."""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:length])
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                yield path


@cache
def _imports(source: str, name: str) -> list[str]:
    """The modules that a file imports; a name imported from a package may be a module of it."""
    package = name.split("/")[:-1]
    found: list[str] = []
    for node in _run(ast.parse(source, name)):
        if isinstance(node, ast.Import):
            found += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            front = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*front, *filter(None, [node.module])])
            found += [f"{base}.{each.name}" for each in node.names]
    return found


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, but for what stands there for type checkers alone."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from _run(child)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape").replace("\r\n", "\n")


@cache  # a file is part of several digests
def _code(source: str) -> str:
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    tokens = list(tokenize.generate_tokens(StringIO(source).readline))
    text = source.split("\n")
    for row, start in (token.start for token in tokens if token.type == tokenize.COMMENT):
        text[row - 1] = text[row - 1][:start]
    lines = [line.encode() for line in text]
    docstrings = _docstrings(ast.parse(source))
    for row, start, end_row, end in sorted(docstrings, reverse=True):
        lines[row : end_row + 1] = [lines[row][:start] + lines[end_row][end:]] + [b""] * (end_row - row)
    kept = _rows_that_end_inside_a_string(tokens)
    kept -= {row for first, _, last, _ in docstrings for row in range(first, last)}
    stripped = [line if row in kept else line.rstrip() for row, line in enumerate(lines)]
    return "\n".join(line.decode() for row, line in enumerate(stripped) if line or row in kept)


def _docstrings(tree: ast.AST) -> list[Cut]:
    cuts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            match node.body:
                case [ast.Expr(ast.Constant(str()) as text), *_] if text.end_lineno and text.end_col_offset:
                    cuts.append((text.lineno - 1, text.col_offset, text.end_lineno - 1, text.end_col_offset))
    return cuts


def _rows_that_end_inside_a_string(tokens: list[tokenize.TokenInfo]) -> set[int]:
    """Rows whose line break belongs to a string's value, where blank lines and trailing space are code."""
    rows: set[int] = set()
    opened: list[int] = []
    for token in tokens:
        kind = tokenize.tok_name[token.type]
        if kind == "STRING":
            rows.update(range(token.start[0] - 1, token.end[0] - 1))
        elif kind == "FSTRING_START":  # Python 3.12 and later cut an f-string into several tokens
            opened.append(token.start[0] - 1)
        elif kind == "FSTRING_END":
            rows.update(range(opened.pop(), token.end[0] - 1))
    return rows
