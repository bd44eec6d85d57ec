"""The network that trains in the page: it counts as the library does, and its controls work."""

import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from perbatch.backprop.examples import encode
from perbatch.backprop.mode import update_mode
from perbatch.backprop.network import Network
from perbatch.backprop.numpy_engine import NumpyEngine

TEMPLATES = Path(__file__).resolve().parents[2] / "src" / "perbatch" / "report" / "templates"
UNTIL = {"updates": 10, "tolerance": 0.3}
MODES = {
    "M = 1": (1, {}),
    "M = 8": (8, {}),
    "M = 20, the last batch short": (20, {}),
    "all": (48, {}),
    "M = 1 until satisfied": (1, UNTIL),
    "M = 8 until satisfied": (8, UNTIL),
    "all, until satisfied": (48, {"updates": 10, "tolerance": 0.05}),
    "M = 8, three updates a batch": (8, {"updates": 3}),
}
MARGIN = 1e-9
"""No decision to repeat may lie nearer to its tolerance: there the last bits would decide."""

TRAINED = """({visits, mode}) => {
  const given = JSON.parse(document.getElementById('given').textContent);
  const training = new Training(given, mode);
  for (let visit = 0; visit < visits; visit += 1) training.visit();
  const { updates, gradients, checks } = training;
  return {theta: [...training.network.theta], counts: [updates, gradients, checks], loss: training.loss()};
}"""


class Oracle:
    """The library's NumPy engine on what the page was given, batch by batch; every decision is looked at."""

    def __init__(self, given: dict, size: int, rate: float, updates: int = 1, tolerance: float | None = None):
        self.X, self.y = np.array(given["X"]), np.array(given["y"])
        self.network = Network(given["sizes"], activation="tanh")
        mode = update_mode(len(self.y), size, rate, updates, tolerance, None)
        theta = np.array(given["theta"])
        self.engine = NumpyEngine(self.network, theta, encode(self.network, self.X, self.y), mode)
        self.batches = (
            np.array(order[start : start + size])
            for order in cycle(given["orders"])
            for start in range(0, len(order), size)
        )

    def visit(self) -> None:
        """Visit the next batch, and hold that no look at its loss was a narrow one."""
        batch = next(self.batches)
        before, mode = self.engine.theta.copy(), self.engine._mode
        self.engine.advance(batch)
        if mode.tolerance is None:
            return
        for _ in range(mode.updates_per_batch + 1):
            loss = self.network.loss(before, self.X[batch], self.y[batch])
            assert abs(loss - mode.tolerance) > MARGIN
            before -= mode.learning_rate * self.network.gradient(before, self.X[batch], self.y[batch])


def given_by(page) -> dict:
    return page.evaluate("JSON.parse(document.getElementById('given').textContent)")


@pytest.fixture(scope="module")
def trained(chromium: Browser, report: Path) -> Iterator:
    """Train in the page and in the library until so many updates; return both ends."""
    page = chromium.new_page()
    page.goto(report.as_uri())
    given = given_by(page)

    def both(name: str, rate: float, updates: int) -> tuple[dict, Oracle]:
        size, again = MODES[name]
        oracle, visits = Oracle(given, size, rate, **again), 0
        while oracle.engine.updates < updates:
            oracle.visit()
            visits += 1
        mode = {"size": size, "rate": rate, "updates": 1, "tolerance": None} | again
        return page.evaluate(TRAINED, {"visits": visits, "mode": mode}), oracle

    yield both
    page.close()


@pytest.mark.parametrize("rate", [0.1, 0.3])
@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize(("updates", "bar"), [(1, 1e-14), (100, 1e-10)])
def test_it_is_the_engine(trained, name: str, rate: float, updates: int, bar: float) -> None:
    page, oracle = trained(name, rate, updates)
    engine = oracle.engine
    assert page["counts"] == [engine.updates, engine.gradient_evaluations, engine.forward_evaluations]
    assert np.abs(np.array(page["theta"]) - engine.theta).max() <= bar
    assert abs(page["loss"] - oracle.network.loss(engine.theta, oracle.X, oracle.y)) <= 10 * bar


def test_it_is_a_plain_script_of_at_most_300_lines() -> None:
    scripts = [(TEMPLATES / f"{name}.js").read_text(encoding="utf-8") for name in ("engine", "network")]
    assert sum(len(text.splitlines()) for text in scripts) <= 300
    assert "import" not in "".join(scripts)


def values(page) -> dict[str, str]:
    names = ("passes", "updates", "gradients", "checks", "loss", "right")
    return {name: page.locator(f"#lesson-b [data-part={name}]").text_content() for name in names}


def press(page, name: str) -> None:
    page.locator(f"#lesson-b [data-part={name}]").click()


def test_counts_loss_borders_and_paths_move(open_page) -> None:
    page = open_page()
    picture = "name => document.querySelector(`[data-part=${name}]`).toDataURL()"
    before, border, slope = values(page), page.evaluate(picture, "map"), page.evaluate(picture, "surface")
    assert before["updates"] == before["gradients"] == "0"
    for _ in range(3):
        press(page, "pass")
    after = values(page)
    assert (after["passes"], after["updates"], after["gradients"], after["checks"]) == ("3", "18", "144", "0")
    assert float(after["loss"]) < float(before["loss"])
    assert page.evaluate(picture, "map") != border
    assert "One pass more: passes 3, loss" in page.locator("[data-part=said]").inner_text()
    page.locator("[data-part=mode]").select_option("until")
    page.locator("[data-part=rate]").select_option("1")
    press(page, "pass")
    again = values(page)
    assert int(again["checks"]) == 48 and int(again["updates"]) > 6
    page.wait_for_function("document.querySelectorAll('[data-path][points]').length === 6")
    page.wait_for_function(f"document.querySelector('[data-part=surface]').toDataURL() !== {slope!r}")


def test_what_satisfied_means_is_said(open_page) -> None:
    page = open_page(320)
    until = given_by(page)["until"]
    words = page.locator("#lesson-b .rule").inner_text()
    assert f"is {until['tolerance']} or less" in words
    assert f"After {until['updates']} updates" in words


def test_a_line_of_words_does_not_outlive_what_it_told(open_page) -> None:
    page = open_page()
    press(page, "pass")
    press(page, "train")
    assert page.locator("[data-part=said]").inner_text() == ""
    assert re.fullmatch(r"\d\.\d+", page.locator("[data-part=top]").text_content())
    press(page, "train")
    work = int(values(page)["gradients"].replace(",", ""))
    assert page.locator("[data-part=end]").text_content().startswith(f"work: {work:,} gradients")


@pytest.mark.parametrize("size", ["1", "8", "all"])
def test_where_no_update_is_left_it_stops_and_says_so(open_page, size: str) -> None:
    page = open_page()
    page.locator("[data-part=mode]").select_option("until")
    page.locator("[data-part=size]").select_option(size)
    page.locator("[data-part=rate]").select_option("1")
    press(page, "pass")
    assert "satisfied" not in page.locator("[data-part=said]").inner_text()
    press(page, "train")
    page.locator("[data-part=said]", has_text="Every batch of the last pass was satisfied").wait_for()
    stopped = values(page)
    assert float(stopped["passes"]) < 300
    press(page, "pass")
    again = values(page)
    assert (again["updates"], again["loss"]) == (stopped["updates"], stopped["loss"]) or size == "8"


def test_it_trains_until_it_is_paused(open_page) -> None:
    page = open_page()
    press(page, "train")
    page.wait_for_function("parseFloat(document.querySelector('[data-part=passes]').value) > 1")
    press(page, "train")
    stopped = values(page)
    page.wait_for_timeout(100)
    assert values(page) == stopped
    assert page.locator("[data-part=said]").inner_text().startswith("Paused")


def test_reduced_motion_trains_in_one_go(open_page) -> None:
    page = open_page(reduced_motion="reduce")
    press(page, "train")
    assert values(page)["passes"] == "10"
    assert page.locator("[data-part=train]").inner_text() == "Train"


def test_a_rate_that_is_too_high_is_said_to_be(open_page) -> None:
    page = open_page()
    page.locator("[data-part=rate]").evaluate("e => (e.options[0].value = '1e200', e.selectedIndex = 0)")
    press(page, "again")
    press(page, "train")
    page.locator("[data-part=said]", has_text="It diverged, so this rate is too high").wait_for()
    assert values(page)["loss"] == "none"


def test_points_are_dragged_nudged_added_and_removed(open_page) -> None:
    page = open_page()
    page.locator("[data-part=field]").scroll_into_view_if_needed()
    first = page.locator("[data-part=points] path").first
    box = first.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 30, middle[1] - 30, steps=3)
    page.mouse.up()
    moved = page.locator("[data-part=points] path").first.bounding_box()
    assert moved["x"] - box["x"] == pytest.approx(30, abs=2)
    assert moved["y"] - box["y"] == pytest.approx(-30, abs=2)
    page.locator("[data-part=field]").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("[data-part=points] path").first.bounding_box()["x"] < moved["x"] - 5
    press(page, "next")
    assert page.locator("[data-part=said]").inner_text().startswith("Point 2 of 48, class 1, at ")
    press(page, "add")
    assert values(page)["right"].endswith("of 49")
    press(page, "pass")
    assert values(page)["gradients"] == "49"
    press(page, "remove")
    press(page, "remove")
    assert values(page)["right"].endswith("of 47")
    press(page, "original")
    assert values(page)["right"].endswith("of 48")


def test_the_address_keeps_a_setting_and_moved_points(open_page) -> None:
    page = open_page()
    press(page, "pass")
    assert "#" not in page.url
    page.locator("[data-part=mode]").select_option("until")
    page.locator("[data-part=size]").select_option("all")
    page.locator("[data-part=rate]").select_option("0.1")
    press(page, "add")
    address = page.url
    assert "#try;mode=until;size=all;rate=0.1;points=" in address
    other = open_page(path=Path("/dev/null"), alive=0)
    other.goto(address)
    chosen = [other.locator(f"[data-part={name}]").input_value() for name in ("mode", "size", "rate")]
    assert chosen == ["until", "all", "0.1"]
    assert values(other)["right"].endswith("of 49")
    assert other.locator("#lesson-b").evaluate("e => e.getBoundingClientRect().top < innerHeight")
    for nonsense in ("#try;mode=x;rate=9;points=1_2", "#try;points=0_0_7~a"):
        other.goto(address.partition("#")[0] + nonsense)
        other.reload()
        assert values(other)["right"].endswith("of 48")
        assert other.locator("[data-part=rate]").input_value() == "0.3"
    assert other.complaints == []


def test_in_a_sandbox_all_but_the_address_works(open_page, report: Path, tmp_path: Path) -> None:
    frame = tmp_path / "frame.html"
    page = report.read_text(encoding="utf-8").replace("&", "&amp;").replace('"', "&quot;")
    frame.write_text(
        f'<!doctype html><iframe sandbox="allow-scripts" width="900" height="900" srcdoc="{page}"></iframe>',
        encoding="utf-8",
    )
    opened = open_page(path=frame, alive=0)
    inside = opened.frames[1]
    inside.locator("[data-part=pass]").click()
    assert inside.locator("[data-part=gradients]").text_content() == "48"
    assert opened.complaints == []
