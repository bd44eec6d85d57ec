import numpy as np
import pandas as pd
import pytest

from perbatch.backprop import Network
from perbatch.data import Prepared
from perbatch.sweep import gradients


@pytest.fixture(scope="module")
def measured() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(600, 4)), rng.integers(3, size=600)
    data = Prepared(X, y, X, y, X, y, {})
    network = Network((4, 5, 3), "tanh", "cross_entropy")
    theta = network.init(np.random.default_rng(1))
    return pd.DataFrame(list(gradients._at(network, theta, data, np.random.default_rng(2))))


def test_the_variance_of_a_batch_is_the_theorys(measured: pd.DataFrame) -> None:
    assert (measured["ratio"] - 1).abs().max() < 0.1
    assert set(measured["replacement"]) == {True, False}


def test_drawn_once_each_a_batch_varies_less(measured: pd.DataFrame) -> None:
    both = measured.pivot(index="batch_size", columns="replacement", values="variance")
    assert (both.loc[512, False] / both.loc[512, True]) == pytest.approx((600 - 512) / 599, rel=0.2)


def test_the_mean_of_the_gradients_is_the_batchs(measured: pd.DataFrame) -> None:
    assert measured["mean_error"].max() < 1e-12


def test_without_replacement_no_example_is_twice_in_a_batch() -> None:
    batches = gradients._batches(10, 4, 50, False, np.random.default_rng(0))
    assert all(len(set(batch)) == 4 for batch in batches.tolist())
    drawn = gradients._batches(10, 4, 50, True, np.random.default_rng(0))
    assert any(len(set(batch)) < 4 for batch in drawn.tolist())


def test_both_ways_of_summing_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    deviations = rng.normal(size=(30, 7))
    batches = rng.integers(30, size=(11, 5))
    direct = sum(float(np.square(deviations[batch].sum(axis=0)).sum()) for batch in batches)
    products = deviations @ deviations.T
    assert gradients._squares(products, batches) == pytest.approx(direct)
    monkeypatch.setattr(gradients, "GATHERED", 1)
    assert gradients._squares(products, batches) == pytest.approx(direct)
