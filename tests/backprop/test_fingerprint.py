import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from perbatch.backprop import fingerprint

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
        return fingerprint(folder)

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


def test_names_and_places_of_files_matter_and_other_files_do_not(digest: Digest, tmp_path: Path) -> None:
    assert digest(CODE, "a/module.py") != digest(CODE, "b/module.py") != digest(CODE, "module.py")
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "module.py").write_text("x = 1\n")
    before = fingerprint(folder)
    (folder / "notes.txt").write_text("x = 2\n")
    assert fingerprint(folder) == before
    (folder / "other.py").write_text("")
    assert fingerprint(folder) != before


def test_a_fixed_digest_holds_on_every_version_of_python(digest: Digest) -> None:
    assert digest(CODE) == "251475382bf9d86712172f5f0e8838658d59adbacec6f187df57cc659b2c8832"


def test_the_default_is_this_package() -> None:
    import perbatch.backprop

    assert fingerprint() == fingerprint(Path(perbatch.backprop.__file__).parent)
    assert len(fingerprint()) == 64
