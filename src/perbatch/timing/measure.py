"""The table: a row a network, engine, precision, batch size and micro-batch size."""

import numpy as np
from threadpoolctl import threadpool_limits

from perbatch.timing.memory import peak_bytes
from perbatch.timing.processor import processor_name
from perbatch.timing.settings import Settings
from perbatch.timing.timing import Timed, interleaved
from perbatch.timing.workload import SEED, Case, Workload, cases

Row = dict[str, object]


def measure(settings: Settings) -> list[Row]:
    """Return the rows, sorted, with one BLAS thread: times are medians and quartiles over the repeats."""
    rows, largest = cases(settings), max(settings.batch_size)
    loads = {
        (network, dtype): Workload(network, dtype, largest)
        for network in settings.networks
        for dtype in settings.dtype
    }
    gradients = [_timed(loads[case.network, case.dtype], case, updating=True) for case in rows]
    forwards = [_timed(loads[case.network, case.dtype], case, updating=False) for case in rows]
    with threadpool_limits(1, user_api="blas"):
        peaks = [peak_bytes(timed.make, timed.epoch) for timed in gradients]
        microseconds = interleaved([*gradients, *forwards], settings.repeats, SEED)
    gradient, forward = np.split(microseconds, 2, axis=1)
    return [
        _setting(case)
        | _quartiles("gradient_us", gradient[:, i])
        | _quartiles("forward_us", forward[:, i])
        | {"peak_bytes": peaks[i], "repeats": settings.repeats}
        for i, case in enumerate(rows)
    ]


def _timed(load: Workload, case: Case, *, updating: bool) -> Timed:
    make = load.updating if updating else load.checking
    return Timed(lambda: make(case), load.epoch(case.batch_size), case.batch_size)


def _setting(case: Case) -> Row:
    return {
        "processor": processor_name(),
        "numpy": np.__version__,
        "engine": case.engine,
        "dtype": case.dtype,
        "sizes": "-".join(map(str, case.network.sizes)),
        "loss": case.network.loss,
        "activation": case.network.activation,
        "bias": case.network.bias,
        "output": case.network.output,
        "batch_size": case.batch_size,
        "micro_batch_size": case.micro_batch_size,
    }


def _quartiles(name: str, microseconds: np.ndarray) -> Row:
    low, median, high = np.quantile(microseconds, [0.25, 0.5, 0.75])
    return {name: median, f"{name}_low": low, f"{name}_high": high}
