"""The README says what the results say, and names only what exists."""

import json
import re
import sys
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hydra import compose, initialize_config_dir

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import pictures  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_numbers_are_those_of_the_committed_results() -> None:
    said = json.loads((ROOT / "results" / "evaluate" / "answers.json").read_text(encoding="utf-8"))
    assert pictures.START + said["readme"] + pictures.END in README


def test_the_picture_that_answers_comes_before_the_numbers_and_the_curves() -> None:
    places = [README.index(f"docs/pictures/{name}") for name in ("updates.svg", "curves.svg")]
    assert places[0] < README.index(pictures.START) < places[1]


@pytest.mark.parametrize("name", ["updates", "curves", "peers"])
def test_a_picture_has_no_ground_of_its_own_and_colours_for_a_dark_page(name: str) -> None:
    svg = (ROOT / "docs" / "pictures" / f"{name}.svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg xmlns")
    assert "prefers-color-scheme: dark" in svg
    assert not re.search(r'fill="(white|#fff(fff)?)"', svg)
    label = re.search(r'role="img" aria-label="([^"]*)"', svg)
    assert label is not None and re.search(r"\d", label[1])


def test_a_mode_is_one_line_though_many_contenders_repeat() -> None:
    losses = {(3, 0.1): 0.08, (10, 0.1): 0.07, (10, 0.3): 0.09, (10, None): 0.06}
    contenders = [
        {"mode": "repeat", "batch_size": 1, "updates_per_batch": n, "tolerance": tolerance}
        for n, tolerance in losses
    ]
    plain = [
        {"mode": mode, "batch_size": size, "updates_per_batch": 1, "tolerance": None}
        for mode, size in (("stochastic", 1), ("mini-batch", 8), ("mini-batch", 32), ("full-batch", 1000))
    ]
    curves = pd.DataFrame(
        [
            {
                **contender,
                "presentations": shown,
                "updates": shown,
                "validation_loss": losses.get(key, 0.5) + 1 / (1 + shown),
            }
            for contender in plain + contenders
            for key in [(contender["updates_per_batch"], contender["tolerance"])]
            for shown in (0, 10, 20)
        ]
    )
    names = dict(zip(("stochastic", "fastest", "mini_batch", "full_batch"), plain, strict=True))
    modes = {name: {"label": name, **contender} for name, contender in names.items()}
    modes["repeat"] = {"label": "repeat", **contenders[2]}
    shown = pictures.rows_of_table(curves, modes)
    assert not shown.duplicated(["name", "presentations"]).any()
    assert list(shown["name"].unique()) == ["stochastic", "mini_batch", "full_batch", "repeat"]
    repeat = shown[shown["name"] == "repeat"]
    assert list(repeat["presentations"]) == [10, 20]
    assert list(repeat["validation_loss"]) == [0.09 + 1 / 11, 0.09 + 1 / 21]


def test_each_line_of_the_curves_goes_to_the_right() -> None:
    svg = (ROOT / "docs" / "pictures" / "curves.svg").read_text(encoding="utf-8")
    lines = re.findall(r'<path d="M([^"]+)" stroke="#[^"]+" stroke-width="2"', svg)
    assert len(lines) == 4
    for line in lines:
        across = [float(point.partition(",")[0]) for point in line.split("L")]
        assert all(left < right for left, right in pairwise(across)), line[:60]


def test_its_pictures_and_links_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_it_links_every_page_of_the_site_but_the_reference() -> None:
    nav = re.search(r"^nav:\n((?: .*\n)+)", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert nav is not None
    pages = re.findall(r": (\S+\.md)$", nav[1], re.MULTILINE)
    assert len(pages) > 15
    for page in pages:
        if page != "index.md" and not page.startswith("reference/"):
            assert f"](docs/{page})" in README, page


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
