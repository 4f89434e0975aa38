"""The training loop, as a generator: the caller validates, logs, saves and stops."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import torch
from torch import Tensor, nn

Batch: TypeAlias = tuple[Tensor, Tensor]
Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]


def train(
    network: nn.Module,
    batches: Iterable[Batch],
    loss: Loss,
    *,
    optimizer: torch.optim.Optimizer,
    clip: float = 12.0,
    precision: torch.dtype = torch.float32,
) -> Iterator[float]:
    """Take one optimizer step per batch and yield its loss.

    The caller owns the network, its device, the schedule and when to stop.

    Parameters
    ----------
    batches : iterable of (x, y)
        Moved to the network's device.
    clip : float
        Largest norm of the gradient.
    precision : torch.dtype
        `bfloat16` runs forward and loss in mixed precision; weights stay float32.

    Raises
    ------
    RuntimeError
        If a gradient is not finite; the weights are those before that step.
    """
    device = next(network.parameters()).device
    mixed = precision is not torch.float32
    network.train()
    for x, y in batches:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, dtype=precision, enabled=mixed):
            value = loss(network(x.to(device, non_blocking=True)), y.to(device, non_blocking=True))
        value.backward()
        nn.utils.clip_grad_norm_(network.parameters(), clip, error_if_nonfinite=True)
        optimizer.step()
        yield value.item()
