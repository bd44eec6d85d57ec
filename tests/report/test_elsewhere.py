"""What the page says of other data sets, on planted tables: all, some, none."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from test_first import RUNS, FirstLayer, grade

from perbatch import claims
from perbatch.claims import Evidence, judge
from perbatch.claims.elsewhere import ratios, ratios_of
from perbatch.report import CLAIM_FIGURES, exhibit, statements
from perbatch.report.elsewhere import elsewhere_sentences, first_elsewhere, first_repeat_elsewhere
from perbatch.report.page import render
from perbatch.sweep.studies import study_block
from planted import results_of, usual_runs
from planted_studies import ELSEWHERE, SHOWN, UNCLEAR, elsewhere


def planted(kind: str = SHOWN, slower: tuple[str, ...] = ()) -> Evidence:
    claim = claims.check_claim("elsewhere", {**study_block("elsewhere"), "plan": None}, CLAIM_FIGURES)
    return Evidence(claim, elsewhere(kind, slower))


@pytest.mark.parametrize(
    ("slower", "said"),
    [
        ((), "On 4 of 4 data sets, with every network, updating after each example took fewer"),
        (
            ("digits_studies",),
            "On 3 of 4 data sets, with every network, updating after each example took fewer",
        ),
        (tuple(ELSEWHERE), "On 4 of 4 data sets, with every network, updating after each example took more"),
    ],
)
def test_on_how_many_of_them(slower: tuple[str, ...], said: str) -> None:
    table = ratios(planted(slower=slower))
    assert elsewhere_sentences(table)[0].startswith(said)
    if "more" not in said:
        assert first_elsewhere(table) == f"{said} passes than updating once per pass."


def test_on_none_of_them_in_one_network_it_is_not_so() -> None:
    """A data set counts only if all of its networks do."""
    table = ratios(planted())
    one = (table["sizes"] == "4-1") & (table["comparison"] == "stochastic over full batch")
    table.loc[one, "ratio_high"] = 1.2
    assert first_elsewhere(table).startswith("On none of 4 data sets, with every network, did updating after")
    said = elsewhere_sentences(table)[0]
    assert said.startswith("On none of 4 data sets, with every network, did updating after each example take")
    assert said.endswith("Of the 8 intervals 4 lie below 1, 0 above, and 4 show no difference.")


def test_no_difference_is_nobodys_gain() -> None:
    said = elsewhere_sentences(ratios(planted(UNCLEAR)))
    assert said[1].startswith("On none of 4 data sets")


def test_what_repeating_cost() -> None:
    table = ratios(planted())
    start = "On 4 of 4 data sets, with every network, repeating took"
    assert first_repeat_elsewhere(table) == f"{start} more work than going on; on none of them less."
    assert (
        "more evaluations of the network than visiting each example once: 1.65 to 1.65"
        in (elsewhere_sentences(table)[3])
    )
    ends = ["ratio", "ratio_low", "ratio_high"]
    cheap = table.assign(**{name: table[name] / 3 for name in ends})
    assert first_repeat_elsewhere(cheap) == f"{start} less work than going on; on none of them more."
    mixed = table.where(table["data"] != "teacher", cheap)
    assert first_repeat_elsewhere(mixed).endswith("more work than going on; on some of them less.")
    mixed.loc[:, "ratio_low"], mixed.loc[:, "ratio_high"] = 0.5, 2.0
    assert first_repeat_elsewhere(mixed) == (
        "On none of 4 data sets, with every network, did repeating take more work than going on."
    )


def test_the_page_shows_the_rows_and_says_so_in_its_answers() -> None:
    evidence = planted(slower=("digits_studies",))
    table, results = ratios(evidence), results_of(usual_runs())
    shown = exhibit(judge(evidence), evidence)
    page = render(results, statements(results, table), [shown], elsewhere=table)
    first = " ".join(FirstLayer(page).sentences)
    assert "On 3 of 4 data sets, with every network, updating after each example took fewer passes" in first
    assert "On 4 of 4 data sets, with every network, repeating took more work than going on;" in first
    section = page[page.index('<h2 id="elsewhere">') : page.index('<h2 id="modes">')]
    assert section.count("<svg xmlns") == 3
    assert len(re.findall(">digits \\(1,000\\), 32<", section)) == 3
    assert 'href="#study-elsewhere"' in section
    assert '"forest":"panel,data,sizes,series,value,low,high' in page


def test_rows_of_two_studies_stand_in_one_table_by_size() -> None:
    evidence = planted()
    one = evidence.table[evidence.table["data"] == "digits_studies"].assign(data="letters")
    table = ratios_of([replace(evidence, table=one), None, evidence])
    assert table is not None
    assert table["n_train"].is_monotonic_increasing
    assert table["data"].nunique() == evidence.table["data"].nunique() + 1
    assert elsewhere_sentences(table)[0].startswith("On 5 of 5 data sets")


def test_the_page_says_that_what_made_the_evidence_has_changed_since() -> None:
    evidence, results = planted(), results_of(usual_runs())
    said = "What makes this evidence has changed since"
    for outdated in (True, False):
        shown = exhibit(judge(evidence), evidence, "letters", "python pipelines/study.py planted", outdated)
        assert (said in render(results, statements(results), [shown])) == outdated


def test_without_evidence_there_is_no_section() -> None:
    results = results_of(usual_runs())
    for nothing in (None, pd.DataFrame()):
        assert statements(results, nothing)["data_sets"] == []
    assert 'id="elsewhere"' not in render(results, statements(results))


@pytest.mark.parametrize("case", RUNS)
def test_the_first_layer_stays_plain(case: str) -> None:
    results, table = results_of(RUNS[case]), ratios(planted())
    said = statements(results, table)
    for name in ("first_elsewhere", "first_repeat_elsewhere"):
        assert len(re.findall(r"\d[\d.,]*", said["sentences"][name])) <= 2
    sentences = FirstLayer(render(results, said, elsewhere=table)).sentences
    assert grade(sentences) <= 9
    assert max(len(each.split()) for each in sentences) <= 30
