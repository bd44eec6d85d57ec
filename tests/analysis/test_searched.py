"""What a search was given, read from a sweep's settings."""

import pytest

from perbatch.analysis.searched import Searched, searched

LOG = {"low": 0.001, "high": 1, "log": True}


def block(*intervals):
    space = [[[f"batch_size={place}"], {"learning_rate": each}] for place, each in enumerate(intervals)]
    return {"sampler": "tpe", "trials": 6, "batch": 4, "space": space}


def test_an_interval_that_all_cells_share_is_read():
    assert searched(block(LOG, LOG)) == Searched("tpe", 6, 0.001, 1, log=True)


@pytest.mark.parametrize(
    "search", [None, block(LOG, LOG | {"high": 3}), block({"choices": ["0.1", "0.3"]}), block(None)]
)
def test_what_has_no_common_interval_is_as_a_grid(search):
    assert searched(search) is None


@pytest.mark.parametrize(
    ("log", "rate", "edge"),
    [
        (True, 0.0019, "low"),
        (True, 0.0021, ""),
        (True, 0.49, ""),
        (True, 0.51, "high"),
        (False, 0.1, "low"),
        (False, 0.51, ""),
        (False, 1.0, "high"),
    ],
)
def test_a_tenth_of_the_interval_is_its_edge(log, rate, edge):
    assert Searched("tpe", 6, 0.001, 1, log).edge(rate) == edge
