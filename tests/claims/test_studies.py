import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from perbatch import claims
from perbatch.claims import Evidence, Verdict, judge
from perbatch.claims.outcomes import Outcome
from perbatch.errors import UserError
from perbatch.report import CLAIM_FIGURES, exhibit, statements
from perbatch.report.citation import PAPERS, doi_of, reading
from perbatch.report.page import render
from perbatch.runs.places import CONF
from perbatch.sweep.params import study_names
from perbatch.sweep.studies import data_option, study_block
from planted import results_of, usual_runs
from planted_studies import PLANTED, REFUTED, SHOWN, UNCLEAR


def planted(name: str, kind: str) -> Evidence:
    return Evidence(claims.check_claim(name, unplanned(name), CLAIM_FIGURES), PLANTED[name](kind))


def judged(name: str, kind: str = SHOWN, **changes: object) -> Verdict:
    block = {**unplanned(name), **changes}
    return judge(Evidence(claims.check_claim(name, block, CLAIM_FIGURES), PLANTED[name](kind)))


def unplanned(name: str) -> dict[str, Any]:
    """A study's block without its plan: planted evidence has few seeds."""
    return {**study_block(name), "plan": None}


def test_every_study_of_params_is_planted_here() -> None:
    assert set(study_names()) == set(PLANTED)


@pytest.mark.parametrize("kind", [SHOWN, REFUTED, UNCLEAR])
@pytest.mark.parametrize("name", PLANTED)
def test_planted_evidence_comes_out_as_it_was_planted(name: str, kind: str) -> None:
    verdict = judge(planted(name, kind))
    told = [(f.condition.says, f.reading, f.outcome) for f in verdict.findings]
    assert verdict.verdict == kind, told


@pytest.mark.parametrize("name", PLANTED)
def test_every_study_has_a_figure_and_a_sentence(name: str) -> None:
    evidence = planted(name, REFUTED)
    shown = exhibit(judge(evidence), evidence)
    assert shown.figure is not None
    assert shown.figure.svg.startswith("<svg")
    assert shown.sentence in shown.figure.label or name == "powers_of_two"
    assert shown.sentence.startswith("Not reproduced: ")
    claim = evidence.claim
    every = [*claim.conditions, *claim.retired, *claim.beside]
    assert len(shown.conditions.rows) == len(every)


def test_a_best_rate_at_the_edge_of_its_grid_is_never_a_verdict() -> None:
    verdict = judged("online_vs_batch", UNCLEAR)
    assert "(16) is the highest tried" in verdict.findings[0].reading.reservation
    assert verdict.findings[0].outcome == Outcome.UNDECIDED


def test_a_target_that_some_runs_miss_is_undecided() -> None:
    evidence = planted("steps_to_target", SHOWN)
    table = evidence.table
    missed = (table["batch_size"] == 1000) & (table["seed"] == 4)
    table.loc[missed, ["updates_to_0.2", "gradient_evaluations_to_0.2"]] = np.inf
    verdict = judge(evidence)
    assert verdict.verdict == UNCLEAR
    assert "did not reach the target" in verdict.findings[1].reading.reservation


def test_a_target_that_no_run_reaches_is_one_sentence() -> None:
    evidence = planted("steps_to_target", SHOWN)
    evidence.table[["updates_to_0.2", "gradient_evaluations_to_0.2"]] = np.inf
    with pytest.raises(UserError, match=r"^steps_to_target: no run reached the target 0\.2 "):
        judge(evidence)


@pytest.mark.parametrize("column", ["learning_rate", "seed", "epochs"])
def test_unequal_budgets_are_refused(column: str) -> None:
    evidence = planted("steps_to_target", SHOWN)
    table = evidence.table
    more = table["batch_size"] == 2
    table.loc[more, column] = table.loc[more, column] * 3 + 1
    with pytest.raises(UserError, match=r"^steps_to_target: (unequal budgets|its seeds)"):
        judge(evidence)


def test_rates_over_batch_size_are_a_budget_too() -> None:
    assert judged("small_batches").verdict == SHOWN
    evidence = planted("small_batches", SHOWN)
    fewer = (evidence.table["batch_size"] == 512) & (evidence.table["learning_rate"] > 100)
    uneven = Evidence(evidence.claim, evidence.table[~fewer])
    with pytest.raises(UserError, match=r"unequal budgets: .* learning rates"):
        judge(uneven)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quantity": "charm"}, r"study\.conditions\[0\]\.quantity is charm; it must be one of slope, ratio"),
        ({"of": {"clock": "epochs"}}, r"conditions\[0\]\.of does not fit the quantity slope: .*sizes"),
        ({"low": None, "high": None}, r"conditions\[0\] needs a lower bound"),
        ({"low": 2.0, "high": 1.0}, r"conditions\[0\] needs a lower bound"),
        ({"of": {"clock": "hours", "sizes": [1, 8]}}, "the clock 'hours' must be one of epochs, updates"),
        ({"of": {"clock": "epochs", "sizes": [1, 8], "target": 0.3}}, r"0\.3 is not one of study\.targets"),
        ({"of": {"clock": "epochs", "sizes": [300, 400]}}, "there are not two batch sizes from 300 to 400"),
    ],
)
def test_a_bad_condition_is_one_sentence(change: dict[str, object], said: str) -> None:
    first, *others = study_block("steps_to_target")["conditions"]
    with pytest.raises(UserError, match=said):
        judged("steps_to_target", conditions=[{**first, **change}, *others])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("conditions", [], "without a condition there is nothing to judge by"),
        ("targets", [-1.0], "a target is a validation loss above 0"),
        ("claim", " ", "study.claim is empty"),
        ("evidence", "hearsay", "must be one of sweep, redundancy"),
        ("figure", "portrait", "must be one of conditions, epochs"),
    ],
)
def test_a_bad_block_is_one_sentence(key: str, value: object, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        claims.check_claim("steps_to_target", {**unplanned("steps_to_target"), key: value}, CLAIM_FIGURES)


def test_an_unknown_column_or_row_is_named() -> None:
    evidence = planted("redundancy", SHOWN)
    del evidence.table["progress"]
    with pytest.raises(UserError, match="redundancy: the evidence has no column 'progress'"):
        judge(evidence)
    none = planted("redundancy", SHOWN)
    with pytest.raises(UserError, match="no row with data=digits_ten_times, batch_size=1"):
        judge(Evidence(none.claim, none.table[none.table["batch_size"] > 1]))


def test_the_files_of_studies_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^nothing: there is no such study in conf/experiment/, which has "):
        study_block("nothing")
    with pytest.raises(UserError, match=r"seed_example\.yaml is no study"):
        study_block("seed_example")
    (tmp_path / "odd.yaml").write_text(
        "study: {claim: a, source: b, conditions: [{says: c, quantity: d, low: x}]}"
    )
    with pytest.raises(UserError, match=r"^conf/experiment/odd.yaml: study: .*low"):
        study_block("odd", tmp_path)


def test_verdicts_are_json_with_a_study_each(tmp_path: Path) -> None:
    verdicts = [judged("redundancy", kind) for kind in (SHOWN, REFUTED)]
    verdicts.append(claims.unjudged("nothing", "there is no such study"))
    claims.write_verdicts(verdicts, tmp_path / "verdicts.json")
    first, second, third = json.loads((tmp_path / "verdicts.json").read_text())
    assert {"name", "claim", "source", "conditions", "verdict"} <= set(first)
    assert [row["holds"] for row in first["conditions"]] == [True, True, True]
    assert set(first["conditions"][0]) >= {"quantity", "value", "low", "high", "n", "bound", "holds"}
    assert second["conditions"][0]["bound"] == [0.85, 1.1]
    assert second["conditions"][0]["holds"] is False
    assert (third["verdict"], third["reason"]) == ("not judged", "there is no such study")


def test_evidence_survives_its_file(tmp_path: Path) -> None:
    evidence = planted("steps_to_target", SHOWN)
    evidence.table.loc[3, "updates_to_0.2"] = np.inf
    claims.write_evidence(evidence.table, tmp_path / "evidence.csv")
    again = claims.read_evidence(evidence.claim, tmp_path / "evidence.csv")
    pd.testing.assert_frame_equal(again.table, evidence.table, rtol=1e-11)


def test_missing_evidence_names_the_command_that_makes_it(tmp_path: Path) -> None:
    made = {"redundancy": "python pipelines/study.py redundancy", "powers_of_two": "dvc repro benchmark"}
    for name, command in made.items():
        claim = claims.check_claim(name, study_block(name), CLAIM_FIGURES)
        with pytest.raises(UserError, match=rf"^{name}: .*none\.csv is missing: {command}$"):
            claims.read_evidence(claim, tmp_path / "none.csv")


def test_a_rate_is_told_for_mean_and_for_summed_gradients() -> None:
    told = {each.condition.says: each.reading.value for each in judged("online_vs_batch").beside}
    assert list(told.values())[:-1] == [4.0, 4.0, 0.004, 1.0, 0.001]


def test_a_study_names_its_own_data_whatever_the_page_is_about() -> None:
    evidence = planted("steps_to_target", SHOWN)
    shown = exhibit(judge(evidence), evidence, "digits_studies")
    assert shown.data == "the data set digits_studies"
    assert exhibit(judge(evidence), evidence).data == "data of its own"
    copies = planted("redundancy", SHOWN)
    assert exhibit(judge(copies), copies, "digits_studies").data == "the data set digits_ten_times"
    speed = planted("powers_of_two", SHOWN)
    assert exhibit(judge(speed), speed).data == "what the benchmark measured"
    results = results_of(usual_runs())
    page = render(results, statements(results), [shown])
    assert "judged on what each names, not on the runs above" in page.replace("\n", " ")
    assert "Judged on the data set digits_studies." in page
    assert f'<a href="https://doi.org/{shown.doi}">Shallue, Lee' in page


def test_a_source_is_linked_by_its_title_or_by_the_doi_in_it() -> None:
    assert doi_of("LeCun, Bottou, Orr and Müller (1998), Efficient backprop") == "10.1007/3-540-49430-8_2"
    assert doi_of("A. Nobody (2026), doi:10.1234/abc.5-6.") == "10.1234/abc.5-6"
    assert doi_of("the comments under a question") == ""
    assert len({doi for _, doi in reading()}) == len(PAPERS)


@pytest.mark.parametrize("name", study_names())
def test_the_data_of_each_study_are_found_in_its_file(name: str) -> None:
    found = data_option(name)
    assert found == "" if name == "powers_of_two" else (CONF / "data" / f"{found}.yaml").is_file()
