"""No sentence changes its direction with what was not measured: with, without and with reversed prices."""

from dataclasses import replace

import pytest

from perbatch.analysis.contrasts import ContrastVerdict
from perbatch.analysis.fastest import fastest
from perbatch.report.answers import answer_repeat, answer_when
from perbatch.report.findings import evaluations_sentence, fastest_sentences, stability_sentence
from perbatch.report.first import headline
from perbatch.report.repeating import apart, beside, champion_sentence, equal_cost_sentence
from planted import SETTINGS, N, contender, planted_throughput, results_of, usual_runs

USUAL = planted_throughput()
NONE = USUAL.iloc[:0]
REVERSED = USUAL.assign(gradient_us=USUAL["batch_size"] ** 2.0, forward_us=1000.0 * USUAL["batch_size"])
FREE_LOOKS = USUAL.assign(forward_us=0.001)
PRICES = [USUAL, NONE, REVERSED, FREE_LOOKS]

UNTIL = {"n": 10, "tolerance": 0.1}
SKIP = {"n": 1, "tolerance": 0.1}
PAID = "Here repeating until satisfied paid: it took less work"
MORE = "Here repeating until satisfied took more work"
BUT_MORE = "Here repeating until satisfied took fewer updates, but more work"
NO_DIFFERENCE = "no difference in work was shown between repeating until satisfied and going on."
BUT_NO_LESS = (
    "took fewer updates. But no saving of work was shown: to ask whether the loss is low yet is work too."
)
UNSAID = "These runs cannot say whether it would pay."
WAYS = {
    "paid": (lambda s: 5 + s, 300, 1.0, PAID),
    "cost": (lambda s: 50 + s, 60, 1.0, MORE),
    "checks make it cost": (lambda s: 20 + s, 300, 60.0, BUT_MORE),
    "tie": (30, 300, 0.0, NO_DIFFERENCE),
    "checks make it a tie": (20, 300, 10.0, BUT_NO_LESS),
    "only it": (60, None, 1.0, PAID),
    "only the other": (None, 60, 1.0, MORE),
    "neither": (None, None, 1.0, UNSAID),
    "partly": (lambda s: None if s == 3 else 30, 60, 1.0, UNSAID),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_second_answer_is_the_same_whatever_is_priced(way):
    repeat, plain, checks, said = WAYS[way]
    runs = [*contender(plain, final=0.5), *contender(repeat, checks=checks, final=0.5, **UNTIL)]
    told = [
        (headline(results), answer_repeat(results), apart(results))
        for results in (results_of(runs, throughput) for throughput in PRICES)
    ]
    assert all(each == told[0] for each in told)
    assert said in told[0][0]
    assert "No:" not in told[0][0]
    assert told[0][1].verdict != ContrastVerdict.SAME or said in (NO_DIFFERENCE, BUT_NO_LESS)


def test_seconds_stand_beside_the_answer_and_may_differ_from_it():
    runs = [*contender(60), *contender(lambda s: 20 + s, checks=60.0, **UNTIL)]
    assert "took more work" in headline(results_of(runs, FREE_LOOKS))
    runs = [*contender(300), *contender(lambda s: 20 + s, checks=60.0, **UNTIL)]
    results = results_of(runs, FREE_LOOKS)
    said = "In training seconds, these counts at the benchmark's prices, it took 1.3"
    assert said in beside(results)
    assert "took fewer updates, but more work" in headline(results)
    assert beside(results).startswith(beside(results_of(runs, NONE)))
    assert beside(results_of(runs, NONE)).startswith("In updates it took 1.3")


def test_one_seed_is_no_evidence():
    results = results_of([*contender(60, seeds=[0]), *contender(5, seeds=[0], **UNTIL)])
    assert UNSAID in headline(results)
    assert answer_repeat(results).verdict == ContrastVerdict.SINGLE


def test_without_repeating_the_headline_says_what_is_usual_and_no_more():
    assert headline(results_of(contender(60))).endswith("comes back in the next pass.")


def test_skipping_repeating_and_the_rate_are_told_apart():
    skip_alone = [
        *contender(200, rate=0.1),
        *contender(100, rate=0.3, **SKIP),
        *contender(300, rate=0.1, **SKIP),
        *contender(30, rate=0.3, **UNTIL),
        *contender(60, rate=0.1, n=10),
    ]
    results = results_of(skip_alone)
    assert "took more work; to skip what is satisfied, without repeating, took less." in headline(results)
    text = apart(results)
    assert "each at its own rate, skipping what is satisfied took 2 times fewer (2 to 2)" in text
    assert "repeating until satisfied took 1.5 times more (1.5 to 1.5)" in text
    assert "and repeating regardless took 3 times more (3 to 3)." in text
    assert "All at the rate 0.1, skipping what is satisfied took 1.5 times more (1.5 to 1.5)" in text


@pytest.mark.parametrize("settings", [{"final": 0.5}, {"final": 0.5, "seeds": [0]}])
def test_where_nothing_can_be_told_apart_nothing_is(settings):
    reach = None if "seeds" not in settings else 60
    ways = ({}, SKIP, UNTIL, {"n": 10})
    assert apart(results_of([run for way in ways for run in contender(reach, **way, **settings)])) == ""


@pytest.mark.parametrize(
    ("skip", "said"),
    [
        (50, "but skipping alone took less still"),
        (400, "and less than skipping alone"),
        (100, "that could be"),
    ],
)
def test_what_skipping_alone_does_is_not_credited_to_repeating(skip, said):
    runs = [*contender(300), *contender(skip, **SKIP), *contender(10, **UNTIL)]
    assert said in headline(results_of(runs))


def test_equal_cost_is_told_as_the_figure_shows_it():
    runs = [*contender(100), *contender(100, **SKIP), *contender(20, **UNTIL), *contender(800, batch_size=N)]
    text = equal_cost_sentence(results_of(runs))
    assert text.startswith(
        "At equal cost the validation loss was, after 100 updates 0.19 with one update per visit"
    )
    assert "; after 100 evaluations of the network 0.19 with one update per visit, " in text


def test_a_champion_that_repeats_is_named_and_no_other():
    assert champion_sentence(results_of(usual_runs())) == ""
    runs = [*contender(60, final=0.1), *contender(60, final=0.05, **UNTIL)]
    assert "came of repeat, M = 1 (up to 10 or until loss 0.1) at rate 0.1." in champion_sentence(
        results_of(runs)
    )


@pytest.mark.parametrize("best", [1, 8, 32, N])
def test_each_batch_size_can_be_the_one_with_the_fewest_evaluations(best):
    runs = [run for size in (1, 8, 32, N) for run in contender(200 if size == best else 500, batch_size=size)]
    told = [fastest_sentences(results_of(runs, throughput)) for throughput in PRICES]
    first = f"Of 4 batch sizes, M = {best:,} took the fewest evaluations of the network to a validation loss"
    assert all(each.startswith(first) for each in told)
    assert "time" not in told[1]
    assert "Each of the others took more." in told[1]


def test_the_least_time_follows_the_prices_and_the_fewest_evaluations_do_not():
    runs = [*contender(200), *contender(320, batch_size=32), *contender(800, batch_size=N)]
    usual, reverse = (fastest_sentences(results_of(runs, each)) for each in (USUAL, REVERSED))
    assert "M = 1 took the fewest evaluations" in usual
    assert (
        "M = 32 took the least training time to a validation loss of 0.2: 5.66 training milliseconds" in usual
    )
    assert "M = 1 took the fewest evaluations" in reverse
    assert "M = 1 took the least training time" in reverse


def test_the_tuning_seeds_choose_the_size_and_the_others_report_it():
    lucky = [*contender(lambda s: 50 if s < 2 else 400), *contender(96, batch_size=32)]
    text = fastest_sentences(results_of(lucky, NONE))
    assert "M = 1 took the fewest evaluations of the network to a validation loss of 0.2: 400 " in text
    assert "On the reported seeds M = 32 took less." in text
    assert "The tuning seeds chose it, the others are reported." in text
    same = results_of([*contender(50, seeds=[0]), *contender(96, seeds=[0], batch_size=32)], NONE)
    assert "tuning seeds" not in fastest_sentences(same)
    assert "It cannot be told from M = 32." in fastest_sentences(same)


def test_sizes_that_cannot_be_told_from_the_fastest_are_named():
    noise = (60, 60, 60, 100, 170)
    runs = [
        *contender(lambda s: noise[s]),
        *contender(lambda s: 104, batch_size=8),
        *contender(800, batch_size=N),
    ]
    assert fastest(results_of(runs), "evaluations").alike == (8,)
    assert "It cannot be told from M = 8." in fastest_sentences(results_of(runs, NONE))


def test_a_size_without_a_price_is_left_out_of_the_time_and_named():
    runs = [run for size in (1, 8, 32) for run in contender(8 * size + 64, batch_size=size)]
    prices = planted_throughput(sizes=(8, 32))
    assert "Left out, for want of a price: M = 1." in fastest_sentences(results_of(runs, prices))
    assert fastest(results_of(runs, prices), "evaluations").row["batch_size"] == 1


@pytest.mark.parametrize(
    "runs",
    [
        contender(60),
        [*contender(None, final=0.5), *contender(None, final=0.5, batch_size=N)],
        contender(60, n=10),
    ],
)
def test_nothing_is_fastest_where_nothing_can_be_compared(runs):
    assert fastest_sentences(results_of(runs)) == ""


def test_the_first_answer_is_the_same_whatever_is_priced():
    for runs in (usual_runs(), [*contender(800), *contender(100, batch_size=N)]):
        assert len({answer_when(results_of(runs, throughput)).sentence for throughput in PRICES}) == 1


def test_the_weight_of_a_forward_pass_is_said_with_what_was_measured():
    assert "measured 0.5 to 0.5 for this network" in evaluations_sentence(USUAL)
    assert "measured for another network" in evaluations_sentence(NONE)


def steadiness(small, large, **settings):
    """Both sizes at rate 0.1, the larger one at its own best rate too."""
    return stability_sentence(
        results_of(
            [
                *contender(60, raising=small, seeds=range(6), **settings),
                *contender(800, raising=large, batch_size=N, seeds=range(6)),
                *contender(500, batch_size=N, rate=1.0, seeds=range(6)),
            ]
        )
    )


@pytest.mark.parametrize(
    ("small", "large", "said"),
    [
        (0, None, "The mean gradient of a larger batch points more steadily: at one learning rate (0.1)"),
        (None, 0, "Here the larger batch was not the steadier one: at one learning rate (0.1)"),
        (None, None, "No difference in steadiness was shown: at one learning rate (0.1)"),
    ],
)
def test_steadiness_is_compared_at_one_rate(small, large, said):
    text = steadiness(small, large)
    assert text.startswith(said)
    assert "At their own chosen rates, the batch sizes 1 and 100 raised" in text
    assert text.endswith("there the rate changes too.")


def test_steadiness_at_different_rates_alone_is_said_to_be_that():
    runs = [*contender(60, raising=0), *contender(500, batch_size=N, rate=1.0)]
    assert stability_sentence(results_of(runs)).startswith("At their own chosen rates")


def test_every_target_has_answers_of_its_own_direction():
    settings = replace(SETTINGS, target={"digits": (0.15, 0.2)})
    runs = [*contender(60, final=0.1), *contender(5, final=0.14, **UNTIL)]
    assert "took more work" in headline(results_of(runs, settings=settings))
