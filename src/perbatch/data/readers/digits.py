"""The 1,797 handwritten digits of 8 x 8 pixels that scikit-learn ships: no download."""

from sklearn.datasets import load_digits

from perbatch.data.readers import shipped
from perbatch.data.source import Source


def read() -> Source:
    """Ten classes; 64 pixels, each the count 0 to 16 of inked points in a 4 x 4 block of the scan."""
    return shipped.read(
        load_digits,
        "Optical recognition of handwritten digits (test part)",
        "E. Alpaydin and C. Kaynak (1998), UCI Machine Learning Repository, shipped in scikit-learn",
        image_shape=(8, 8),
    )
