"""PyTorch, eager: the loops that its users write, from the plainest to the leanest that autograd allows."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from problem import LEARNING_RATE, Loop, Problem, flat


def _tensors(problem: Problem) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(problem.inputs), torch.from_numpy(problem.labels)


def module(problem: Problem, *, fused: bool) -> Loop:
    """nn.Sequential, CrossEntropyLoss and optim.SGD; `fused` asks SGD for its own fused kernel."""
    linear = []
    for w, b in problem.layers(problem.theta):
        layer = nn.Linear(*w.shape)
        layer.weight.data, layer.bias.data = torch.from_numpy(w.T.copy()), torch.from_numpy(b)
        linear += [layer, nn.ReLU()]
    model, criterion = nn.Sequential(*linear[:-1]), nn.CrossEntropyLoss()
    optimiser = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, fused=fused)
    x, y = _tensors(problem)

    def epochs(orders: list[np.ndarray]) -> None:
        for order in orders:
            for rows in torch.from_numpy(order).split(problem.batch_size):
                optimiser.zero_grad()
                criterion(model(x[rows]), y[rows]).backward()
                optimiser.step()

    def theta() -> np.ndarray:
        layers = [layer for layer in model if isinstance(layer, nn.Linear)]
        return flat([(layer.weight.detach().numpy().T, layer.bias.detach().numpy()) for layer in layers])

    return Loop(epochs, theta)


def functions(problem: Problem) -> Loop:
    """Tensors and functions: shuffled once an epoch, autograd.grad, one update of all at once."""
    params = [torch.from_numpy(p).requires_grad_() for pair in problem.layers(problem.theta) for p in pair]
    x, y = _tensors(problem)

    def epochs(orders: list[np.ndarray]) -> None:
        for order in orders:
            rows = torch.from_numpy(order)
            for inputs, labels in zip(
                x[rows].split(problem.batch_size), y[rows].split(problem.batch_size), strict=True
            ):
                h = inputs
                for i in range(0, len(params) - 2, 2):
                    h = torch.addmm(params[i + 1], h, params[i]).relu()
                logits = torch.addmm(params[-1], h, params[-2])
                gradients = torch.autograd.grad(functional.cross_entropy(logits, labels), params)
                with torch.no_grad():
                    torch._foreach_add_(params, gradients, alpha=-LEARNING_RATE)

    return Loop(epochs, lambda: flat([(w.detach().numpy(), b.detach().numpy()) for w, b in _pairs(params)]))


def _pairs(params: list[torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return list(zip(params[::2], params[1::2], strict=True))
