import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from perbatch.fingerprint import files_in, fingerprint, imported_by

Digest = Callable[..., str]

CODE = '''"""Module."""

import os  # why


class Thing:
    """A thing.

    Long.
    """

    size = 1

    def grow(self):  # é comment
        "Grow."
        # alone
        return self.size + 1 \x20


def text():
    """Doc."""
    return """a # not a comment

  b  \x20
""" + f"{os.sep} # neither"


async def wait():
    """Doc é."""; return "é" # tail
'''


@pytest.fixture
def digest(tmp_path: Path) -> Digest:
    def of(code: str, name: str = "module.py") -> str:
        folder = tmp_path / hashlib.sha256((code + name).encode()).hexdigest()
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(code.encode())
        return fingerprint(files_in(folder, ["."]))

    return of


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# why", "# another reason, with 'quotes'"),
        ("  # why", ""),
        ('"""Module."""\n', ""),
        ('"""Module."""', "'''Longer.\n\nMuch.\n'''"),
        ("    Long.\n", "    Longer\n\n    still.\n"),
        ('        "Grow."\n', '        """Grow,\n        and grow.\n        """\n'),
        ("        # alone\n", ""),
        ("        # alone\n", "\n\n"),
        ("self.size + 1  \n", "self.size + 1\n"),
        ("# é comment", "# ü and 漢字"),
        ("Doc é.", "漢字"),
        ("# tail", ""),
        ("\n", "\r\n"),
        ("import os", "\ufeffimport os"),
    ],
)
def test_comments_docstrings_and_blank_space_do_not_matter(digest: Digest, old: str, new: str) -> None:
    code = CODE if old != "import os" else CODE.replace('"""Module."""\n\n', "")
    edited = code.replace(old, new)
    assert edited != code
    assert digest(edited) == digest(code)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.size + 1", "self.size - 1"),
        ("size = 1", "size = 2"),
        ("        return self", "    return self"),
        ("a # not a comment", "a # no comment"),
        ("comment\n\n  b", "comment\n  b"),
        ("  b   \n", "  b\n"),
        ("# neither", "# either"),
        ('return "é"', 'return "e"'),
        ("import os", "import sys as os"),
    ],
)
def test_code_matters(digest: Digest, old: str, new: str) -> None:
    edited = CODE.replace(old, new)
    assert edited != CODE
    assert digest(edited) != digest(CODE)


def test_names_and_places_of_files_matter(digest: Digest) -> None:
    assert digest(CODE, "a/module.py") != digest(CODE, "b/module.py") != digest(CODE, "module.py")


def test_a_folder_stands_for_all_but_hidden_files_backups_and_compiled_code(tmp_path: Path) -> None:
    for name in ("a/module.py", "a/page/report.css", "b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    before = fingerprint(files_in(tmp_path, ["a"]))
    for name in (
        "a/.module.py.swp",
        "a/module.py~",
        "a/__pycache__/module.cpython-311.pyc",
        "a/.hidden/x.py",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 2\n")
    (tmp_path / "b.py").write_text("x = 2\n")
    assert fingerprint(files_in(tmp_path, ["a"])) == before
    (tmp_path / "a/page/report.css").write_text("x = 1\r\n")
    assert fingerprint(files_in(tmp_path, ["a"])) == before
    (tmp_path / "a/page/report.css").write_text("x = 2\n")
    assert fingerprint(files_in(tmp_path, ["a"])) != before


def test_a_missing_file_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fingerprint(files_in(tmp_path, ["gone.py"]))


def test_a_module_is_made_of_all_that_it_imports(tmp_path: Path) -> None:
    for name, code in {
        "pack/__init__.py": "",
        "pack/read.py": "import numpy\nfrom pack import lines\ndef read():\n    from .deep.inner import X\n",
        "pack/lines.py": "from pack.read import read  # a circle\n",
        "pack/deep/__init__.py": "from ..upper import Y\n",
        "pack/deep/inner.py": "X = 1\n",
        "pack/upper.py": "import pack.other\n",
        "pack/other.py": "",
        "pack/unused.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(code)
    found = set(imported_by("pack.read.read", tmp_path))
    assert found == {
        *("pack/__init__.py", "pack/read.py", "pack/lines.py", "pack/upper.py", "pack/other.py"),
        *("pack/deep/__init__.py", "pack/deep/inner.py"),
    }
    assert imported_by("numpy.load", tmp_path) == {}


def test_a_fixed_digest_holds_on_every_version_of_python(digest: Digest) -> None:
    assert digest(CODE) == "251475382bf9d86712172f5f0e8838658d59adbacec6f187df57cc659b2c8832"
