"""The 442 diabetes patients that scikit-learn ships: no download."""

import numpy as np
from sklearn.datasets import load_diabetes

from perbatch.data.source import Source


def read() -> Source:
    """Regression: ten measurements of a patient, and the progression of the disease one year later.

    Raw units: scikit-learn's scaled variant was fitted on all examples, the test part included.
    """
    diabetes = load_diabetes(scaled=False)
    return Source(
        X=np.asarray(diabetes.data, dtype=np.float64),
        y=np.asarray(diabetes.target, dtype=np.float64),
        classes=(),
        feature_names=tuple(diabetes.feature_names),
        title="Diabetes progression",
        origin="B. Efron, T. Hastie, I. Johnstone and R. Tibshirani (2004), Least Angle Regression, "
        "as shipped in scikit-learn",
        licence="none stated by the authors; shipped in scikit-learn (BSD-3-Clause)",
    )
