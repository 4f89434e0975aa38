"""Weights of a network, written as safetensors."""

from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import nn

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
