"""Penalties on weights, and the optimizer that applies them where they belong (C3).

Weights of convolutions and linear layers are penalized; biases and the parameters of
normalization, all of one dimension, are not.
"""

import torch
from torch import Tensor, nn

from gliokit.learning.loop import Loss
from gliokit.learning.settings import Optimizer, Regularization, Schedule


def make_optimizer(network: nn.Module, schedule: Schedule) -> torch.optim.Optimizer:
    """Make the optimizer of a schedule over the parameters that learn.

    L2 is added to the gradient, as the papers do; it is not the decoupled decay of AdamW.
    """
    learning = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in learning if p.ndim > 1], "weight_decay": schedule.regularization.l2},
        {"params": [p for p in learning if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if schedule.optimizer is Optimizer.SGD:
        return torch.optim.SGD(groups, lr=schedule.learning_rate, momentum=schedule.momentum)
    return torch.optim.Adam(groups, lr=schedule.learning_rate)


def penalized(loss: Loss, network: nn.Module, regularization: Regularization) -> Loss:
    """Add the L1 penalty of the weights that learn to a loss."""
    if not regularization.l1:
        return loss

    def with_penalty(outputs: Tensor | tuple[Tensor, ...], reference: Tensor) -> Tensor:
        weights = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
        magnitude = torch.stack([weight.abs().sum() for weight in weights]).sum()
        return loss(outputs, reference) + regularization.l1 * magnitude

    return with_penalty
