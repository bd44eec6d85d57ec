"""Three small sets of classes that scikit-learn ships, as measured: no download."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from perbatch.data.source import Source

SHIPPED = "as shipped in scikit-learn"


def breast_cancer() -> Source:
    """Two classes; 30 measurements of cell nuclei in an image of each of 569 samples."""
    return read(
        load_breast_cancer,
        "Breast cancer Wisconsin (diagnostic)",
        f"W. Wolberg, W. Street and O. Mangasarian (1995), UCI Machine Learning Repository, {SHIPPED}",
    )


def wine() -> Source:
    """Three growers; 13 chemical measurements of each of 178 wines."""
    return read(
        load_wine,
        "Wine recognition",
        f"S. Aeberhard and M. Forina (1991), UCI Machine Learning Repository, {SHIPPED}",
    )


def iris() -> Source:
    """Three species; length and width of sepals and petals of each of 150 flowers."""
    return read(
        load_iris,
        "Iris",
        f"R. A. Fisher (1936), The use of multiple measurements in taxonomic problems, {SHIPPED}",
    )


def read(
    load: Callable[[], Any], title: str, origin: str, image_shape: tuple[int, ...] | None = None
) -> Source:
    """The set of classes that one of scikit-learn's functions loads."""
    table = load()
    return Source(
        X=np.asarray(table.data, dtype=np.float64),
        y=np.asarray(table.target, dtype=np.int64),
        classes=tuple(map(str, table.target_names)),
        feature_names=tuple(map(str, table.feature_names)),
        title=title,
        origin=origin,
        licence="CC BY 4.0",
        image_shape=image_shape,
    )
