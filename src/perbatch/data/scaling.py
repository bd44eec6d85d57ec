"""Scaling of features and targets, fitted on the training part only: nothing of the other parts leaks in."""

from typing import NamedTuple

import numpy as np
from sklearn.preprocessing import StandardScaler

from perbatch.data.progress import each_of
from perbatch.errors import UserError

_COLUMNS = 16
"""Columns that are standardised at once: scikit-learn makes copies of what it is given."""

Parts = dict[str, np.ndarray]


class Scaling(NamedTuple):
    """What was fitted: a feature x became (x - offset) * factor; one number for all features, or one each."""

    offset: float | list[float]
    factor: float | list[float]


def scale_features(parts: Parts, scaling: str) -> Scaling:
    """Scale each part's X by `standard`, `range` or `none`; a UserError where numbers overflow.

    The arrays (float64) are changed in place: a second copy of all data would be the peak of the memory used.
    `standard`: per feature zero mean and unit variance; a feature constant in training is 0 in every part.
    `range`: the lowest value of all training features becomes 0, the highest 1.
    """
    extent = _extent(parts)
    try:
        # Raised, not looked for afterwards: a variance that overflows would divide everything to 0.
        with np.errstate(over="raise"):
            return _SCALINGS[scaling](parts)
    except FloatingPointError:
        raise UserError(f"data.scaling is {scaling!r}; {extent} overflow in it") from None


def scale_targets(parts: Parts) -> tuple[Parts, float, float]:
    """Each part's y with the training part's zero mean and unit variance, then that mean and scale.

    Undone by `y * scale + mean`. A UserError where the training targets are constant or overflow.
    """
    first = parts["train"][0]
    if (parts["train"] == first).all():
        raise UserError(f"data.reader: every target of the training part is {first}; two values are needed")
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            mean, scale = float(parts["train"].mean()), float(parts["train"].std())
            return {part: (y - mean) / scale for part, y in parts.items()}, mean, scale
    except FloatingPointError:
        raise UserError(
            f"data.reader: targets cannot be standardised, since {_extent(parts)} overflow"
        ) from None


def _standard(parts: Parts) -> Scaling:
    offsets, factors = [], []
    columns = range(0, parts["train"].shape[1], _COLUMNS)
    for first in each_of(columns, "scaling features"):
        block = {part: X[:, first : first + _COLUMNS] for part, X in parts.items()}
        scaler = StandardScaler(copy=False).fit(block["train"])
        constant = np.ptp(block["train"], axis=0) == 0
        for X in block.values():
            scaler.transform(X)
            X[:, constant] = 0.0
        offsets += scaler.mean_.tolist()
        factors += np.where(constant, 0.0, 1.0 / scaler.scale_).tolist()
    return Scaling(offsets, factors)


def _range(parts: Parts) -> Scaling:
    low, high = parts["train"].min(), parts["train"].max()
    width = high - low if high > low else 1.0
    for X in parts.values():
        X -= low
        X /= width
    return Scaling(float(low), float(1.0 / width))


def _none(parts: Parts) -> Scaling:
    return Scaling(0.0, 1.0)


_SCALINGS = {"standard": _standard, "range": _range, "none": _none}


def _extent(parts: Parts) -> str:
    low, high = min(part.min() for part in parts.values()), max(part.max() for part in parts.values())
    return f"numbers from {low:g} to {high:g}"
