"""Back-propagation from first principles: networks, their gradients, and every mode of applying them.

NumPy, and Numba for the compiled engine; knows nothing of configuration, tracking or files. Start reading
at `network` (what is computed), then `propagation` (the forward and backward pass), `numpy_engine` (when the
gradient is applied) and `train`.
"""

from perbatch.backprop.examples import Encoded, encode_rows
from perbatch.backprop.gradient_check import check_gradient
from perbatch.backprop.network import Network
from perbatch.backprop.randomness import generators
from perbatch.backprop.run import Run
from perbatch.backprop.schedule import log_spaced
from perbatch.backprop.train import train

__all__ = [
    "Encoded",
    "Network",
    "Run",
    "check_gradient",
    "encode_rows",
    "generators",
    "log_spaced",
    "train",
]
