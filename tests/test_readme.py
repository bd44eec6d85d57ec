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
sys.path.insert(0, str(ROOT / "docs"))

import pictures  # noqa: E402
import readme_block  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_numbers_are_those_of_the_committed_results() -> None:
    metrics = json.loads((ROOT / "results" / "evaluate" / "metrics.json").read_text(encoding="utf-8"))
    assert readme_block.START + readme_block.block(metrics) + readme_block.END in README


def told(**changed: float | str | None) -> str:
    """The block from the committed metrics with some of them changed."""
    metrics = json.loads((ROOT / "results" / "evaluate" / "metrics.json").read_text(encoding="utf-8"))
    assert set(changed) <= set(metrics)
    return readme_block.block(metrics | changed)


def ratio(quantity: str, *values: float | None) -> dict[str, float | None]:
    return dict(
        zip((f"repeat_over_plain_{quantity}{end}" for end in ("", "_low", "_high")), values, strict=True)
    )


NO_TIME = ratio("seconds", None, None, None)


@pytest.mark.parametrize("time", [NO_TIME, ratio("seconds", 2, 1.5, 3), ratio("seconds", 0.5, 0.3, 0.7)])
@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.8, 1.3, "no difference was shown"), (0.5, 0.9, "so it paid"), (1.2, 2.0, "so it cost more")],
)
def test_what_repeating_costs_is_told_by_evaluations_whatever_time_says(
    low: float, high: float, verdict: str, time: dict[str, float | None]
) -> None:
    text = told(**ratio("evaluations", (low * high) ** 0.5, low, high), **time)
    assert verdict in text
    assert ("; in time " in text) is (time != NO_TIME)


def test_where_not_every_seed_got_there_the_block_says_so() -> None:
    text = told(**ratio("evaluations", None, None, None), full_batch_epochs_to_target=None)
    assert "these runs cannot say" in text
    assert "Not both ends got there" in text
    assert "| full-batch (M = 1,000) | 1 | not reached |" in text


def test_the_smallest_batch_may_need_more_epochs() -> None:
    text = told(stochastic_epochs_to_target=100.0, full_batch_epochs_to_target=50.0)
    assert "took 2 times more epochs" in text


def test_the_fastest_batch_size_is_named_with_those_that_were_not_shown_slower() -> None:
    assert "every other size took more." in told(fastest_not_shown_slower="")
    assert "of M = 64, 256 it was not shown that it took more." in told(fastest_not_shown_slower="64 256")
    nothing = told(fastest_batch_size=None, fastest_seconds_to_target=None)
    assert "took the least time" not in nothing
    assert "the fastest" not in nothing


def test_the_table_says_what_each_mode_is_best_at() -> None:
    text = told(stochastic_epochs_to_target=1.0, full_batch_test_accuracy=0.99, fastest_batch_size=None)
    rows = {row.split(" | ")[0]: row.split(" | ")[-1] for row in text.splitlines() if row.startswith("| ")}
    assert rows["| stochastic (M = 1)"].startswith("fewest epochs")
    assert rows["| full-batch (M = 1,000)"] == "fewest updates, highest accuracy |"


def test_the_picture_that_answers_comes_before_the_numbers_and_the_curves() -> None:
    places = [README.index(f"docs/pictures/{name}") for name in ("updates.svg", "curves.svg")]
    assert places[0] < README.index(readme_block.START) < places[1]


@pytest.mark.parametrize("name", ["updates", "curves", "peers"])
def test_a_picture_has_no_ground_of_its_own_and_colours_for_a_dark_page(name: str) -> None:
    svg = (ROOT / "docs" / "pictures" / f"{name}.svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg xmlns")
    assert "prefers-color-scheme: dark" in svg
    assert not re.search(r'fill="(white|#fff(fff)?)"', svg)
    label = re.search(r'role="img" aria-label="([^"]*)"', svg)
    assert label is not None and re.search(r"\d", label[1])


@pytest.mark.parametrize("reached", [2.5, None])
def test_a_mode_is_one_line_though_many_contenders_repeat(reached: float | None) -> None:
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
    repeated = {"target": 0.2, "way": "until satisfied", "learning_rate": 0.1, "updates_to_target": 900.0}
    comparison = pd.DataFrame(
        [
            {
                **(repeated | contender),
                "epochs_to_target": reached,
                "validation_loss": losses[contender["updates_per_batch"], contender["tolerance"]],
                "way": "fixed" if contender["tolerance"] is None else "until satisfied",
            }
            for contender in contenders
        ]
    )
    metrics = {"target": 0.2, "repeat_learning_rate": 0.1, "repeat_updates_to_target": 900.0}
    metrics |= {"repeat_epochs_to_target": reached, "repeat_validation_loss": 0.09}
    shown = pictures.rows_of_table(curves, comparison, metrics)
    assert not shown.duplicated(["mode", "presentations"]).any()
    assert sorted(shown["mode"].unique()) == ["full-batch", "mini-batch", "repeat", "stochastic"]
    repeat = shown[shown["mode"] == "repeat"]
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
