"""The README says what the results say, and names only what exists."""

import json
import re
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import pictures  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_numbers_are_those_of_the_committed_results() -> None:
    metrics = json.loads((ROOT / "results" / "evaluate" / "metrics.json").read_text(encoding="utf-8"))
    assert pictures.START + pictures.block(metrics) + pictures.END in README


def test_its_pictures_and_links_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_its_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([a-z-]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("command", re.findall(r"`python pipelines/train\.py (?:-m )?([^`-][^`]*)`", README))
def test_its_overrides_compose(command: str) -> None:
    overrides = [part.strip("'") for part in command.split()]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        for override in overrides:
            key, _, values = override.partition("=")
            compose("config", [f"{key}={values.split(',')[0] if '(' not in values else 0}"])
