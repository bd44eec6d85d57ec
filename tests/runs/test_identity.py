"""A run's identity: changes with all that can change the result, and with nothing else."""

import json
import shutil
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from perbatch.runs import identity, places

CHANGES = [
    "batch_size=31",
    "learning_rate=0.31",
    "epochs=99",
    "seed=1",
    "micro_batch_size=16",
    "shuffle=false",
    "stop_at=0.1",
    "evaluation.first=11",
    "evaluation.factor=1.3",
    "model.hidden=[33]",
    "model.activation=tanh",
    "model.loss=squared_error",
    "model.bias=false",
    "model.dtype=float32",
    "repeat.updates_per_batch=2",
    "repeat.tolerance=0.2",
    "engine=numpy",
    "metric=perbatch.overrides.typed",
]

SAME = [
    "tracking.uri=sqlite:///elsewhere.db",
    "tracking.parent=abc",
    "sweep.results=/tmp/elsewhere",
    "rerun=true",
    "hydra.job.name=other",
    "learning_rate=3e-1",
    "repeat=never",
]


def test_changes_with_each_key_that_can_change_the_result(composed) -> None:
    identities = [identity.of(composed())] + [identity.of(composed(override)) for override in CHANGES]
    assert len(set(identities)) == len(identities)


def test_every_key_is_either_tried_above_or_ignored_for_a_reason(composed) -> None:
    def leaves(values: dict, prefix: str = "") -> set[str]:
        return {
            leaf
            for key, value in values.items()
            for leaf in (leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key})
        }

    config = composed()
    kept = {key: config[key] for key in config if key not in identity.IGNORED}
    tried = {override.partition("=")[0] for override in CHANGES}
    rest = leaves(OmegaConf.to_container(OmegaConf.create(kept))) - tried
    assert {key for key in rest if not key.startswith("data.")} == {"model.output", "engine.name"}


@pytest.mark.parametrize("override", SAME)
def test_ignores_what_cannot_change_the_result(composed, override: str) -> None:
    assert identity.of(composed(override)) == identity.of(composed())


def test_every_spelling_of_full_batch_is_the_same_run(composed) -> None:
    spellings = [composed(f"batch_size={size}") for size in ("full", 1000, 4096)]
    assert len({identity.of(config) for config in spellings}) == 1
    assert identity.of(composed("batch_size=999")) != identity.of(spellings[0])


def test_does_not_depend_on_the_order_of_keys(composed) -> None:
    config = composed()
    backwards = OmegaConf.create({key: config[key] for key in reversed(list(config)) if key != "hydra"})
    assert identity.of(backwards) == identity.of(config)


def test_changes_with_one_byte_of_the_data(composed, prepared: Path, tmp_path: Path, monkeypatch) -> None:
    from perbatch.data.prepared import ARRAYS, arrays_digest, summary_digest

    before = identity.of(composed())
    shutil.copytree(prepared, tmp_path / "other")
    folder = tmp_path / "other" / "digits"
    X = np.load(folder / "X_train.npy")
    X[0, 0] = np.nextafter(X[0, 0], 1)
    np.save(folder / "X_train.npy", X)
    summary = json.loads((folder / "summary.json").read_text())
    summary["digest"] = arrays_digest({name: np.load(folder / f"{name}.npy") for name in ARRAYS})
    summary["summary_digest"] = summary_digest(summary)
    (folder / "summary.json").write_text(json.dumps(summary))
    monkeypatch.setattr(places, "PREPARED", tmp_path / "other")
    assert identity.of(composed()) != before


def test_numbas_minor_version_counts_for_the_engine_that_uses_it(composed, monkeypatch) -> None:
    compiled, reference = composed("engine=compiled"), composed("engine=numpy")
    before = identity.of(compiled), identity.of(reference)
    monkeypatch.setattr(identity, "version", lambda library: f"{version(library)}.1")
    assert (identity.of(compiled), identity.of(reference)) == before
    monkeypatch.setattr(identity, "_numba", lambda: "0.1")
    assert identity.of(compiled) != before[0]
    assert identity.of(reference) == before[1]


def test_changes_with_numpys_minor_version_the_code_and_the_format_of_a_run(composed, monkeypatch) -> None:
    before = identity.of(composed())
    with monkeypatch.context() as patch:
        patch.setattr(np, "__version__", "2.99.0")
        assert identity.of(composed()) != before
    with monkeypatch.context() as patch:
        patch.setattr(identity, "code", lambda: "another")
        assert identity.of(composed()) != before
    with monkeypatch.context() as patch:
        patch.setattr(identity, "FORMAT", identity.FORMAT - 1)
        assert identity.of(composed()) != before
    assert identity.of(composed()) == before


def test_where_own_data_lay_and_their_licence_do_not_count_and_how_they_are_read_does(composed) -> None:
    split = ("data.split.train=70", "data.split.validation=15", "data.split.test=15")

    def settings(path: str, *overrides: str) -> dict:
        return identity.settings(composed("data=table", f"data.reader.path={path}", *split, *overrides))

    assert settings("/here.csv") == settings("/there.csv", "data.reader.licence=CC0")
    assert settings("/here.csv") != settings("/here.csv", "data.reader.target=0")
    assert "path" not in settings("/here.csv")["data"]["reader"]
