import numpy as np
import pytest

from perbatch.data.scaling import scale_features, scale_targets
from perbatch.errors import UserError


def parts_of(train: list, validation: list, test: list) -> dict[str, np.ndarray]:
    return {
        "train": np.array(train, float),
        "validation": np.array(validation, float),
        "test": np.array(test, float),
    }


def scaled_by(scaling: str, parts: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    scale_features(parts, scaling)
    return parts


def test_standard_is_fitted_on_training_per_feature() -> None:
    scaled = scaled_by("standard", parts_of([[0, 10], [4, 30]], [[2, 20]], [[6, 50]]))
    assert np.allclose(scaled["train"], [[-1, -1], [1, 1]])
    assert np.allclose(scaled["validation"], [[0, 0]])
    assert np.allclose(scaled["test"], [[2, 3]])


def test_standard_leaves_a_feature_constant_in_training_at_zero_in_every_part() -> None:
    scaled = scaled_by("standard", parts_of([[0, 0.1], [4, 0.1], [8, 0.1]], [[2, 7]], [[6, 0.1]]))
    assert all((X[:, 1] == 0).all() for X in scaled.values())
    assert np.isclose(scaled["train"][:, 0].std(), 1)


def test_range_uses_the_overall_range_of_training() -> None:
    scaled = scaled_by("range", parts_of([[0, 2], [4, 16]], [[8, 8]], [[32, -16]]))
    assert np.array_equal(scaled["train"], [[0, 0.125], [0.25, 1]])
    assert np.array_equal(scaled["validation"], [[0.5, 0.5]])
    assert np.array_equal(scaled["test"], [[2, -1]])


def test_range_of_constant_features_is_zero() -> None:
    assert (scaled_by("range", parts_of([[3, 3]], [[3, 3]], [[3, 3]]))["test"] == 0).all()


def test_none_changes_nothing_and_the_others_need_no_second_copy() -> None:
    parts = parts_of([[0, 2], [4, 16]], [[8, 8]], [[32, -16]])
    before = {part: X.copy() for part, X in parts.items()}
    assert all(np.array_equal(X, before[part]) for part, X in scaled_by("none", parts).items())
    for scaling in ("standard", "range"):
        scaled = scaled_by(scaling, parts)
        assert all(np.shares_memory(X, parts[part]) for part, X in scaled.items())


@pytest.mark.parametrize("scaling", ["standard", "range", "none"])
def test_what_is_returned_does_the_same_to_other_numbers(scaling: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(3.0, 5.0, (50, 20))
    X[:, 7] = 0.1
    parts = {"train": X.copy(), "validation": X[:9].copy(), "test": rng.normal(0.0, 9.0, (9, 20))}
    raw = parts["test"].copy()
    fitted = scale_features(parts, scaling)
    assert np.allclose((raw - fitted.offset) * fitted.factor, parts["test"], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("scaling", ["standard", "range"])
@pytest.mark.parametrize("train", [[[1e308], [-1e308]], [[0], [5e-324]]])
def test_numbers_that_overflow_are_refused_or_stay_finite(scaling: str, train: list) -> None:
    parts = parts_of(train, [[0]], [[1e300]])
    try:
        scaled = scaled_by(scaling, parts)
    except UserError as error:
        assert f"data.scaling is '{scaling}'; numbers from " in str(error)
    else:
        assert train[0] == [0] and all(np.isfinite(X).all() for X in scaled.values())


def test_a_variance_that_overflows_does_not_divide_everything_to_zero() -> None:
    with pytest.raises(
        UserError, match=r"^data\.scaling is 'standard'; numbers from -1e\+200 to 1e\+200 overflow"
    ):
        scale_features(parts_of([[1e200], [-1e200]], [[0]], [[0]]), "standard")


def test_targets_are_standardised_and_can_be_undone() -> None:
    parts = parts_of([10, 30, 50], [30], [110])
    scaled, mean, scale = scale_targets(parts)
    assert np.isclose(scaled["train"].mean(), 0) and np.isclose(scaled["train"].std(), 1)
    assert all(np.allclose(y * scale + mean, parts[part]) for part, y in scaled.items())


def test_constant_and_overflowing_targets_are_refused() -> None:
    with pytest.raises(UserError, match=r"every target of the training part is 0\.1; two values are needed"):
        scale_targets(parts_of([0.1, 0.1, 0.1], [1], [2]))
    for train in ([1e308, -1e308], [1e200, 0], [0, 5e-324]):
        with pytest.raises(
            UserError, match=r"targets cannot be standardised, since numbers from .* overflow$"
        ):
            scale_targets(parts_of(train, [1], [2]))
