"""The short way of composing gives what Hydra's own gives, on every shape of override."""

import logging
import pickle
import re
from collections.abc import Iterator

import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from perbatch.runs import places
from perbatch.sweep.compose import CachingLoader

SHAPES = [
    [],
    ["batch_size=8"],
    ["batch_size=full", "learning_rate=1e-2"],
    ["repeat=until_satisfied", "batch_size=8"],
    ["repeat=until_satisfied", "repeat.tolerance=0.3"],
    ["repeat.tolerance=null"],
    ["model=regressor", "data=diabetes", "seed=3"],
    ["model.hidden=[8,4]"],
    ["model.hidden=[]", "model.activation=tanh"],
    ["experiment=seed_example", "batch_size=8"],
    ["experiment=seed_example", "model=classifier", "data=digits"],
    ["sweep.results='a b, c'"],
    ['sweep.results="${checkout:x}"'],
    ["stop_at=0.5", "micro_batch_size=4"],
    ["micro_batch_size=${batch_size}"],
    ["+data.reader.extra=1"],
    ["++epochs=7", "batch_size=2"],
    ["~data.reader._target_", "batch_size=2"],
    ["data.split={train: 10, validation: 5, test: 5, seed: 1}"],
    ["tracking.uri=http://127.0.0.1:1", "tracking.parent=abc"],
]


@pytest.fixture
def loaders() -> Iterator[tuple[ConfigLoader, CachingLoader, DictConfig]]:
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        master = loader.load_configuration("config", ["hydra.job.name=named"], RunMode.MULTIRUN)
        yield loader, CachingLoader(loader), master


@pytest.mark.parametrize("overrides", SHAPES, ids=" ".join)
def test_equals_hydra(loaders, overrides: list[str], caplog: pytest.LogCaptureFixture) -> None:
    loader, fast, master = loaders
    own = loader.load_sweep_config(master, overrides)
    with caplog.at_level(logging.WARNING):
        first = fast.load_sweep_config(master, overrides)
        again = fast.load_sweep_config(master, overrides)
    assert first == again == own
    assert OmegaConf.to_yaml(again) == OmegaConf.to_yaml(own)
    assert not caplog.records


def test_values_of_one_run_do_not_reach_the_next(loaders) -> None:
    loader, fast, master = loaders
    fast.load_sweep_config(master, ["batch_size=8", "model.hidden=[8]"])
    second = fast.load_sweep_config(master, ["learning_rate=0.5"])
    assert second == loader.load_sweep_config(master, ["learning_rate=0.5"])


@pytest.mark.parametrize(
    "key", ["seed", "learning_rate", "tracking.experiment", "shuffle", "batch_size", "model.hidden"]
)
def test_whole_numbers_are_read_as_hydra_reads_them(loaders, key: str) -> None:
    loader, fast, master = loaders
    for number in ("7", "1", "0", "12345678901234567890", "007", "2"):
        try:
            own = loader.load_sweep_config(master, [f"{key}={number}"])
        except HydraException as error:
            with pytest.raises(HydraException, match=re.escape(str(error).splitlines()[0])):
                fast.settings(master, [f"{key}={number}"])
            continue
        ours = fast.settings(master, [f"{key}={number}"])
        assert fast.load_sweep_config(master, [f"{key}={number}"]) == own
        with open_dict(own):
            del own["hydra"]
        assert repr(ours) == repr(OmegaConf.to_container(own, resolve=True))


def test_groups_are_composed_once_and_travel_to_workers(loaders, monkeypatch) -> None:
    loader, fast, master = loaders
    fast.load_sweep_config(master, ["batch_size=8"])
    there = pickle.loads(pickle.dumps(fast))

    def not_again(*_: object) -> None:
        raise AssertionError("composed by Hydra again")

    monkeypatch.setattr(type(loader), "load_sweep_config", not_again)
    assert there.load_sweep_config(master, ["batch_size=9"]).batch_size == 9


@pytest.mark.parametrize("overrides", [["epochs=abc"], ["speed=1"], ["repeat=often"], ["batch_size=[1"]])
def test_says_what_hydra_says_of_a_bad_override(loaders, overrides: list[str]) -> None:
    loader, fast, master = loaders
    with pytest.raises(HydraException) as own:
        loader.load_sweep_config(master, overrides)
    with pytest.raises(HydraException) as ours:
        fast.load_sweep_config(master, overrides)
    assert str(ours.value) == str(own.value)
