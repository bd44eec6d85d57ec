"""JAX: one jitted function that scans over the batches of a shuffled epoch."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from problem import EXAMPLES, LEARNING_RATE, Loop, Problem, flat

Params = list[tuple[jax.Array, jax.Array]]


def _loss(params: Params, x: jax.Array, y: jax.Array) -> jax.Array:
    for w, b in params[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = params[-1]
    logits = x @ w + b
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1))


def _update(params: Params, x: jax.Array, y: jax.Array) -> Params:
    gradient = jax.grad(_loss)(params, x, y)
    return jax.tree.map(lambda p, g: p - LEARNING_RATE * g, params, gradient)


def _epoch(params: Params, x: jax.Array, y: jax.Array, order: jax.Array, size: int, gathered: bool) -> Params:
    """Scan over the whole batches, then the short one; `gathered` shuffles all examples before the scan."""
    whole = EXAMPLES // size * size
    rows = order[:whole].reshape(-1, size)
    if gathered:
        params, _ = jax.lax.scan(lambda p, batch: (_update(p, *batch), None), params, (x[rows], y[rows]))
    else:
        params, _ = jax.lax.scan(lambda p, i: (_update(p, x[i], y[i]), None), params, rows)
    rest = order[whole:]
    return _update(params, x[rest], y[rest]) if len(rest) else params


@partial(jax.jit, static_argnames=("size", "gathered"), donate_argnums=0)
def _one(params: Params, x: Any, y: Any, order: Any, *, size: int, gathered: bool) -> Params:
    return _epoch(params, x, y, order, size, gathered)


@partial(jax.jit, static_argnames=("size", "gathered"), donate_argnums=0)
def _many(params: Params, x: Any, y: Any, orders: Any, *, size: int, gathered: bool) -> Params:
    return jax.lax.scan(lambda p, order: (_epoch(p, x, y, order, size, gathered), None), params, orders)[0]


def loop(problem: Problem, *, gathered: bool, at_once: bool) -> Loop:
    """An epoch a call, or (`at_once`) all epochs in one call."""
    params: Params = [(jnp.array(w), jnp.array(b)) for w, b in problem.layers(problem.theta)]
    x, y = jnp.array(problem.inputs), jnp.array(problem.labels, jnp.int32)
    settings = {"size": problem.batch_size, "gathered": gathered}

    def epochs(orders: list[np.ndarray]) -> None:
        nonlocal params
        if at_once:
            params = _many(params, x, y, np.array(orders, np.int32), **settings)
        else:
            for order in orders:
                params = _one(params, x, y, order.astype(np.int32), **settings)
        jax.block_until_ready(params)

    return Loop(epochs, lambda: flat([(np.asarray(w), np.asarray(b)) for w, b in params]))
