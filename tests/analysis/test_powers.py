import pytest

from perbatch.analysis.powers import control_dips, power_dips
from perbatch.report.findings import powers_sentence
from planted import planted_throughput


def test_a_smooth_curve_has_no_dips():
    dips = power_dips(planted_throughput())
    assert [dip.size for dip in dips] == [32, 64, 128]
    assert [dip.ratio for dip in dips] == pytest.approx([1, 1, 1], abs=1e-3)
    assert "Powers of two are not special here" in powers_sentence(planted_throughput())
    controls = control_dips(planted_throughput())
    assert [dip.ratio for dip in controls] == pytest.approx([1, 1, 1, 1], abs=2e-2)


def test_a_gain_at_powers_only_is_said_to_be_theirs():
    sentence = powers_sentence(planted_throughput(dip=0.8))
    assert "all of the powers of two tried take less time" in sentence
    assert "20 % less at 32" in sentence
    assert "no powers of two do not" in sentence


def test_a_gain_at_other_sizes_too_is_not_about_powers():
    rows = planted_throughput(dip=0.8)
    rows.loc[
        rows["batch_size"].isin([40, 48, 96]), ["gradient_us", "gradient_us_low", "gradient_us_high"]
    ] *= 0.8
    assert [dip.size for dip in control_dips(rows) if dip.shown] == [40, 48, 96]
    assert "being a power of two is not what helps" in powers_sentence(rows)


def test_a_gain_within_the_spread_is_not_shown():
    rows = planted_throughput(dip=0.97)
    rows["gradient_us_high"] *= 1.1
    assert "no gain exceeds the spread" in powers_sentence(rows)


def test_a_loss_is_said_as_such():
    assert "20 % more at 32" in powers_sentence(planted_throughput(dip=1.2))


def test_sizes_without_neighbours_say_nothing():
    assert "cannot say" in powers_sentence(planted_throughput(sizes=(1, 32, 128)))
