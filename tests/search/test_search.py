"""A search: the same trials whoever trains them, replayed from the runs' folders."""

import csv
import json
import math
import random
import re
import shlex
import time
from pathlib import Path

import pytest

from perbatch.tracking.sweep_log import members_digest
from processes import BASIC, Place, copy_checkout, kill, wait_for

pytest.importorskip("optuna")
SPACE = (
    "search=tpe",
    "learning_rate=tag(log, interval(0.001, 3))",
    "batch_size=full,64",
    "epochs=2",
    "seed=2",
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("checkout"), prepared)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Place:
    place = Place(tmp_path_factory.mktemp("straight"), checkout)
    place.run(*SPACE, "search.trials=6", BASIC)
    return place


def rates(place: Place) -> list[float]:
    lines = (place.root / "tables" / "runs.csv").read_text().splitlines()
    column = lines[0].split(",").index("learning_rate")
    return [float(line.split(",")[column]) for line in lines[1:]]


@pytest.mark.slow
def test_each_cell_has_as_many_trials_of_three_digits(straight: Place) -> None:
    said = json.loads((straight.root / "tables" / "settings.json").read_text())["search"]
    assert said["trials"] == 6
    assert len(straight.stamps()) >= 6 * 2 * 2
    assert all(0.001 <= rate <= 3 and float(f"{rate:.3g}") == rate for rate in rates(straight))


@pytest.mark.slow
def test_again_it_trains_nothing_and_more_trials_go_on(straight: Place) -> None:
    kept, tables = straight.stamps(), straight.tables()
    best_in_mlflow(straight, trials=6)
    said = straight.run(*SPACE, "search.trials=6", BASIC)
    assert straight.stamps() == kept
    assert straight.tables() == tables
    assert not re.search(r"[1-9]\d* to train", said)
    assert straight.statuses("sweep") == {"FINISHED": 1}
    straight.run(*SPACE, "search.trials=7", BASIC)
    assert kept.items() < straight.stamps().items()
    best_in_mlflow(straight, trials=7)
    straight.run(*SPACE, "search.trials=6", BASIC)
    assert straight.tables() == tables


def best_in_mlflow(place: Place, trials: int) -> None:
    """The newest parent has exactly the runs of the table; its best values are those of the tagged runs."""
    with (place.root / "tables" / "runs.csv").open() as table:
        rows = list(csv.DictReader(table))
    name = f"search by tpe, {trials} trials a cell"
    parents = place.query(f"SELECT run_uuid FROM runs WHERE name = '{name}' ORDER BY start_time DESC")
    tags = dict(place.query(f"SELECT key, value FROM tags WHERE run_uuid = '{parents[0][0]}'"))
    assert tags["perbatch.members"] == members_digest(row["identity"] for row in rows)
    below = place.root / "mlartifacts" / "digits" / parents[0][0] / "artifacts" / "search"
    assert len(list(below.glob("*/history.png"))) == len(list(below.glob("*/slice.png"))) == 2
    with (below / "trials.csv").open() as table:
        asked = list(csv.DictReader(table))
    assert len(asked) == 2 * trials
    best = {(each["cell"], each["learning_rate"]) for each in asked if each["best"] == "1"}
    assert all(f"| {cell} | learning_rate={rate} |" in tags["mlflow.note.content"] for cell, rate in best)
    wanted = {("1000" if cell.endswith("full") else "64", rate) for cell, rate in best}
    query = "SELECT i.value FROM tags b JOIN tags i USING (run_uuid) WHERE b.key = 'best'"
    tagged = {identity for (identity,) in place.query(f"{query} AND i.key = 'perbatch.identity'")}
    said = json.loads((place.root / "tables" / "settings.json").read_text())["search"]
    assert said["best"] == sorted(tagged)
    rates = {(row["batch_size"], row["learning_rate"], row["identity"]) for row in rows}
    assert tagged == {identity for size, rate, identity in rates if (size, rate) in wanted}
    assert len(tagged) == 2 * 3


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 4])
def test_workers_change_no_trial(straight: Place, checkout: Path, tmp_path: Path, workers: int) -> None:
    place = Place(tmp_path / "root", checkout)
    place.run(*SPACE, "search.trials=6", "hydra/launcher=joblib", f"hydra.launcher.n_jobs={workers}")
    assert place.tables() == straight.tables()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("learning_rate=interval(3, 1)",), "its first number must be below its second"),
        (("learning_rate=tag(log, interval(0, 1))",), "a logarithm needs numbers above 0"),
        (("learning_rate=0.1",), "there is nothing to search"),
        (("learning_rate=interval(0.1, 1)", "search.trials=0"), "search.trials=0: must be a whole number"),
    ],
)
def test_bad_input_is_one_sentence(place: Place, words: tuple[str, ...], said: str) -> None:
    (line,) = place.run("search=random", *words, status=1).splitlines()
    assert said in line


def test_without_optuna_it_says_what_to_type(place: Place) -> None:
    hides = place.root / "hides" / "optuna"
    hides.mkdir(parents=True)
    (hides / "__init__.py").write_text("raise ModuleNotFoundError('optuna')")
    hidden = Place(place.root, place.checkout, environment={"PYTHONPATH": str(hides.parent)})
    assert "pip install -e '.[search]'" in hidden.run(*SPACE, status=1).splitlines()[-1]
    assert "to train" in hidden.run("batch_size=8,full", "dry_run=true")  # a grid wants no Optuna


@pytest.fixture
def place(tmp_path: Path, checkout: Path) -> Place:
    return Place(tmp_path / "root", checkout)


@pytest.mark.slow
def test_killed_at_random_moments_it_goes_on_with_the_same_trials(place: Place, straight: Place) -> None:
    draw, seen = random.Random(20261), []
    for turn in range(20):
        # Half of them may be killed while they get ready, the others once they have trained one run more.
        before, end = len(place.stamps()), time.monotonic() + (draw.uniform(0, 3) if turn % 2 else math.inf)
        process = place.start(*SPACE, "search.trials=6", BASIC)
        wait_for(
            lambda before=before, end=end: len(place.stamps()) > before or time.monotonic() > end,
            process,
            pause=0.001,
        )
        time.sleep(draw.uniform(0, 0.1))
        kill(process)
        seen.append(place.stamps())
    print([len(stamps) for stamps in seen])
    place.run(*SPACE, "search.trials=6", BASIC)
    straight.run(*SPACE, "search.trials=6", BASIC)
    final = place.stamps()
    assert [stamps for stamps in seen if not stamps.items() <= final.items()] == []
    assert place.tables() == straight.tables()
    assert place.logged() == dict.fromkeys(final, 1)
    assert place.statuses()["RUNNING"] == place.statuses("sweep")["RUNNING"] == 0


@pytest.mark.types("INTERVAL")
def test_the_range_that_is_advised_is_searched(place: Place) -> None:
    said = place.run("search=random", "learning_rate=0.1", status=1).splitlines()[-1]
    (advised,) = shlex.split(said.partition(", as ")[2])
    assert "to train" in place.run("search=random", advised, "dry_run=true")


@pytest.mark.slow
def test_killed_after_the_first_round_it_goes_on_with_the_same_trials(
    place: Place, checkout: Path, tmp_path: Path
) -> None:
    command = (*SPACE, "search.trials=6", "search.batch=2", BASIC)
    rounds, each = 3, 2 * 2 * 2  # trials, cells and seeds of a round; then what was chosen is reported
    kills = [number * each + run for number in range(1, rounds) for run in (1, each // 2)]
    kills.append(rounds * each + 1)
    for runs in kills:
        process = place.start(*command)
        wait_for(lambda runs=runs: len(place.stamps()) >= runs, process, pause=0.001)
        kill(process)
    kept = place.stamps()
    place.run(*command)
    straight = Place(tmp_path / "straight", checkout)
    straight.run(*command)
    assert kept.items() <= place.stamps().items()
    assert place.tables() == straight.tables()
    assert place.logged() == dict.fromkeys(straight.stamps(), 1)
    assert place.statuses()["RUNNING"] == place.statuses("sweep")["RUNNING"] == 0
    best_in_mlflow(place, trials=6)
