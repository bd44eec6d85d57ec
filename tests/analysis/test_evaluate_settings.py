import pytest
import yaml

from perbatch.analysis import check_settings
from perbatch.errors import UserError

GOOD = {"target": {"digits": [0.2, 0.5]}, "tuning_seeds": [0, 1], "mini_batch": 32}


def test_good_block_is_taken_over():
    settings = check_settings(GOOD)
    assert settings.targets_of("digits", 2.3) == (0.2, 0.5)
    assert settings.tuning_seeds == (0, 1)
    assert settings.mini_batch == 32


@pytest.mark.parametrize("key", GOOD)
def test_missing_key_is_named(key):
    block = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(UserError, match=rf"evaluate\.{key} is missing"):
        check_settings(block)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"colour": 1}, r"evaluate\.colour is not known"),
        ({"target": {}}, r"evaluate\.target"),
        ({"target": 0.2}, r"evaluate\.target"),
        ({"target": {"digits": 0.2}}, r"evaluate\.target\.digits is 0\.2; it must be a list"),
        ({"target": {"digits": []}}, r"evaluate\.target\.digits is \[\]"),
        ({"target": {"digits": [0.2, 0]}}, r"evaluate\.target\.digits has 0"),
        ({"target": {"digits": [float("nan")]}}, r"evaluate\.target\.digits has nan"),
        ({"target": {"digits": ["low"]}}, r"evaluate\.target\.digits has 'low'"),
        ({"target": {"digits": [True]}}, r"evaluate\.target\.digits has True"),
        ({"target": {"digits": [0.2, 0.2]}}, r"must not name a loss twice"),
        ({"tuning_seeds": []}, r"evaluate\.tuning_seeds is \[\]"),
        ({"tuning_seeds": 0}, r"evaluate\.tuning_seeds is 0"),
        ({"tuning_seeds": [0, -1]}, r"evaluate\.tuning_seeds has -1"),
        ({"mini_batch": 1}, r"evaluate\.mini_batch has 1"),
        ({"mini_batch": 32.5}, r"evaluate\.mini_batch has 32\.5"),
    ],
)
def test_bad_value_is_named(change, named):
    with pytest.raises(UserError, match=named):
        check_settings(GOOD | change)


@pytest.mark.parametrize("block", [None, [], "digits"])
def test_no_block(block):
    with pytest.raises(UserError, match=r"evaluate is .* must be a block"):
        check_settings(block)


@pytest.mark.types("target")
def test_a_data_set_without_a_target_is_told_one_below_the_start():
    with pytest.raises(UserError, match="no value for the data set 'letters'") as refused:
        check_settings(GOOD).targets_of("letters", 3.24)
    advised = yaml.safe_load(str(refused.value).split("`")[1])
    settings = check_settings(GOOD | {"target": GOOD["target"] | advised})
    assert 0 < settings.targets_of("letters", 3.24)[0] < 3.24


def test_a_target_that_is_met_before_training_is_refused():
    with pytest.raises(UserError, match=r"target\.digits has 0\.5, but runs start at"):
        check_settings(GOOD).targets_of("digits", 0.5)
