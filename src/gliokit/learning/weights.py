"""Weights of a network: written as safetensors, and taken over from another network."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gliokit.core.errors import BundleError


def write_network(path: Path, network: nn.Module) -> None:
    """Write the weights of a network."""
    weights = {
        name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()
    }
    save_file(weights, path)


def read_network(path: Path, network: nn.Module) -> None:
    """Load the weights of a network that was made with the settings of the writer.

    Raises
    ------
    BundleError
        If the file holds the weights of another network.
    """
    try:
        network.load_state_dict(load_file(path))
    except (OSError, RuntimeError) as error:
        raise BundleError(
            f"{path} does not hold the weights of this {type(network).__name__}: {error}; give the "
            "settings that it was trained with"
        ) from error
    network.eval()


@torch.no_grad()
def take_over(network: nn.Module, start: Mapping[str, Tensor]) -> None:
    """Copy what the start has for each weight: its first channels where it has more or fewer."""
    for name, value in network.state_dict().items():
        if name in start:
            part = tuple(
                slice(min(n, m)) for n, m in zip(value.shape, start[name].shape, strict=True)
            )
            value[part] = start[name][part]
