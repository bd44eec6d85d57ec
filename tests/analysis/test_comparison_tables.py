import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from perbatch.analysis import build_sweep, read_tables
from perbatch.analysis.tables import check_tables
from perbatch.errors import UserError
from planted import SETTINGS, Y_TRAIN, contender, planted_run, planted_tables, planted_throughput, usual_runs


def write(tables, folder):
    (folder / "train").mkdir()
    (folder / "benchmark").mkdir()
    tables.runs.to_csv(folder / "train/runs.csv", index=False)
    tables.history.to_csv(folder / "train/history.csv", index=False)
    tables.throughput.to_csv(folder / "benchmark/throughput.csv", index=False)
    (folder / "train/settings.json").write_text(json.dumps({"overrides": list(tables.overrides)}))


def test_tables_survive_the_way_through_files(tmp_path):
    tables = planted_tables(usual_runs())
    write(tables, tmp_path)
    read = read_tables(tmp_path / "train", tmp_path / "benchmark")
    pd.testing.assert_frame_equal(read.runs, tables.runs, check_dtype=False)
    assert read.overrides == ("data=digits", "epochs=10")
    pd.testing.assert_frame_equal(
        build_sweep(read, SETTINGS, Y_TRAIN).runs,
        build_sweep(tables, SETTINGS, Y_TRAIN).runs,
        check_dtype=False,
    )


def spoilt(tables, column, value):
    """The tables with another value in the first run."""
    column_of = tables.runs[column].astype(object if isinstance(value, str) else float)
    column_of.iloc[0] = value
    return replace(tables, runs=tables.runs.assign(**{column: column_of}))


def test_missing_file_and_column_are_named(tmp_path):
    write(planted_tables(usual_runs()), tmp_path)
    runs = pd.read_csv(tmp_path / "train/runs.csv").drop(columns="seed")
    runs.to_csv(tmp_path / "train/runs.csv", index=False)
    with pytest.raises(UserError, match=r"runs\.csv lacks the column\(s\) seed"):
        read_tables(tmp_path / "train", tmp_path / "benchmark")
    (tmp_path / "train/runs.csv").unlink()
    with pytest.raises(UserError, match=r"runs\.csv is missing"):
        read_tables(tmp_path / "train", tmp_path / "benchmark")
    (tmp_path / "train/runs.csv").write_text("")
    with pytest.raises(UserError, match=r"runs\.csv is not a CSV table"):
        read_tables(tmp_path / "train", tmp_path / "benchmark")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"overrides": 1}'])
def test_damaged_settings_are_said(tmp_path, text):
    write(planted_tables(usual_runs()), tmp_path)
    (tmp_path / "train/settings.json").write_text(text)
    with pytest.raises(UserError, match=r"settings\.json is damaged: run the stage"):
        read_tables(tmp_path / "train", tmp_path / "benchmark")


def test_no_benchmark_is_no_price(tmp_path):
    write(planted_tables(usual_runs()), tmp_path)
    (tmp_path / "benchmark/throughput.csv").unlink()
    assert read_tables(tmp_path / "train", tmp_path / "benchmark").throughput.empty


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda t: replace(t, runs=t.runs.iloc[:0]), "holds no run"),
        (lambda t: replace(t, runs=t.runs.assign(status="failed")), "all 20 runs failed"),
        (lambda t: replace(t, runs=t.runs.assign(status="lost")), "status 'lost'"),
        (lambda t: replace(t, runs=t.runs.assign(seed=float("nan"))), "seed is empty in 20 runs"),
        (lambda t: replace(t, runs=pd.concat([t.runs, t.runs.iloc[:1]])), "is there twice"),
        (lambda t: spoilt(t, "learning_rate", "fast"), "runs.csv: learning_rate has 'fast', which is not"),
        (lambda t: spoilt(t, "learning_rate", 0.0), "learning_rate is 0 in a run; it must be above 0"),
        (
            lambda t: spoilt(t, "validation_loss", np.nan),
            "1 finished runs have no validation loss",
        ),
        (lambda t: replace(t, runs=t.runs.assign(way="mine")), "has a column way, which evaluation makes"),
        (lambda t: replace(t, history=pd.concat([t.history, t.history.iloc[:1]])), "history.csv: .* twice"),
        (lambda t: replace(t, history=t.history.assign(updates="many")), "history.csv: updates has 'many'"),
        (lambda t: replace(t, history=t.history.iloc[70:]), "has no evaluation"),
        (lambda t: replace(t, history=t.history.assign(identity="other")), "other is not in"),
        (lambda t: replace(t, throughput=pd.concat([t.throughput] * 2)), "throughput.csv: .* is there twice"),
    ],
)
def test_unusable_tables_are_refused_in_one_sentence(spoil, said):
    with pytest.raises(UserError, match=said):
        check_tables(spoil(planted_tables(usual_runs())))


@pytest.mark.parametrize("column", ["data", "n_train", "loss"])
def test_what_must_not_vary_is_named(column):
    tables = planted_tables(usual_runs())
    tables.runs.loc[0, column] = 7 if column == "n_train" else "another"
    with pytest.raises(UserError, match=f"{column} takes the values"):
        check_tables(tables)


def test_two_runs_of_one_cell_and_seed_are_refused_with_what_differs():
    (first, history), (second, other) = planted_run(epochs=10), planted_run(epochs=20)
    second["identity"] = other["identity"] = "longer"
    with pytest.raises(UserError, match=r"is there twice .*differ in identity, epochs"):
        planted_tables([(first, history), (second, other)])


def test_target_met_before_training_is_refused():
    tables = planted_tables(contender(50), planted_throughput())
    settings = replace(SETTINGS, target={"digits": (0.2, 1.0)})
    with pytest.raises(UserError, match=r"evaluate\.target\.digits has 1, but runs start at .* 1: "):
        build_sweep(tables, settings, Y_TRAIN)
