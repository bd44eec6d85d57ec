"""The first layer: plain words, two numbers a headline at most, and each sentence with its data."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markupsafe import escape

from perbatch.report import statements
from perbatch.report.first import first_kept, first_powers, first_repeat, first_size, first_when, headline
from perbatch.report.lessons.glossary import WORDS
from perbatch.report.page import render
from planted import N, contender, planted_throughput, results_of, usual_runs

ROOT = Path(__file__).resolve().parents[2]
FIRST = ("first_when", "first_size", "headline", "first_powers")
NUMBER = r"\d[\d.,]*"
UNTIL = {"n": 10, "tolerance": 0.1}
WHEN = {
    "fewer": (
        lambda s: 60 + s,
        lambda s: 800 + s,
        "To reach the same loss on data kept aside, updating once per pass took 12.7 passes over the "
        "examples where updating after each example took one.",
    ),
    "more": (
        lambda s: 800 + s,
        lambda s: 100 + s,
        "updating after each example took 7.8 passes over the examples where updating once per pass",
    ),
    "alike": (lambda s: (186, 310, 527, 217, 372)[s], lambda s: 300 + s, "no difference was shown"),
    "only the first": (60, None, "Here only updating after each example got to the goal."),
    "only the last": (None, 800, "Here only updating once per pass got to the goal."),
    "neither": (None, None, "These runs cannot say which needs fewer passes"),
}


@pytest.mark.parametrize("way", WHEN)
def test_when(way):
    small, large, said = WHEN[way]
    runs = [*contender(small, final=0.5), *contender(large, final=0.5, batch_size=N)]
    assert said in first_when(results_of(runs))


def test_one_batch_size_or_one_seed_cannot_say():
    assert "they have one batch size" in first_when(results_of(contender(64, batch_size=32)))
    runs = [*contender(60, seeds=[0]), *contender(800, seeds=[0], batch_size=N)]
    assert first_when(results_of(runs)).startswith("These runs cannot say")


@pytest.mark.parametrize(
    ("best", "name"),
    [(1, "a batch of one example"), (8, "a batch of 8 examples"), (N, "a batch of all examples")],
)
def test_the_quickest_size_is_named(best, name):
    runs = [
        run
        for size in (1, 8, N)
        for run in contender(lambda s, c=20 if size == best else 900: c + s, batch_size=size)
    ]
    assert first_size(results_of(runs)) == f"In time, not in passes, {name} was the quickest of all sizes."
    unpriced = results_of(runs, planted_throughput().iloc[:0])
    assert first_size(unpriced) == f"In work, not in passes, {name} was the cheapest of all sizes."


def test_a_size_that_cannot_be_told_from_the_quickest_is_among_them():
    noise = (60, 60, 60, 100, 170)
    runs = [*contender(lambda s: noise[s]), *contender(104, batch_size=8), *contender(800, batch_size=N)]
    unpriced = results_of(runs, planted_throughput().iloc[:0])
    assert "was among the cheapest of all sizes." in first_size(unpriced)
    assert first_size(results_of(contender(60))) == ""


def powers(**faster):
    """The benchmark's rows at a power of two, its neighbours and a control, some of them faster by half."""
    rows = planted_throughput(sizes=(31, 32, 33, 48, 63, 64, 65))
    for size, times in faster.items():
        at = rows["batch_size"] == int(size[1:])
        rows.loc[at, ["gradient_us", "gradient_us_low", "gradient_us_high"]] *= times
    return rows


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (powers(), "were no faster than the sizes beside them"),
        (powers(m32=0.5, m64=0.5), "Here powers of two were faster"),
        (powers(m32=0.5), "Here some powers of two were faster"),
        (powers(m32=0.5, m64=0.5, m48=0.5), "but so were sizes that are no powers of two"),
        (powers().iloc[:0], "These runs cannot say more"),
    ],
)
def test_powers_of_two(rows, said):
    assert said in first_powers(rows)


def test_fewer_updates_are_told_beside_the_work():
    def told(repeat, checks):
        runs = [*contender(300), *contender(repeat, checks=checks, **UNTIL)]
        return headline(results_of(runs))

    assert told(lambda s: 20 + s, 60.0).endswith("took fewer updates, but more work.")
    assert told(20, 10.0).endswith(
        "took fewer updates. But no saving of work was shown: to ask whether the loss is low yet is work too."
    )
    assert told(30, 0.0).endswith(
        "Here no difference in work was shown between repeating until satisfied and going on."
    )


def test_what_is_kept_of_one_example_is_told_where_it_was_counted():
    assert first_kept(results_of(usual_runs())) == (
        "Here 90\u00a0% of the examples were satisfied when left, "
        "and 70\u00a0% still were after the first pass."
    )
    assert first_kept(results_of(contender(60))) == first_repeat(results_of(contender(60))) == ""


class FirstLayer(HTMLParser):
    """The text of the cards, without what is a click away; a paragraph ends a sentence."""

    def __init__(self, page):
        super().__init__()
        self.open, self.texts = [], []
        self.feed(page[: page.index("<nav")])

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag in ("p", "h1", "h2"):
            self.texts.append("")

    def handle_endtag(self, tag):
        while self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"style", "details", "title"} & set(self.open) and {"p", "h1", "h2"} & set(self.open):
            self.texts[-1] += data

    @property
    def sentences(self):
        text = " ".join(" ".join(self.texts).split())
        return [each for each in re.split(r"(?<=[.?!”])\s+", text) if each]


def syllables(word):
    """Groups of vowels, a silent e left out: near enough for a mean over a hundred words."""
    groups = re.findall(r"[aeiouy]+", re.sub(r"(?<=[^aeiouyl])e(d|s)?$", "", word.lower()))
    return max(1, len(groups))


def grade(sentences):
    """Return the grade of Flesch and Kincaid (1975): school years that a reader needs."""
    words = [word for each in sentences for word in re.findall(r"[A-Za-z]+", each)]
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


RUNS = {
    "usual": usual_runs(),
    "repeating paid": [*contender(lambda s: 300 + s), *contender(lambda s: 5 + s, **UNTIL)],
    "no verdict": [*contender(None, final=0.5), *contender(None, final=0.6, batch_size=N)],
}


@pytest.mark.parametrize("case", RUNS)
def test_a_ninth_grader_can_read_the_first_layer(case):
    results = results_of(RUNS[case])
    sentences = FirstLayer(render(results, statements(results))).sentences
    assert len(sentences) > 20
    assert grade(sentences) <= 9
    assert max(len(each.split()) for each in sentences) <= 30


def test_the_measure_tells_plain_from_dense():
    assert grade(["The cat sat on the mat."]) < 2
    dense = results_of(usual_runs())
    assert grade([statements(dense)["when"]["sentence"]]) > 12


def test_what_the_repository_says_first_is_plain_too():
    said = json.loads((ROOT / "results" / "evaluate" / "answers.json").read_text(encoding="utf-8"))
    first = [said["sentences"][name] for name in FIRST]
    assert grade([each for text in first for each in re.split(r"(?<=[.:])\s+", text) if each]) <= 9
    assert all(len(re.findall(NUMBER, text)) <= 2 for text in first)


@pytest.mark.parametrize("case", RUNS)
def test_a_headline_has_two_numbers_at_most(case):
    said = statements(results_of(RUNS[case]))["sentences"]
    assert all(len(re.findall(NUMBER, said[name])) <= 2 for name in FIRST)


def test_every_word_of_the_glossary_is_explained_where_it_is_met():
    results = results_of(usual_runs())
    page = render(results, statements(results))
    for word in WORDS:
        place = f"word-{word.replace(' ', '-')}"
        assert f'<dt id="{place}">{word}</dt><dd>{escape(WORDS[word])}'[:60] in page
        assert f'aria-describedby="{place}"' in page
