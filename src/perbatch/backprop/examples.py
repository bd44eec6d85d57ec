"""Data as the passes want them: checked, in the network's precision, with the constant 1 for the biases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike

if TYPE_CHECKING:
    from perbatch.backprop.network import Network


@dataclass(frozen=True)
class Examples:
    """n examples: `inputs` (n, fan_in [+ 1]), and as targets the rows of `table` that `labels` choose.

    Classification keeps labels (n,) and a table of one-hot rows (k, k); regression keeps no labels and a row
    of targets an example.
    """

    inputs: np.ndarray
    table: np.ndarray
    labels: np.ndarray | None

    def __len__(self) -> int:
        """Return n."""
        return len(self.inputs)

    @property
    def rows(self) -> np.ndarray:
        """The row of `table` that is each example's target, shape (n,)."""
        return np.arange(len(self)) if self.labels is None else self.labels

    def gather(self, chosen: np.ndarray, inputs: np.ndarray, targets: np.ndarray) -> None:
        """Copy the chosen examples into the given arrays."""
        # Any mode but "raise" spares NumPy a buffer; the indices are ours and in range.
        self.inputs.take(chosen, axis=0, out=inputs, mode="clip")
        rows = chosen if self.labels is None else self.labels.take(chosen)
        self.table.take(rows, axis=0, out=targets, mode="clip")

    def targets(self, rows: slice | np.ndarray) -> np.ndarray:
        """Targets (m, k) of a range of examples, or of those chosen."""
        return self.table[rows] if self.labels is None else self.table[self.labels[rows]]


@dataclass(frozen=True)
class Encoded:
    """Inputs that `encode_rows` made before, for all networks of that width, precision and bias.

    They stand for X (n, fan_in) wherever one is asked for, and are not copied again.
    """

    rows: np.ndarray
    bias: bool

    def __len__(self) -> int:
        """Return n."""
        return len(self.rows)


def encode(network: Network, X: np.ndarray | Encoded, y: np.ndarray) -> Examples:
    """Check and convert X (n, fan_in) and y: labels (n,), or targets (n,) or (n, k). Raises ValueError."""
    inputs = encode_inputs(network, X)
    outputs, y = network.sizes[-1], np.asarray(y)
    if y.ndim == 0 or len(y) != len(inputs):
        raise ValueError(
            f"y must have one entry for each of the {len(inputs)} rows of X, not shape {y.shape}."
        )
    whole = np.issubdtype(y.dtype, np.integer)
    if network.loss_name == "cross_entropy" and not (whole and y.ndim == 1):
        raise ValueError(
            f"cross_entropy needs whole-number labels y of shape (n,), not {y.dtype} of shape {y.shape}."
        )
    if whole and y.ndim == 1 and outputs > 1:
        if y.min() < 0 or y.max() >= outputs:
            raise ValueError(
                f"labels must lie in 0 to {outputs - 1} for {outputs} outputs, not {y.min()} to {y.max()}."
            )
        return Examples(inputs, np.eye(outputs, dtype=network.dtype), y.astype(np.intp))
    if y.shape != (len(y), outputs) and not (y.ndim == 1 and outputs == 1):
        raise ValueError(f"y must have shape (n, {outputs}) for {outputs} outputs, not {y.shape}.")
    return Examples(inputs, _finite("y", y, network.dtype).reshape(len(y), outputs), None)


def encode_inputs(network: Network, X: np.ndarray | Encoded) -> np.ndarray:
    """Check X and copy it into the network's precision, with a last column of ones if there are biases."""
    if isinstance(X, Encoded):
        width, found = network.sizes[0], X.rows.shape[1] - X.bias
        if (width, network.dtype, network.bias) != (found, X.rows.dtype, X.bias):
            raise ValueError(
                f"X is encoded for {found} inputs in {X.rows.dtype}, bias {X.bias}, not for {width} in "
                f"{network.dtype}, bias {network.bias}."
            )
        return X.rows
    X = np.asarray(X)
    if X.ndim != 2 or X.shape[1] != network.sizes[0] or len(X) == 0:
        raise ValueError(f"X must have shape (n, {network.sizes[0]}) with n at least 1, not {X.shape}.")
    return encode_rows(X, network.dtype, network.bias)


def encode_rows(X: np.ndarray, dtype: DTypeLike, bias: bool) -> np.ndarray:
    """Copy X (n, d) into a precision, with a last column of ones if there are biases. Raises ValueError."""
    inputs = np.ones((len(X), X.shape[1] + bias), dtype)
    inputs[:, : X.shape[1]] = _finite("X", X, inputs.dtype)
    return inputs


def _finite(name: str, values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if values.dtype.kind not in "fiub":
        raise ValueError(f"{name} must hold numbers, not {values.dtype}.")
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(values, dtype)
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must hold finite numbers in {dtype.name}; it has a NaN or an infinity.")
    return values
