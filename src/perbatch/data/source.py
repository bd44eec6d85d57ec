"""What every reader returns: the whole data set, unsplit and unscaled, checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from perbatch.errors import UserError


@dataclass(frozen=True)
class Source:
    """One data set: X float64 (n, d); y int64 labels 0..k-1 with k class names, or float64 targets with none.

    Whole numbers up to 255 may come as uint8 and take an eighth of the memory. `image_shape` is the shape of
    one row of X seen as an image, or None. A UserError says what does not fit.
    Two optional arrays (n,) bind the split: `groups` (int64), whose members all go to the same part, and
    `for_test` (bool), the examples that its publisher set apart for testing.
    """

    X: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    title: str
    origin: str
    licence: str
    image_shape: tuple[int, ...] | None = None
    groups: np.ndarray | None = None
    for_test: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Refuse what no later step could use."""
        for found, allowed in self._faults():
            raise UserError(f"data.reader: in {self.title!r} {found}; {allowed}")

    @property
    def task(self) -> str:
        """`classification` where the classes have names, else `regression`."""
        return "classification" if self.classes else "regression"

    def _faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong, and what is allowed; each check stands on those before it."""
        yield from self._faults_of_shapes()
        yield from self._faults_of_features()
        yield from self._faults_of_labels() if self.classes else self._faults_of_targets()

    def _faults_of_shapes(self) -> Iterator[tuple[str, str]]:
        if self.X.ndim != 2 or 0 in self.X.shape:
            yield f"X has the shape {self.X.shape}", "(examples, features), none of them 0, is needed"
        if self.y.ndim != 1:
            yield f"y has the shape {self.y.shape}", "(examples,) is needed"
        if len(self.X) != len(self.y):
            yield f"X has {len(self.X)} examples and y has {len(self.y)}", "both need the same number"
        for name in ("groups", "for_test"):
            array = getattr(self, name)
            if array is not None and array.shape != self.y.shape:
                yield f"{name} has the shape {array.shape}", f"the shape {self.y.shape} is needed"
        d, names = self.X.shape[1], len(self.feature_names)
        if names != d:
            yield f"there are {names} feature names", f"one for each of the {d} columns of X is needed"
        if self.image_shape is not None and prod(self.image_shape) != d:
            yield f"image_shape is {self.image_shape}", f"its product must be the {d} columns of X"

    def _faults_of_features(self) -> Iterator[tuple[str, str]]:
        if self.X.dtype == np.uint8:
            return
        if self.X.dtype != np.float64:
            yield f"X has the type {self.X.dtype}", "float64 is needed (or uint8)"
        finite = np.isfinite(self.X)
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            where = f"feature {self.feature_names[column]!r} of example {row} is {self.X[row, column]}"
            yield where, "every value must be a finite number"

    def _faults_of_labels(self) -> Iterator[tuple[str, str]]:
        k = len(self.classes)
        if self.y.dtype != np.int64:
            yield f"y has the type {self.y.dtype}", "int64 is needed where there are classes"
        if len(set(self.classes)) < k:
            yield f"the classes are {list(self.classes)}", "each name may stand once"
        outside = np.flatnonzero((self.y < 0) | (self.y >= k))
        if len(outside):
            yield f"the label of example {outside[0]} is {self.y[outside[0]]}", f"labels are 0 to {k - 1}"
        if len(np.unique(self.y)) < 2:
            only = f"every example is of the one class {self.classes[self.y[0]]!r}"
            yield only, "at least two classes are needed"

    def _faults_of_targets(self) -> Iterator[tuple[str, str]]:
        if self.y.dtype != np.float64:
            yield f"y has the type {self.y.dtype}", "float64 is needed where there are no classes"
        bad = np.flatnonzero(~np.isfinite(self.y))
        if len(bad):
            where = f"the target of example {bad[0]} is {self.y[bad[0]]}"
            yield where, "every target must be a finite number"
