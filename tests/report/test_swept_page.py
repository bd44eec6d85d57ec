"""The page of a sweep that varied one thing beside the modes."""

import re

import pytest

from perbatch.analysis.exports import result_tables
from perbatch.report import statements
from perbatch.report.caveats import caveats
from perbatch.report.evidence_tables import swept_table
from perbatch.report.page import render
from perbatch.report.reproduce import commands
from planted import N, contender, planted_throughput, results_of, usual_runs, valued


def swept(**settings):
    both = [*contender(lambda s: 140 + 3 * s), *contender(lambda s: 900 + s, batch_size=N, rate=1.0)]
    return [*usual_runs(), *valued(both, **settings)]


@pytest.fixture(scope="module")
def results():
    return results_of(swept(activation="tanh"), planted_throughput())


def test_the_page_is_about_the_first_value_and_says_so(results):
    said, first = statements(results), statements(results_of(usual_runs()))
    assert said["when"] == first["when"]
    assert said["again"] == first["again"]
    assert "swept" not in first["sentences"]
    assert said["sentences"]["swept"].startswith("The sweep varied activation too: relu and tanh, 30 runs in")
    assert said["modes"]["stochastic"]["variant"] == "relu"
    page = render(results, said)
    assert said["sentences"]["swept"] in page
    assert re.search(
        r"stochastic</th>.*stochastic, tanh</th>", page.replace("stochastic, relu", "stochastic"), re.S
    )
    assert "<dd>activation (relu, tanh)</dd>" in page


def test_its_values_are_compared_mode_by_mode(results):
    table = swept_table(results)
    assert table is not None
    told = [(row[0].text, row[0].under, row[1].text) for row in table.rows]
    assert told == [
        ("stochastic", "relu against tanh", "2.36 times less"),
        ("full batch", "relu against tanh", "1.12 times less"),
    ]
    assert swept_table(results_of(usual_runs())) is None


def test_caveats_speak_of_every_value_and_of_nothing_twice(results):
    found = caveats(results)
    assert len(found) == len(set(found))
    (only,) = (text for text in found if text.startswith("Only one learning rate was tried"))
    assert "stochastic, relu; " in only
    assert "full batch, tanh" in only
    (price,) = (text for text in found if "no row for this network" in text)
    assert "activation: tanh" in price


def test_one_batch_size_alone_is_enough():
    """Then no modes can be compared; nor where only one of the values was repeated."""
    runs = [*contender(60), *contender(50, n=10, tolerance=0.1), *valued(contender(70), activation="tanh")]
    for part in (runs, [run for run in runs if run[0]["mode"] != "repeat"]):
        results = results_of(part)
        tables = result_tables(results)
        assert len(tables["comparison.csv"]) == 2 * (len(part) // 5)
        assert (tables["pairs.csv"]["second"] == "tanh").sum() == 5
        assert "relu against tanh" in render(results, statements(results))


@pytest.mark.parametrize(
    ("settings", "key"),
    [({"activation": "tanh"}, "model.activation=tanh"), ({"sizes": "4-30-20-2"}, "'model.hidden=[30,20]'"),
     ({"shuffle": False}, "shuffle=false"), ({"engine": "compiled"}, "engine.name=compiled")],
)  # fmt: skip
def test_its_runs_are_asked_for_by_their_value(settings, key):
    made = dict(commands(results_of(swept(**settings))))
    (name,) = (name for name in made if name.startswith("full batch, ") and key in made[name].split())
    assert made[name].count(key.partition("=")[0].strip("'")) == 1
