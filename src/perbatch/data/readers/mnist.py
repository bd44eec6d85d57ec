"""The 70,000 handwritten digits of MNIST, 28 x 28 pixels: the published benchmark. Downloaded once."""

import numpy as np

from perbatch.data.downloads import PublicFile, fetch
from perbatch.data.idx import read_idx
from perbatch.data.source import Source
from perbatch.errors import UserError

_MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
# Of each file the original packing, then another one of the same content.
_SHA256 = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "7ff28fd295f802eefc6d40e461175dfe4b969b1842b2abc8c6dc8c20711cf79f",
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "81a978ae83d39ffdba0db3ce2fcaf80a8921e9629e874428996a2b03242d4b2a",
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "197e111ae341b0770be9011ac5e622d0e6cd1c640b32eb0de5dc1dd26cc6e182",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "b91679a0acfe4ba0e50a2437a903084cba1f5f92592b016a25a7dfd00455798b",
    ),
}
FILES = {name: PublicFile("mnist", name, sha256, _MIRRORS) for name, sha256 in _SHA256.items()}


def read() -> Source:
    """Classification: grey values 0 (paper) to 255 (ink) of 784 pixels, ten classes.

    Its own 10,000 test images stay the test part. A UserError names a file that is damaged.
    """
    X_train, y_train = _part("train")
    X_test, y_test = _part("t10k")
    return Source(
        X=np.concatenate([X_train, X_test]),
        y=np.concatenate([y_train, y_test]),
        classes=tuple(str(digit) for digit in range(10)),
        feature_names=tuple(f"pixel_{row}_{column}" for row in range(28) for column in range(28)),
        title="MNIST, handwritten digits",
        origin="Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998), Gradient-based learning applied to "
        "document recognition; from NIST's Special Databases 1 and 3",
        licence="CC BY-SA 3.0",
        image_shape=(28, 28),
        for_test=np.arange(len(y_train) + len(y_test)) >= len(y_train),
    )


def _part(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 784) uint8 and labels (n,) int64 of one of the two parts."""
    images = read_idx(fetch(FILES[f"{name}-images-idx3-ubyte.gz"]))
    labels = read_idx(fetch(FILES[f"{name}-labels-idx1-ubyte.gz"]))
    if images.ndim != 3 or images.shape[1:] != (28, 28) or labels.ndim != 1:
        raise UserError(
            f"MNIST's {name} files hold arrays of the shapes {images.shape} and {labels.shape}; "
            "(n, 28, 28) and (n,) are needed"
        )
    if len(images) != len(labels):
        raise UserError(f"MNIST's {name} files hold {len(images)} images and {len(labels)} labels")
    return images.reshape(len(images), -1), labels.astype(np.int64)
