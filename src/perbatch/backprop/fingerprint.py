"""A digest of code that a comment, a docstring or a blank line does not change."""

from __future__ import annotations

import ast
import hashlib
import tokenize
from io import StringIO
from pathlib import Path


def fingerprint(package: Path = Path(__file__).parent) -> str:
    """Return the SHA-256 (hex) of a package's Python code: the files' relative paths and what they compute.

    The code is the source text without comments, docstrings, blank lines and space at the end of lines. It is
    text, not a syntax tree: trees differ between versions of Python. Raises SyntaxError for what is not code.
    """
    digest = hashlib.sha256()
    files = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    for name in sorted(files):
        code = _code(files[name].read_text("utf-8-sig"))
        for part in (name, code):
            data = part.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _code(source: str) -> str:
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    tokens = list(tokenize.generate_tokens(StringIO(source).readline))
    lines = [line.encode() for line in source.split("\n")]
    docstrings = _docstrings(ast.parse(source))
    cuts = docstrings + _comments(tokens, source.split("\n"))
    for row, start, end_row, end in sorted(cuts, reverse=True):
        lines[row : end_row + 1] = [lines[row][:start] + lines[end_row][end:]] + [b""] * (end_row - row)
    kept = _rows_that_end_inside_a_string(tokens)
    kept -= {row for first, _, last, _ in docstrings for row in range(first, last)}
    stripped = [line if row in kept else line.rstrip() for row, line in enumerate(lines)]
    return "\n".join(line.decode() for row, line in enumerate(stripped) if line or row in kept)


Cut = tuple[
    int, int, int, int
]  # first row, its byte, last row, its byte: rows from 0, as `ast` counts columns


def _docstrings(tree: ast.AST) -> list[Cut]:
    cuts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                text = first.value
                if isinstance(text.value, str) and text.end_lineno and text.end_col_offset is not None:
                    cuts.append((text.lineno - 1, text.col_offset, text.end_lineno - 1, text.end_col_offset))
    return cuts


def _comments(tokens: list[tokenize.TokenInfo], lines: list[str]) -> list[Cut]:
    cuts = []
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, line = token.start[0] - 1, lines[token.start[0] - 1]
            cuts.append((row, len(line[: token.start[1]].encode()), row, len(line.encode())))
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
