from typing import Any

import pytest


def network(**changes: object) -> dict[str, object]:
    """An item of `networks`."""
    return {
        "sizes": [4, 3, 2],
        "activation": "relu",
        "loss": "cross_entropy",
        "bias": True,
        "output": "linear",
        **changes,
    }


@pytest.fixture
def block() -> dict[str, Any]:
    """A tiny block `benchmark`, a test's own to change."""
    return {
        "networks": [network()],
        "dtype": ["float64"],
        "engine": ["numpy"],
        "batch_size": [64, 1000, 8],
        "micro_batch_size": [32],
        "repeats": 3,
    }
