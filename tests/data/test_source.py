import re
from collections.abc import Callable

import numpy as np
import pytest

from perbatch.data import Source
from perbatch.errors import UserError


def spoilt(value: float) -> np.ndarray:
    X = np.ones((4, 2))
    X[2, 1] = value
    return X


LABELS = np.array([0, 1, 0, 1])
CLASSES = ("a", "b")


def test_task_follows_the_classes(classification: Source, regression: Source) -> None:
    assert (classification.task, regression.task) == ("classification", "regression")


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"X": np.ones((3, 2))}, "X has 3 examples and y has 4; both need the same number"),
        ({"X": np.ones(4), "feature_names": ("f",)}, "X has the shape (4,)"),
        ({"X": np.ones((4, 0))}, "X has the shape (4, 0)"),
        ({"y": LABELS[:, None]}, "y has the shape (4, 1)"),
        ({"X": spoilt(np.nan)}, "feature 'f1' of example 2 is nan; every value must be a finite number"),
        ({"X": spoilt(np.inf)}, "feature 'f1' of example 2 is inf"),
        ({"X": spoilt(-np.inf)}, "feature 'f1' of example 2 is -inf"),
        ({"X": np.ones((4, 2), dtype=np.float32)}, "X has the type float32; float64 is needed"),
        ({"X": np.full((4, 2), "1")}, "X has the type <U1; float64 is needed"),
        ({"y": np.zeros(4, dtype=np.int64)}, "every example is of the one class 'a'; at least two"),
        ({"y": np.array([0, 1, 2, 1])}, "the label of example 2 is 2; labels are 0 to 1"),
        ({"y": np.array([0, -1, 0, 1])}, "the label of example 1 is -1; labels are 0 to 1"),
        ({"y": LABELS.astype(float)}, "y has the type float64; int64 is needed"),
        ({"classes": ("a", "a")}, "the classes are ['a', 'a']; each name may stand once"),
        ({"classes": ()}, "y has the type int64; float64 is needed where there are no classes"),
        ({"classes": (), "y": np.array([0.0, np.nan, 1.0, 1.0])}, "the target of example 1 is nan"),
        ({"feature_names": ("one",)}, "there are 1 feature names; one for each of the 2 columns"),
        ({"image_shape": (2, 2)}, "image_shape is (2, 2); its product must be the 2 columns"),
    ],
)
def test_what_does_not_fit_is_refused(
    make_source: Callable[..., Source], keywords: dict, sentence: str
) -> None:
    fitting = {"y": LABELS, "classes": CLASSES, "X": np.ones((4, 2))}
    make_source(**fitting)
    with pytest.raises(UserError, match=r"^data\.reader: in 'Tiny' .*" + re.escape(sentence)):
        make_source(**{**fitting, **keywords})


def test_an_image_shape_that_fits_is_kept(
    make_source: Callable[..., Source], make_labels: Callable[..., np.ndarray]
) -> None:
    source = make_source(make_labels(2, 2), CLASSES, X=np.ones((4, 6)), image_shape=(2, 3))
    assert source.image_shape == (2, 3)
