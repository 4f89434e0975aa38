"""A trained U-Net as OpenVINO runs it: IR in half precision, constants named as in torch."""

import warnings
from pathlib import Path

import numpy as np
import openvino as ov
import torch

from gliokit.bundles.weights import read_weights
from gliokit.networks.unet import UNet


def write_ir(network: UNet, path: Path) -> None:
    """Convert a network for inputs of any size, and check what was written.

    Its weights are rounded to half precision, in place, as the file holds them.

    Raises
    ------
    ValueError
        If the file does not hold every weight.
    """
    network.half().float().eval()
    channels = network.state_dict()["stem.0.weight"].shape[1]
    side = 2 * network.stride
    example = torch.zeros(1, channels, side, side, side)
    shape = ov.PartialShape([-1, channels, -1, -1, -1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO traces, which torch has deprecated
        model = ov.convert_model(network, example_input=example, input=[shape])
    name_constants(model, network)
    ov.save_model(model, path, compress_to_fp16=True)
    kept = read_weights(path)
    for name, value in network.state_dict().items():
        if not np.array_equal(kept[name].ravel(), value.numpy().ravel()):
            raise ValueError(f"{path} does not hold {name} as it was trained")


def name_constants(model: ov.Model, network: UNet) -> None:
    """Name every constant that is a weight of the network; each is found by its content."""
    unnamed = {name: value.numpy() for name, value in network.state_dict().items()}
    for operation in model.get_ops():
        if operation.get_type_name() != "Constant":
            continue
        content = np.asarray(operation.data)
        for name, value in unnamed.items():
            if content.size == value.size and np.array_equal(content.ravel(), value.ravel()):
                operation.friendly_name = name
                del unnamed[name]
                break
    if unnamed:
        raise ValueError(f"the converted network lacks {', '.join(unnamed)}")
