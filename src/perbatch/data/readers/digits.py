"""The 1,797 handwritten digits of 8 x 8 pixels that scikit-learn ships: no download."""

import numpy as np
from sklearn.datasets import load_digits

from perbatch.data.source import Source


def read() -> Source:
    """Ten classes; 64 pixels, each the count 0 to 16 of inked points in a 4 x 4 block of the scan."""
    digits = load_digits()
    return Source(
        X=np.asarray(digits.data, dtype=np.float64),
        y=np.asarray(digits.target, dtype=np.int64),
        classes=tuple(str(digit) for digit in range(10)),
        feature_names=tuple(digits.feature_names),
        title="Optical recognition of handwritten digits (test part)",
        origin="E. Alpaydin and C. Kaynak (1998), UCI Machine Learning Repository, shipped in scikit-learn",
        licence="CC BY 4.0",
        image_shape=(8, 8),
    )
