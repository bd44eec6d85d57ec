"""Whatever the overrides, in whatever order: the short way of composing gives what Hydra's own gives."""

from collections.abc import Callable, Iterator

import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf, open_dict

from perbatch.runs import places
from perbatch.sweep.compose import CachingLoader

EXAMPLES = 20  # half a second each
Loaders = tuple[ConfigLoader, CachingLoader, DictConfig]

EXPERIMENTS = sorted(path.stem for path in (places.CONF / "experiment").glob("*.yaml"))
GROUPS = {
    "data": ["digits", "diabetes", "letters"],
    "model": ["classifier", "regressor"],
    "repeat": ["never", "fixed", "until_satisfied"],
    "engine": ["numpy", "compiled"],
    "experiment": [*EXPERIMENTS, "null"],
    "hydra/launcher": ["basic"],
}
VALUES = {
    "batch_size": ["1", "32", "full", "'full'", '"8"', "null", "${seed}", "[1,2]", "{a: 1}", "1.5"],
    "learning_rate": ["0.1", "1e-3", ".5", "3", "inf", "nan", "'0.1'", "${evaluation.factor}", "abc"],
    "epochs": ["1", "1_000", "'5'", "${seed}", "1.5", "null", "'${oc.env:EPOCHS,7}'"],
    "seed": ["0", "1", "${epochs}", "${nowhere}"],
    "micro_batch_size": ["null", "3", "${batch_size}"],
    "stop_at": ["null", "0.5", "1e-3"],
    "shuffle": ["true", "False", "off", "1"],
    "evaluation": ["{first: 3}", "{first: 1, factor: 2}", "{first: ${seed}}", "{last: 1}", "null"],
    "evaluation.first": ["1", "'2'"],
    "model": ["{hidden: [3], activation: tanh}", "{bias: ${shuffle}}"],
    "model.hidden": ["[]", "[4]", "[8,4]", "['3']", "[${epochs},2]", "5"],
    "model.hidden.0": ["5", "${seed}"],
    "model.activation": ["tanh", "'a, b'", '"it\'s"', r"a\,b", "${model.loss}", "x${seed}y", "a=b", "''"],
    "model.bias": ["false", "${shuffle}"],
    "data.reader": ["{}", "{a: 1}", "{_target_: x, deep: {b: [1, {c: null}]}}"],
    "data.reader._target_": ["x.y", "null"],
    "data.split": ["{train: 5}", "{train: 1, validation: 2, test: 3, seed: 4}"],
    "data.split.train": ["9", "???", "${data.split.test}"],
    "repeat.tolerance": ["null", "0.3"],
    "repeat": ["{tolerance: 1}"],
    "tracking.parent": ["abc", "'a b'", "'[1'", "'${seed}'", "1e3", "null", "", "${hydra:job.name}"],
    "sweep.results": ["'a b, c'", "${checkout:x}", "'${oc.env:HOME}/x'", "${hydra.job.name}"],
    "speed": ["1"],
}
FORMS = [
    *(
        "+data.reader.extra=1",
        "++data.reader.extra=[1,2]",
        "++data.reader={b: ${seed}}",
        "+new=1",
        "++new={a: 1}",
    ),
    *(
        "++epochs=7",
        "++epochs=${seed}",
        "++model.hidden=[9]",
        "++repeat.tolerance=0.5",
        "++model={bias: true}",
    ),
    *(
        "~stop_at",
        "~micro_batch_size=null",
        "~data.reader._target_",
        "~data.reader",
        "~evaluation.first",
        "~none",
    ),
    *("~experiment", "+repeat=fixed", "+model.width=3", "hydra.job.name=other", "hydra.sweep.subdir=${seed}"),
]


def one_of(choices: dict[str, list[str]]) -> st.SearchStrategy[str]:
    """One override of a key drawn first, so that a key with many values does not come more often."""
    return st.sampled_from(sorted(choices)).flatmap(
        lambda key: st.sampled_from([f"{key}={value}" for value in choices[key]])
    )


shared = st.lists(one_of(GROUPS) | st.sampled_from(FORMS), max_size=3)
values = st.lists(one_of(VALUES), max_size=4)


@pytest.fixture(scope="module")
def loaders() -> Iterator[Loaders]:
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        master = loader.load_configuration("config", ["hydra.job.name=named"], RunMode.MULTIRUN)
        yield loader, CachingLoader(loader), master
    GlobalHydra.instance().clear()


def outcome(compose: Callable[[], object]) -> str:
    """What comes out, as text (where nan equals nan), or else the error."""
    try:
        made = compose()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return OmegaConf.to_yaml(made) if OmegaConf.is_config(made) else repr(made)


def resolved(config: DictConfig) -> object:
    """What a run's identity is made from."""
    with open_dict(config):
        del config["hydra"]
    return OmegaConf.to_container(config, resolve=True)


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(shared=shared, first=values, second=values, data=st.data())
def test_equals_hydra(
    loaders: Loaders,
    caplog: pytest.LogCaptureFixture,
    shared: list[str],
    first: list[str],
    second: list[str],
    data: st.DataObject,
) -> None:
    """The first use of a choice of groups is checked by itself; the second, with other values, here."""
    own, fast, master = loaders
    first, second = (data.draw(st.permutations(shared + each)) for each in (first, second))
    outcome(lambda: fast.load_sweep_config(master, first))
    expected = outcome(lambda: own.load_sweep_config(master, second))
    assert outcome(lambda: fast.load_sweep_config(master, second)) == expected
    plain = outcome(lambda: resolved(own.load_sweep_config(master, second)))
    assert outcome(lambda: fast.settings(master, second)) == plain
