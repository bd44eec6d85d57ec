"""Checkouts whose code does what a test needs of it."""

from pathlib import Path


def alter(checkout: Path, *statements: str) -> Path:
    """Let each training of a run in this checkout begin with these statements."""
    source = checkout / "src" / "perbatch" / "sweep" / "training.py"
    before, first, after = source.read_text().partition("    network = network_for(config, data)\n")
    assert first
    source.write_text(before + "".join(f"    {each}\n" for each in statements) + first + after)
    return checkout
