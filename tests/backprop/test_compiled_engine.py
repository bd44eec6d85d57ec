"""The compiled engine against the reference, to rounding; against itself, to the bit."""

import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perbatch.backprop import Network, Run, generators, train
from perbatch.backprop.engines import ENGINES
from perbatch.backprop.examples import encode
from perbatch.backprop.mode import update_mode
from random_networks import data, networks

COUNTS = ("presentations", "updates", "gradient_evaluations", "forward_evaluations")


@st.composite
def modes(draw: Any) -> dict[str, Any]:
    repeats = draw(st.booleans())
    return {
        "batch_size": draw(st.one_of(st.just(1), st.just("full"), st.integers(2, 40))),
        "micro_batch_size": draw(st.one_of(st.none(), st.integers(1, 20))),
        "updates_per_batch": draw(st.integers(1, 4)) if repeats else 1,
        "tolerance": draw(st.sampled_from([None, 0.0, 0.05, 0.5, 1.0])) if repeats else None,
        "shuffle": draw(st.booleans()),
    }


def both(network: Network, X: np.ndarray, y: np.ndarray, **settings: Any) -> tuple[Run, Run]:
    theta = network.init(generators(0)[0])
    reference, compiled = (
        train(network, theta, X, y, seed=1, engine=engine, **settings) for engine in ("numpy", "compiled")
    )
    return reference, compiled


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(networks(), modes(), st.integers(1, 41), st.booleans())
def test_agrees_with_the_reference_to_rounding(
    network: Network, mode: dict[str, Any], examples: int, labels: bool
) -> None:
    X, y = data(network, examples, labels=labels)
    # 50 epochs of full-batch, and as many updates of smaller batches: rounding grows with the updates
    reference, compiled = both(
        network, X, y, learning_rate=0.02, epochs=50 if mode["batch_size"] == "full" else 4, **mode
    )
    for count in COUNTS:
        np.testing.assert_array_equal(compiled.history[count], reference.history[count])
    np.testing.assert_allclose(compiled.theta, reference.theta, rtol=1e-9, atol=1e-11)
    for key in ("train_loss", "gradient_norm", "satisfied_when_left", "still_satisfied"):
        np.testing.assert_allclose(compiled.history[key], reference.history[key], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("batch_size", [1, 7, 32, "full"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_agrees_over_50_epochs_of_every_batch_size(activation: str, batch_size: Any) -> None:
    network = Network((64, 32, 10), activation)
    X, y = data(network, 100, labels=True)
    reference, compiled = both(network, X, y, learning_rate=0.02, epochs=50, batch_size=batch_size)
    np.testing.assert_allclose(compiled.theta, reference.theta, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 7, 32, "full"])
@pytest.mark.parametrize("sizes", [(64, 32, 10), (300, 150, 26)])
def test_agrees_in_single_precision(sizes: tuple[int, ...], batch_size: Any) -> None:
    network = Network(sizes, dtype="float32")
    X, y = data(network, 300, labels=True)
    reference, compiled = both(network, X, y, learning_rate=0.01, epochs=2, batch_size=batch_size)
    np.testing.assert_allclose(compiled.theta, reference.theta, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@pytest.mark.parametrize("batch_size", [1, 5])
def test_a_run_that_diverges_is_seen_to(batch_size: int, loss: str) -> None:
    network = Network((4, 5, 3), "relu", loss)
    X, y = data(network, 20, labels=True)
    reference, compiled = both(network, X * 50, y, learning_rate=1e6, epochs=40, batch_size=batch_size)
    assert compiled.diverged == reference.diverged
    if loss == "squared_error":
        assert compiled.diverged


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tells_a_loss_that_exactly_meets_the_tolerance(dtype: str) -> None:
    """From w = 0 with target 1 the losses are 1/2, 1/8, 1/32 at rate 1/2."""
    network = Network((1, 1), loss="squared_error", bias=False, dtype=dtype)
    run = train(
        network,
        np.zeros(1),
        np.ones((1, 1)),
        np.ones(1),
        batch_size=1,
        learning_rate=0.5,
        epochs=1,
        seed=0,
        engine="compiled",
        updates_per_batch=3,
        tolerance=0.125,
    )
    assert run.theta.tolist() == [0.5]
    assert run.history["forward_evaluations"][-1] == 1


MODES: list[dict[str, Any]] = [
    {"batch_size": 1},
    {"batch_size": 8},
    {"batch_size": "full"},
    {"batch_size": 20, "micro_batch_size": 6},
    {"batch_size": 9, "updates_per_batch": 3, "tolerance": 0.3},
]


def bits(dtype: str) -> str:
    """The final parameters of every mode."""
    network = Network((30, 20, 10), "tanh", dtype=dtype)
    X, y = data(network, 100, labels=True)
    runs = [both(network, X, y, learning_rate=0.1, epochs=3, **mode)[1] for mode in MODES]
    return "".join(run.theta.tobytes().hex() for run in runs)


def test_other_processes_compute_the_same_bits() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "import test_compiled_engine as tests; print(tests.bits('float64'))"
    )
    here = Path(__file__).parent
    source = Path(sys.modules["perbatch"].__path__[0]).parent
    command = [sys.executable, "-c", code, str(source), str(here), str(here.parent)]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = {other.communicate()[0].strip() for other in others}
    assert printed == {bits("float64")}


@pytest.mark.parametrize("sizes", [(20, 12, 5), (30, 70, 40, 5)])
@pytest.mark.parametrize("cut", [[], [1], [8, 16, 64], [0, 0, 100]])
def test_where_a_segment_is_cut_does_not_show(cut: list[int], sizes: tuple[int, ...]) -> None:
    """The weights go to theta and back at every cut, and postponed updates of wide layers are made."""
    network = Network(sizes)
    X, y = data(network, 100, labels=True)
    examples, mode = encode(network, X, y), update_mode(100, 1, 0.1, 1, None, None)
    whole, parts = (
        ENGINES["compiled"](network, network.init(generators(0)[0]), examples, mode) for _ in range(2)
    )
    whole.advance(np.arange(100))
    for piece in np.split(np.arange(100), cut):
        parts.advance(piece)
    assert parts.theta.tobytes() == whole.theta.tobytes()
    assert parts.updates == whole.updates == 100


def memory(batch_size: Any, micro_batch_size: int | None, *, build: bool) -> int:
    """Peak bytes of making an engine and an epoch, or of the epoch alone; of 512 examples."""
    network = Network((100, 200, 10))
    rng = np.random.default_rng(0)
    examples = encode(network, rng.normal(size=(512, 100)), rng.integers(0, 10, 512))
    order, mode = np.arange(512), update_mode(512, batch_size, 0.1, 1, None, micro_batch_size)

    def make() -> Any:
        return ENGINES["compiled"](network, network.init(rng), examples, mode)

    engine = make()
    engine.advance(order)
    tracemalloc.start()
    try:
        (make() if build else engine).advance(order)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("batch_size", [1, 32, "full"])
def test_an_epoch_allocates_nothing(batch_size: Any) -> None:
    assert memory(batch_size, None, build=False) < 5_000


def test_memory_grows_with_the_batch_and_accumulation_bounds_it() -> None:
    layers = 8 * 2 * (200 + 16)  # bytes an example: results and deltas, rows filled up to whole vectors
    parameters = memory(1, None, build=True)
    assert memory("full", None, build=True) < parameters + 512 * (layers + 100)
    assert memory("full", 16, build=True) < 0.5 * memory("full", None, build=True)


def test_asking_for_another_engine_does_not_import_numba() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import numpy as np\n"
        "from perbatch.backprop import Network, train\n"
        "settings = dict(batch_size=1, learning_rate=1.0, epochs=1, seed=0, engine='numpy')\n"
        "train(Network((2, 2)), np.zeros(6), np.eye(2), np.arange(2), **settings)\n"
        "assert 'numba' not in sys.modules"
    )
    source = Path(sys.modules["perbatch"].__path__[0]).parent
    subprocess.run([sys.executable, "-c", code, str(source)], check=True)
