"""Scores on the test data belong to the run of that identity, whatever the order of the rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from perbatch.backprop import Network, generators
from perbatch.errors import UserError
from perbatch.runs.scoring import Weights, on_test_data

NETWORKS = {"wide": Network((64, 8, 10)), "narrow": Network((64, 3, 10), dtype="float32")}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Two runs of different networks: the shorter row of weights.npy is padded."""
    runs = pd.DataFrame([row(name, network) for name, network in NETWORKS.items()])
    runs.to_csv(tmp_path / "runs.csv", index=False)
    longest = max(network.n_parameters for network in NETWORKS.values())
    stacked = [
        np.pad(theta(n), (0, longest - n.n_parameters), constant_values=np.nan) for n in NETWORKS.values()
    ]
    np.save(tmp_path / "weights.npy", np.array(stacked))
    return tmp_path


def theta(network: Network) -> np.ndarray:
    return network.init(generators(0)[0])


def row(name: str, network: Network) -> dict[str, object]:
    sizes = "-".join(map(str, network.sizes))
    return {
        "identity": name,
        "n_parameters": network.n_parameters,
        "dtype": str(network.dtype),
        "sizes": sizes,
    }


def test_each_run_has_its_own_parameters_without_the_padding(tables: Path) -> None:
    weights = Weights(tables)
    for name, network in NETWORKS.items():
        assert weights[name].dtype == network.dtype
        assert np.array_equal(weights[name], theta(network))


def test_shuffled_rows_have_the_scores_of_their_identities(
    tables: Path, prepared: Path, digest_of_digits: str
) -> None:
    runs = pd.read_csv(tables / "runs.csv").assign(
        task="classification", activation="relu", loss="cross_entropy", bias=True, output="linear"
    )
    runs["data_digest"] = digest_of_digits
    weights = Weights(tables)
    straight = on_test_data(runs, weights, prepared / "digits").set_index("identity")
    shuffled = on_test_data(runs.iloc[::-1], weights, prepared / "digits").set_index("identity")
    assert list(shuffled.index) == ["narrow", "wide"]
    pd.testing.assert_frame_equal(shuffled.loc[straight.index], straight)
    assert straight["test_loss"].nunique() == 2


def test_tables_that_do_not_fit_each_other_are_refused(tables: Path) -> None:
    with pytest.raises(UserError, match=r"^the run other is not in runs\.csv"):
        Weights(tables)["other"]
    np.save(tables / "weights.npy", np.zeros((3, 5)))
    with pytest.raises(UserError, match=r"has 3 rows for the 2 runs of runs\.csv: they are not of one sweep"):
        Weights(tables)
    (tables / "weights.npy").write_bytes(b"no array")
    with pytest.raises(UserError, match=r"weights\.npy cannot be read"):
        Weights(tables)
