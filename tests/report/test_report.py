import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from perbatch.analysis.searched import Searched
from perbatch.report import statements, write_report
from perbatch.report.page import render as render_page
from planted import N, contender, planted_throughput, results_of, usual_runs

NOTHING = planted_throughput().iloc[:0]
VOID = {"meta", "link", "br", "hr", "img", "input"}


def render(results):
    return render_page(results, statements(results))


class Page(HTMLParser):
    """Collects what the tests ask, and fails where tags do not match."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.ids, self.open, self.shown = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.shown.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.shown).split())


@pytest.fixture(scope="module")
def usual():
    return render(results_of(usual_runs()))


def test_page_needs_nothing_from_outside(usual):
    page = Page(usual)
    assert not [value for name, value in page.attributes if name in ("src", "srcset")]
    links = [value for name, value in page.attributes if name == "href"]
    assert all(link[1:] in page.ids for link in links if link.startswith("#"))
    outside = [link for link in links if not link.startswith(("#", "https://doi.org/10."))]
    assert outside.pop() == "http://127.0.0.1:5000"
    docs = Path(__file__).resolve().parents[2] / "docs"
    for link in outside:  # followed from results/evaluate/, where `make` leaves the page
        assert link.startswith("../../docs/")
        assert (docs / link.removeprefix("../../docs/")).is_file(), link
    assert not re.search(r"url\((?!#)|@import", usual.partition("<script")[0])
    assert len(usual.encode()) <= 1_500_000


def test_ids_are_unique_although_figures_share_the_page(usual):
    ids = Page(usual).ids
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", usual.partition("<script")[0])) <= set(ids)


def test_every_figure_has_a_text_with_its_numbers(usual):
    figures = re.findall(r'<svg xmlns[^>]*role="img" aria-label="([^"]*)"', usual)
    # strips, losses, shared rates, rates, best rates, scores, targets, time, repeat, kept, stability, memory
    assert len(figures) == 4 + 4 + 3 + 3 + 1 + 2 + 3 + 1 + 2 + 1 + 2 + 1
    assert all(re.search(r"\d", label) for label in figures)
    assert any("stochastic, 0.63 epochs (0.606 to 0.655)" in label for label in figures)


def test_answers_come_first_and_the_ledger_sums_to_the_runs(usual):
    text = Page(usual).text
    assert text.index("12.7 times fewer epochs") < text.index("When the update happens")
    assert "all 20 0 0 20" in text
    assert "In the first epoch 4 updates from 100 gradient evaluations." in text
    assert (
        "python pipelines/train.py -m data=digits epochs=10 batch_size=full learning_rate=1 repeat=never"
        in text
    )


def test_report_is_the_same_bytes_whatever_the_order_of_rows(tmp_path, usual):
    results = results_of(usual_runs()[::-1])
    write_report(results, statements(results), tmp_path)
    assert (tmp_path / "report.html").read_bytes() == usual.encode()


def test_text_from_the_tables_is_escaped():
    throughput = planted_throughput().assign(processor="<b>Chip</b> & Co")
    page = render(results_of(contender(64, batch_size=32), throughput))
    assert "<b>Chip" not in page
    assert "&lt;b&gt;Chip" in page


def test_a_regression_never_speaks_of_accuracy():
    runs = [*contender(60, regression=True), *contender(800, batch_size=N, regression=True)]
    page = render(results_of(runs))
    assert "accuracy" not in page.lower()
    assert "test R²" in page


LOST = {"reach": None, "status": "diverged"}
ODD = {
    "one seed": [*contender(60, seeds=[0]), *contender(800, seeds=[0], batch_size=N)],
    "only tuning seeds": contender(60, seeds=[0, 1]),
    "one batch size": contender(64, batch_size=32),
    "nobody reached": [*contender(None, final=0.5), *contender(None, final=0.6, batch_size=N)],
    "all diverged": [
        *contender(**LOST),
        *contender(**LOST, batch_size=N),
        *contender(**LOST, n=9, tolerance=0.1),
    ],
    "only repeat": contender(60, n=10, tolerance=0.1),
    "repeat elsewhere": [*contender(60), *contender(60, batch_size=8, n=10)],
    "one failed contender": [*contender(60), *contender(60, batch_size=8, status="failed")],
}


@pytest.mark.parametrize("case", ODD)
def test_odd_data_give_a_page_that_says_so(case):
    page = Page(render(results_of(ODD[case], NOTHING if case == "one seed" else None)))
    assert not re.search(r"\b(nan|inf|None)\b", page.text)
    assert "What this does not show" in page.text


def test_without_benchmark_there_are_no_seconds_and_it_is_said():
    page = render(results_of(contender(64, batch_size=32), NOTHING))
    text = Page(page).text
    assert "no row for this network" in text
    assert "Time per example" not in text
    assert "Memory against stability" not in text
    assert "no price" in text
    assert 'value="updates"' in page
    assert 'value="seconds"' not in page


def test_second_answer_follows_the_data(usual):
    assert "No, not usually: each example is used once per pass" in Page(usual).text
    assert "Here repeating until satisfied took more work" in Page(usual).text
    runs = [*contender(lambda s: 300 + s), *contender(lambda s: 5 + s, n=10, tolerance=0.1)]
    assert "Here repeating until satisfied paid" in Page(render(results_of(runs))).text


def test_no_sentence_claims_what_was_not_so(usual):
    text = Page(usual).text
    assert "alike in everything" not in text
    assert "Every number here was measured" not in text
    assert "seconds are counts times what the benchmark measured" in text
    assert "when its gradient is computed" not in text
    assert text.count("a forward pass without a gradient as 0.5") == 1


def test_a_users_file_is_called_by_its_own_name_and_asked_for_by_its_option(usual):
    summary = {"name": "iris", "title": "iris.csv", "origin": "mine", "licence": "CC0"}
    summary |= {"sizes": {"train": 1, "validation": 1, "test": 1}, "settings": {"split": {"seed": 0}}}
    page = render(replace(results_of(usual_runs()), data=summary))
    assert "<title>When is back-propagation applied? iris</title>" in page
    text = Page(page).text
    assert "on iris , 100 training examples" in text
    assert "Result of 20 runs on iris" in text
    assert "python pipelines/train.py -m data=digits" in text  # the option of conf/data/


def test_the_foot_names_data_set_source_licence_and_split(usual):
    summary = {
        "title": "A <small> set",
        "origin": "a laboratory",
        "licence": "CC0",
        "sizes": {"test": 3, "train": 1000, "validation": 2},
        "settings": {"split": {"seed": 7}},
    }
    text = Page(render(replace(results_of(usual_runs()), data=summary))).text
    for words in ("A <small> set", "a laboratory", "CC0", "train 1,000, validation 2, test 3; seed 7"):
        assert words in text
    assert "a laboratory" not in Page(usual).text


def test_the_page_says_how_rates_were_searched(usual):
    interval = Searched("tpe", trials=6, low=0.001, high=3, log=True)
    searched = Page(render(results_of(usual_runs(), searched=interval))).text
    said = "6 trials by tpe from 0.001 to 3, logarithmic"
    assert searched.count(said) == 2  # where the method is told, and where the numbers come from
    assert "All modes at one shared learning rate" not in searched  # each mode has trials of its own
    assert "reported ones at those chosen, at every batch size" in searched
    assert said not in Page(usual).text
