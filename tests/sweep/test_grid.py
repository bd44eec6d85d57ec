"""Expansion of a grid: Hydra's grammar, its basic sweeper's order."""

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from perbatch.errors import UserError
from perbatch.sweep.grid import expand

SWEEPS = [
    ["batch_size=1,8,full", "learning_rate=0.1,0.3"],
    ["seed=range(0,5)", "batch_size=choice(1,2)"],
    ["model.hidden=[8],[16,8]", "repeat=glob(*,exclude=never)", "seed=1"],
    ["+x=1,2", "++y=3"],
    ["sweep.results='a,b'", "stop_at=null,0.5"],
    ["learning_rate=sort(3,1,2,reverse=true)"],
    [],
]


@pytest.mark.parametrize("arguments", SWEEPS, ids=" ".join)
def test_expands_as_the_basic_sweeper(composed, arguments: list[str]) -> None:
    from hydra.core.global_hydra import GlobalHydra

    loader = GlobalHydra.instance().config_loader()
    parsed = OverridesParser.create(config_loader=loader).parse_overrides(arguments)
    assert expand({}, arguments, loader) == BasicSweeper.split_arguments(parsed, None)[0]


def test_an_argument_replaces_the_param_of_the_same_key() -> None:
    params = {"batch_size": "1,2", "seed": "0,1"}
    assert expand(params, ["batch_size=9"], None) == [
        ["batch_size=9", "seed=0"],
        ["batch_size=9", "seed=1"],
    ]


def test_a_deletion_stays_one_whatever_the_value() -> None:
    assert expand({}, ["~stop_at", "seed=1,2"], None) == [["~stop_at", "seed=1"], ["~stop_at", "seed=2"]]


def test_refuses_an_interval_and_bad_grammar() -> None:
    with pytest.raises(UserError, match=r"learning_rate=interval\(0,1\)"):
        expand({}, ["learning_rate=interval(0,1)"], None)
    with pytest.raises(HydraException):
        expand({}, ["batch_size=[1"], None)


def test_grids_are_products_of_their_own_on_top() -> None:
    grids = [{"batch_size": "1,8", "learning_rate": "0.1"}, {"batch_size": "full", "learning_rate": "1,3"}]
    assert expand({"seed": "0"}, [], None, grids) == [
        ["seed=0", "batch_size=1", "learning_rate=0.1"],
        ["seed=0", "batch_size=8", "learning_rate=0.1"],
        ["seed=0", "batch_size=full", "learning_rate=1"],
        ["seed=0", "batch_size=full", "learning_rate=3"],
    ]


@pytest.mark.parametrize("grids", ["full", [{"seed": "1"}, 3], {"seed": "1"}], ids=str)
def test_refuses_grids_that_are_none(grids: object) -> None:
    with pytest.raises(UserError, match=r"hydra\.sweeper\.grids=.*a list of mappings"):
        expand({}, [], None, grids)


def test_refuses_an_empty_grid_and_a_limit_that_is_no_number() -> None:
    with pytest.raises(UserError, match="no combination"):
        expand({"epochs": "1,2"}, ["seed=range(0,0)"], None)
    with pytest.raises(UserError, match=r"max_combinations=many: must be a whole number"):
        expand({}, [], None, limit="many")


def test_a_million_combinations_are_counted_not_made() -> None:
    axes = {key: "range(0,100)" for key in ("seed", "epochs", "batch_size")}
    with pytest.raises(UserError, match=r"1,000,000 combinations.*limit of 100,000.*max_combinations"):
        expand(axes, [], None)
