"""A metric of the user's own: a function in src/ that is called at each evaluation of a run."""

import inspect
import math
from collections.abc import Callable
from functools import cache
from importlib import import_module
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from perbatch.backprop import Encoded, Network
from perbatch.data import Prepared
from perbatch.errors import UserError
from perbatch.runs.encoded import TrainingData
from perbatch.stages import SOURCE


@cache
def find(name: str) -> Callable[..., Any]:
    """Return the function that the setting `metric` names, as MODULE.FUNCTION of a file in src/.

    A UserError says why there is none, or why it cannot be called with network, theta and two parts of data.
    """
    module, _, function = name.rpartition(".")
    if not module:
        raise _refusal(name, "must be MODULE.FUNCTION of a file in src/, or null")
    try:
        imported = import_module(module)
    except Exception as error:
        raise _refusal(
            name, f"the module {module!r} cannot be imported ({type(error).__name__}: {error})"
        ) from error
    path = Path(imported.__file__ or "").resolve()
    if not path.is_relative_to(SOURCE):
        raise _refusal(name, f"{path} is not below {SOURCE}, so a run's identity could not hold its code")
    found = getattr(imported, function, None)
    if not callable(found):
        raise _refusal(name, f"{path} has no function {function!r}")
    try:
        inspect.signature(found).bind("network", "theta", "train", "validation")
    except TypeError as error:
        raise _refusal(name, f"it must take (network, theta, train, validation), and has {error}") from None
    return found


def of_theta(name: str, network: Network, data: Prepared | TrainingData) -> Callable[[np.ndarray], float]:
    """Return a metric as a function of theta alone, which gives a finite number or raises a UserError.

    The user's function gets the network, theta, and the training and validation part, each as (X, y) in
    arrays that cannot be written to.
    """
    function = find(name)
    train = _plain(data.X_train), _plain(data.y_train)
    validation = _plain(data.X_validation), _plain(data.y_validation)

    def measured(theta: np.ndarray) -> float:
        try:
            value = function(network, theta, train, validation)
        except Exception as error:
            raise _refusal(name, f"it raised {type(error).__name__}: {error}") from error
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise _refusal(name, f"it returned {value!r}; a finite number is needed")
        return float(value)

    return measured


def _plain(array: np.ndarray | Encoded) -> np.ndarray:
    """A view without the column for the biases; all runs of a process share what is below it."""
    rows = array.rows[:, : array.rows.shape[1] - array.bias] if isinstance(array, Encoded) else array
    view = rows.view()
    view.flags.writeable = False
    return view


def _refusal(name: str, found: str) -> UserError:
    return UserError(f"metric={name}: {found}")
