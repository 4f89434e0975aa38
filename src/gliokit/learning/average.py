"""A running average of weights, which is what a training with noisy steps ends with."""

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def running_average(network: nn.Module, share: float) -> AveragedModel:
    """Make the average of a network's weights; buffers are those of the last step.

    Parameters
    ----------
    share : float
        Of the average before in each new one. It is less at first, (1 + n) / (10 + n) after n
        updates, so that a short training does not end with what it began with.

    Source: the rule is that of TensorFlow's `ExponentialMovingAverage`.
    """

    def update(
        average: tuple[Tensor, ...] | list[Tensor],
        current: tuple[Tensor, ...] | list[Tensor],
        updates: Tensor | int,
    ) -> None:
        n = int(updates)
        follow = get_ema_multi_avg_fn(min(share, (1 + n) / (10 + n)))
        follow(average, current, updates)

    return AveragedModel(network, multi_avg_fn=update)
