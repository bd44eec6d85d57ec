"""Checkouts whose code does what a test needs of it."""

import shutil
from pathlib import Path


def alter(checkout: Path, *statements: str) -> Path:
    """Let each training of a run in this checkout begin with these statements, which may look at `config`.

    They go into the log of a run: other code that computes would make other runs, which a driver refuses.
    """
    source = checkout / "src" / "perbatch" / "sweep" / "record.py"
    before, first, after = source.read_text().partition('        """Take one evaluation."""\n')
    assert first
    added = [
        "        config = __import__('types').SimpleNamespace(**self._run.config)",
        "        if not self._rows and self._log is None and not self._folder.complete:",
        *(f"            {each}" for each in statements),
    ]
    source.write_text(before + first + "".join(f"{line}\n" for line in added) + after)
    return checkout


FAILS = "model.hidden=[5]"
"""The runs that raise in a checkout made by `failing`."""


def failing(checkout: Path, folder: Path) -> Path:
    """Copy a checkout into `folder`, and let every run with five hidden units raise there."""
    shutil.copytree(checkout, folder)
    return alter(folder, "if config.model['hidden'] == [5]:", "    raise ValueError('planted')")
