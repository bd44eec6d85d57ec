"""What a reader plays with is what the library does: the events of a pass, the start and orders of a run."""

from itertools import pairwise

import numpy as np
import pytest

from perbatch.backprop.examples import encode
from perbatch.backprop.mode import update_mode
from perbatch.backprop.numpy_engine import NumpyEngine
from perbatch.backprop.train import train
from perbatch.report.lessons import network
from perbatch.report.lessons.frames import as_table, reels
from perbatch.report.lessons.steps import LESSONS, LINE, RATE, START, X, Y, events


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_pass_ends_where_the_engine_ends_with_its_counts(lesson):
    mode = update_mode(len(X), lesson.size, RATE, lesson.updates, lesson.tolerance, None)
    engine = NumpyEngine(LINE, np.array(START), encode(LINE, X, Y), mode)
    engine.advance(np.arange(len(X)))
    last = events(lesson)[-1]
    assert last.path[-1] == pytest.approx(engine.theta, abs=1e-12)
    assert last.counts == (engine.gradient_evaluations, engine.updates, engine.forward_evaluations)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_nothing_moves_but_by_an_update_and_that_is_the_mean_of_the_pile(lesson):
    told = events(lesson)
    for before, after in pairwise(told):
        moved = np.subtract(after.path[-1], before.path[-1])
        assert (after.kind == "update") == bool(moved.any())
        if after.kind == "update":
            assert before.pile == after.pile
            assert moved == pytest.approx(np.mean(after.pile, axis=0))
        if after.kind == "gradient":
            assert len(after.now) == 1
            assert f"Example {after.now[0] + 1} " in after.words


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_strip_shows_a_wait_an_update_and_an_end(lesson):
    told = events(lesson)
    kinds = [told[place].kind for place in lesson.strip]
    assert "update" in kinds
    assert kinds[-1] == ("look" if lesson.tolerance is not None else "update")
    gradients, updates, looks = told[-1].counts
    counted = f"The pass is over: {gradients} gradients, {updates} update"
    assert counted in told[-1].words
    assert (f"and {looks} looks at the loss, each half a gradient's work." in told[-1].words) == bool(looks)


def test_each_frame_says_in_its_text_what_was_counted():
    frames = [frame for reel in reels() for frame in reel.frames]
    assert len(frames) == sum(len(events(lesson)) for lesson in LESSONS) > 40
    assert len(as_table().splitlines()) == 1 + len(frames)
    assert all("gradients " in frame.svg.split(">")[0] for frame in frames)


@pytest.mark.parametrize("size", [1, 8, "full"])
def test_start_and_orders_are_those_of_a_run_with_that_seed(size):
    points, labels = network.drawn_points()
    theta, orders = network.start_and_orders()
    settings = {"batch_size": size, "learning_rate": 0.3, "epochs": 3, "seed": network.SEED}
    run = train(network.network(), theta, points, labels, **settings)
    batch = len(labels) if size == "full" else size
    mode = update_mode(len(labels), batch, 0.3, 1, None, None)
    engine = NumpyEngine(network.network(), theta.copy(), encode(network.network(), points, labels), mode)
    for order in orders[:3]:
        engine.advance(order)
    assert (run.theta == engine.theta).all()


def test_the_points_are_there_to_be_learned():
    points, labels = network.drawn_points()
    theta, _ = network.start_and_orders()
    run = train(
        network.network(),
        theta,
        points,
        labels,
        batch_size=8,
        learning_rate=0.3,
        epochs=60,
        seed=network.SEED,
    )
    assert run.history["train_accuracy"][0] < 0.6
    assert run.history["train_accuracy"][-1] > 0.9
