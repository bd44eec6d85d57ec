"""The network that trains in the page: it counts as the library does, and its controls work."""

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
