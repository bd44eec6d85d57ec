"""Studies as configs: their data, their identity, their experiment in MLflow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from perbatch.data import training_examples
from perbatch.errors import UserError
from perbatch.runs import identity, places
from perbatch.runs.run import experiment_name
from perbatch.sweep import params, studies
from perbatch.sweep.compose import CachingLoader
from perbatch.sweep.plan import Plan, extend

Compose = Callable[..., DictConfig]


@pytest.fixture
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "PREPARED", tmp_path)
    GlobalHydra.instance().clear()
    return tmp_path


def test_a_study_prepares_the_data_of_its_whole_grid(own_data: Path) -> None:
    studies.prepare_data("redundancy")
    assert {path.name for path in own_data.iterdir()} == {"digits_studies", "digits_ten_times"}
    assert len(np.load(own_data / "digits_ten_times" / "X_train.npy")) == 10_000
    before = {path: path.stat().st_mtime_ns for path in own_data.rglob("*.npy")}
    studies.prepare_data("redundancy")
    assert {path: path.stat().st_mtime_ns for path in own_data.rglob("*.npy")} == before


def test_a_study_leaves_the_pipelines_data_alone(own_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(params, "data_overrides", lambda: {"data": "digits_studies"})
    with pytest.raises(UserError, match=r"^redundancy: data=digits_studies: they are the pipeline's own"):
        studies.prepare_data("redundancy")
    assert list(own_data.iterdir()) == []


def test_data_that_are_not_at_hand_are_one_sentence(own_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERBATCH_OFFLINE", "1")
    monkeypatch.setenv("PERBATCH_CACHE", str(own_data / "none"))
    monkeypatch.delenv("PERBATCH_DATA", raising=False)
    with pytest.raises(UserError, match=r"^train-images-idx3-ubyte\.gz is not on this machine"):
        studies.prepare_data("steps_to_target_mnist")


@pytest.mark.parametrize("name", params.study_names())
def test_every_study_of_params_has_a_block_that_its_types_take(name: str) -> None:
    block = studies.study_block(name)
    assert block["claim"]
    assert block["conditions"]


def test_data_whose_readers_have_other_settings_are_one_sweep(own_data: Path) -> None:
    """The letters' reader has settings of its own, as the teacher's, and those of other data have none."""
    studies.prepare_data("elsewhere")
    GlobalHydra.instance().clear()
    asked = [["data=teacher", "model=regressor"], ["data=iris_studies"]]
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        master = compose("config", ["experiment=elsewhere"], return_hydra_config=True)
        plan = Plan()
        extend(plan, asked, CachingLoader(GlobalHydra.instance().config_loader()), master)
    assert len(plan.order) == 2
    assert plan.common["batch_size"] == 32
    assert "data.name" not in plan.common and "data.reader.examples" not in plan.common


def test_how_runs_are_judged_is_no_part_of_them(composed: Compose, own_data: Path) -> None:
    studies.prepare_data("steps_to_target")
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(places.CONF), version_base="1.3"):
        steps, critical = (
            compose("config", [f"experiment={name}"]) for name in ("steps_to_target", "critical_batch_size")
        )
    assert OmegaConf.to_container(steps.study) != OmegaConf.to_container(critical.study)
    assert identity.of(steps) == identity.of(critical)
    assert (experiment_name(steps), experiment_name(critical)) == ("steps_to_target", "critical_batch_size")


def test_copies_count_as_training_examples(composed: Compose) -> None:
    config = composed("data=digits_ten_times", "batch_size=full")
    assert training_examples(config.data) == 10_000
    assert identity.effective_batch_size(config) == 10_000
    assert experiment_name(config) == "digits_ten_times"


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"names": "one"}, "study.names='one': must be a list"),
        ({"names": []}, "study.by_hand=None: must be a list"),
        ({"names": [], "by_hand": [], "from_benchmark": [], "other": 1}, "study.other is not a key"),
    ],
)
def test_a_bad_block_of_params(block: dict[str, object], said: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    OmegaConf.save({"study": block}, path)
    with pytest.raises(UserError, match=said):
        params.study_names(path)


def test_a_planned_study_whose_combinations_share_runs_is_refused() -> None:
    GlobalHydra.instance().clear()
    every = 6 * 8 * 2  # orders and sizes, rates, tuning seeds
    assert "seed:'range(5,9)'" in studies.with_seeds("fresh_order", [0], every, range(5, 9))
    with pytest.raises(
        UserError, match=r"^fresh_order: its sweep has 96 combinations and 90 runs; .* leave out"
    ):
        studies.with_seeds("fresh_order", [0], 90, range(5, 9))
