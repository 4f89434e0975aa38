"""The training loop, as a generator: the caller validates, logs, saves and stops."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

Batch: TypeAlias = tuple[Tensor, Tensor]
# outputs of the network (a tensor, or a tuple where it has several heads) and the reference
Loss: TypeAlias = Callable[..., Tensor]


@dataclass(frozen=True, slots=True)
class Stepping:
    """How a step is taken.

    Attributes
    ----------
    clip : float
        Largest norm of the gradient.
    precision : torch.dtype
        `bfloat16` runs forward and loss in mixed precision; weights stay float32.
    accumulate : int
        Batches whose gradients are averaged to one step: a larger batch in the same memory.
    """

    clip: float = 12.0
    precision: torch.dtype = torch.float32
    accumulate: int = 1


def train(
    network: nn.Module,
    batches: Iterable[Batch],
    loss: Loss,
    *,
    optimizer: torch.optim.Optimizer,
    how: Stepping = Stepping(),
) -> Iterator[float]:
    """Take one optimizer step per `how.accumulate` batches and yield their mean loss.

    The caller owns the network, its device, the schedule and when to stop.

    Parameters
    ----------
    batches : iterable of (x, y)
        Moved to the network's device.

    Raises
    ------
    RuntimeError
        If a gradient is not finite; the weights are those before that step.
    """
    device = next(network.parameters()).device
    mixed = how.precision is not torch.float32
    network.train()
    losses: list[float] = []
    for x, y in batches:
        if not losses:
            optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, dtype=how.precision, enabled=mixed):
            value = loss(network(x.to(device, non_blocking=True)), y.to(device, non_blocking=True))
        (value / how.accumulate).backward()
        losses.append(value.item())
        if len(losses) < how.accumulate:
            continue
        learnt = [p for group in optimizer.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(learnt, how.clip, error_if_nonfinite=True)
        optimizer.step()
        yield sum(losses) / how.accumulate
        losses.clear()
        network.train()  # the caller may have validated
