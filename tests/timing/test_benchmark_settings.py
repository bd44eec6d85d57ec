import re
from typing import Any

import pytest

from perbatch.errors import UserError
from perbatch.sweep.params import block as block_of
from perbatch.timing import Settings, TimedNetwork, check_settings

KEYS = ("networks", "dtype", "engine", "batch_size", "micro_batch_size", "repeats")
OF_NETWORK = ("sizes", "activation", "loss", "bias", "output")
LISTS = ("networks", "dtype", "engine", "batch_size", "micro_batch_size")
COUNTS = ("batch_size", "micro_batch_size", "repeats")


def with_network(block: dict[str, Any], **changes: object) -> dict[str, Any]:
    """The block with another network."""
    return {**block, "networks": [block["networks"][0] | changes]}


def refused(block: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=f"^{re.escape('params.yaml: benchmark.' + sentence)}$"):
        check_settings(block)


def test_the_projects_own_block_is_allowed_and_can_carry_the_verdict_on_powers_of_two() -> None:
    settings = check_settings(block_of("benchmark"))
    assert {31, 32, 33, 63, 64, 65, 127, 128, 129, 40, 48, 96, 100} <= set(settings.batch_size)


def test_a_good_block(block: dict[str, Any]) -> None:
    network = TimedNetwork((4, 3, 2), "relu", "cross_entropy", True, "linear")
    expected = Settings((network,), ("float64",), ("numpy",), (64, 1000, 8), (32,), repeats=3)
    assert check_settings(block) == expected


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_key(key: str, block: dict[str, Any]) -> None:
    del block[key]
    refused(block, f"{key} is missing; it needs {', '.join(KEYS)}")


@pytest.mark.parametrize("key", OF_NETWORK)
def test_a_missing_key_of_a_network(key: str, block: dict[str, Any]) -> None:
    del block["networks"][0][key]
    refused(block, f"networks: {key} is missing; it needs {', '.join(OF_NETWORK)}")


def test_an_unknown_key(block: dict[str, Any]) -> None:
    refused({**block, "repeat": 3}, f"repeat=3: not a key here, where the keys are {', '.join(KEYS)}")
    keys = ", ".join(OF_NETWORK)
    refused(with_network(block, size=3), f"networks: size=3: not a key here, where the keys are {keys}")


@pytest.mark.parametrize("value", ["64-32-10", [64, 32, 10], None])
def test_a_network_that_is_none(value: object, block: dict[str, Any]) -> None:
    keys = ", ".join(OF_NETWORK)
    refused({**block, "networks": [value]}, f"networks={value}: each must be a network, with {keys}")


@pytest.mark.parametrize("value", [1, "yes", None])
def test_a_bias_is_there_or_not(value: object, block: dict[str, Any]) -> None:
    refused(with_network(block, bias=value), f"bias={value}: must be true or false")


@pytest.mark.parametrize("key", LISTS)
@pytest.mark.parametrize("value", [[], 32, "numpy", None, {"a": 1}])
def test_what_is_no_list_of_values(key: str, value: object, block: dict[str, Any]) -> None:
    refused({**block, key: value}, f"{key}={value}: must be a list of at least one value")


@pytest.mark.parametrize("key", COUNTS)
@pytest.mark.parametrize("value", [0, -1, 1.5, 8.0, "8", True, None, [8], float("nan")])
def test_what_is_no_count(key: str, value: object, block: dict[str, Any]) -> None:
    block[key] = [8, value] if key in LISTS else value
    refused(block, f"{key}={value}: must be a whole number of at least 1")
    refused(with_network(block, sizes=[8, value]), f"sizes={value}: must be a whole number of at least 1")


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("activation", "relu, tanh, sigmoid, identity"),
        ("loss", "cross_entropy, squared_error"),
        ("output", "linear, sigmoid"),
        ("dtype", "float64, float32"),
    ],
)
@pytest.mark.parametrize("value", ["nothing", "", 1, None, ["relu"]])
def test_an_unknown_name(key: str, allowed: str, value: object, block: dict[str, Any]) -> None:
    other = {**block, key: [value]} if key in LISTS else with_network(block, **{key: value})
    refused(other, f"{key}={value}: must be one of {allowed}")


def test_an_unknown_engine(block: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"^params\.yaml: benchmark\.engine=abacus: must be one of numpy"):
        check_settings({**block, "engine": ["numpy", "abacus"]})


@pytest.mark.parametrize(("key", "value"), [("batch_size", 8), ("engine", "numpy"), ("dtype", "float64")])
def test_a_value_listed_twice_would_be_two_rows_of_one_key(
    key: str, value: object, block: dict[str, Any]
) -> None:
    refused(
        {**block, key: [value, value]}, f"{key}={value}: is there twice; each value gives rows of its own"
    )


@pytest.mark.parametrize("sizes", [[4], [4, 3, 1]])
def test_sizes_that_make_no_network(sizes: list[int], block: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=rf"^params\.yaml: benchmark\.sizes={re.escape(str(sizes))}: .*\d"):
        check_settings(with_network(block, sizes=sizes))
