"""How many seeds judge, and which: planned from a pilot, drawn from the conditions, held at judging."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from perbatch import claims
from perbatch.analysis.statistics import half_width
from perbatch.claims.evidence import Evidence, read_evidence
from perbatch.claims.plan import digest_of, first_seed
from perbatch.claims.planning import AT_LEAST, needs, plan_text
from perbatch.errors import UserError
from perbatch.report import CLAIM_FIGURES
from perbatch.runs.places import CHECKOUT
from perbatch.sweep.params import study_names
from perbatch.sweep.studies import study_block
from planted_studies import SHOWN, online_vs_batch

PILOTS = CHECKOUT / "results" / "study"
WITHOUT_A_PILOT = ("elsewhere", "elsewhere_larger")
"""Their rows are many, so the number of their seeds is a choice."""


def pilot(name: str) -> Evidence:
    claim = claims.check_claim(name, {**study_block(name), "plan": None}, CLAIM_FIGURES)
    return read_evidence(claim, PILOTS / name / "pilot.csv")


def planned_studies() -> list[str]:
    return [name for name in study_names() if study_block(name)["plan"] and name not in WITHOUT_A_PILOT]


@pytest.mark.parametrize("name", planned_studies())
def test_the_plan_is_what_the_pilot_and_the_conditions_give(name: str) -> None:
    block = study_block(name)
    printed = plan_text(pilot(name), block, block["plan"]["at_most"])
    assert yaml.safe_load(printed) == {"study": {"plan": block["plan"]}}


def test_changed_bounds_are_refused_and_get_other_seeds() -> None:
    block = study_block("online_vs_batch")
    first, *others = block["conditions"]
    changed = [{**first, "low": 0.8}, *others]
    with pytest.raises(UserError, match=r"the conditions have the digest sha256:\w{8}: they were changed"):
        claims.check_claim("online_vs_batch", {**block, "conditions": changed}, CLAIM_FIGURES)
    assert first_seed(digest_of(changed)) != first_seed(digest_of(block["conditions"]))
    reworded = [{**first, "says": "in other words"}, *others]
    assert digest_of(reworded) == digest_of(block["conditions"])


@pytest.mark.types("plan_anew")
def test_what_a_refused_plan_says_prints_the_one_to_put_there() -> None:
    block = study_block("online_vs_batch")
    older = {**block, "plan": {**block["plan"], "conditions": "sha256:00000000"}}
    with pytest.raises(UserError) as refused:
        claims.check_claim("online_vs_batch", older, CLAIM_FIGURES)
    typed = shlex.split(re.search(r"`python (.*?)`", str(refused.value))[1])  # type: ignore[index]
    said = subprocess.run([sys.executable, *typed], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert yaml.safe_load(said.stdout) == {"study": {"plan": block["plan"]}}


@pytest.mark.parametrize("seeds", ["0,1,2", "range(0,20)", "range(59151,59152)", "range(59151,60000)"])
def test_other_seeds_than_the_conditions_give_are_refused(seeds: str) -> None:
    block = study_block("online_vs_batch")
    with pytest.raises(UserError, match=r"study\.plan\.seeds is "):
        plan = {**block["plan"], "seeds": seeds}
        claims.check_claim("online_vs_batch", {**block, "plan": plan}, CLAIM_FIGURES)


def test_evidence_of_other_seeds_is_not_judged() -> None:
    claim = claims.check_claim("online_vs_batch", study_block("online_vs_batch"), CLAIM_FIGURES)
    with pytest.raises(
        UserError, match=r"is of 10 seeds where the plan has \d+ to \d+: python pipelines/study.py online"
    ):
        claims.judge(Evidence(claim, online_vs_batch(SHOWN)))


def test_a_chosen_rate_that_no_judging_seed_ran_is_said() -> None:
    claim = claims.check_claim(
        "online_vs_batch", {**study_block("online_vs_batch"), "plan": None}, CLAIM_FIGURES
    )
    table = online_vs_batch(SHOWN)
    judges = ~table["seed"].isin(claim.tuning_seeds)
    elsewhere = Evidence(claim, table[~judges | (table["learning_rate"] == 8)])
    with pytest.raises(UserError, match=r"M = 100 has no run that judges at the rate 4, which"):
        claims.judge(elsewhere)


def test_a_noisier_pilot_needs_more_seeds_up_to_the_most() -> None:
    def seeds(noise: float) -> list[int]:
        evidence = Evidence(pilot("online_vs_batch").claim, online_vs_batch(SHOWN))
        counts = [name for name in evidence.table if "_to_" in str(name)]
        factor = np.exp(noise * np.sin(7.0 * evidence.table["seed"] * evidence.table["batch_size"]))
        evidence.table[counts] = evidence.table[counts].mul(factor, axis=0)
        return [need.seeds for need in needs(evidence, 60)]

    quiet, noisy, wild = seeds(0.0), seeds(0.1), seeds(3.0)
    assert quiet[0] == AT_LEAST < noisy[0] < wild[0] == 60


def samples() -> list[Any]:
    found = []
    for name in planned_studies():
        count = study_block(name)["plan"]["seeds"]
        low, high = map(int, re.findall(r"\d+", count))
        for need in needs(pilot(name), high - low):
            values = np.array(need.pilot.sample)
            if len(values) > 1 and values.std() > 0 and high - low >= 20:
                found.append(pytest.param(values, high - low, id=f"{name}: {need.condition.says}"))
    return found


@pytest.mark.parametrize(("values", "n"), samples())
def test_intervals_of_as_many_seeds_as_planned_cover_what_they_should(values: np.ndarray, n: int) -> None:
    """Resampling the pilot 20,000 times: the t-interval covers the pilot's mean in at least 92 of 100."""
    generator = np.random.default_rng(0)
    drawn = generator.choice(values, size=(20_000, n))
    half = half_width(1.0, n) * drawn.std(axis=1, ddof=1)
    covered = np.abs(drawn.mean(axis=1) - values.mean()) <= half
    assert covered.mean() >= 0.92


def test_a_pilot_is_no_evidence() -> None:
    """No seed of a pilot judges."""
    for name in planned_studies():
        seen = set(pd.read_csv(PILOTS / name / "pilot.csv")["seed"])
        claim = claims.check_claim(name, study_block(name), CLAIM_FIGURES)
        assert claim.plan is not None
        assert not seen & set(claim.plan.seeds)


def test_pilots_are_there() -> None:
    assert all((Path(PILOTS) / name / "pilot.csv").exists() for name in planned_studies())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["online_vs_batch", "--plan", "--at-most", "1"], "--at-most 1: must be at least 2"),
        (["powers_of_two", "--plan"], "powers_of_two is judged from results/benchmark/throughput.csv"),
        ([WITHOUT_A_PILOT[0], "--plan"], "without a pilot the number of seeds is yours to choose"),
    ],
)
def test_what_cannot_be_planned_is_one_sentence(words: list[str], said: str) -> None:
    typed = [sys.executable, "pipelines/study.py", *words]
    done = subprocess.run(typed, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode != 0
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
