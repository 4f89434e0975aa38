"""One torch session that runs the networks of a bundle on a GPU.

It takes the place of `gliokit.bundles.session.Session` where a GPU is asked for: the same
weights, read out of the same files. The GPU computes in bfloat16 where it can, with cuDNN's
deterministic algorithms; on the CPU torch computes in single precision, to check against.

Importing this module needs torch, which only the extra `train` brings: import it where a GPU
is asked for.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliokit.bundles.bundle import Bundle
from gliokit.bundles.session import Device
from gliokit.bundles.weights import read_weights
from gliokit.core.errors import BundleError, DeviceError

try:
    import torch

    from gliokit.networks.unet import UNet
except ModuleNotFoundError as error:
    raise DeviceError(
        "torch is not installed, and a GPU is used through it: pip install 'gliokit[train]', "
        "or run on the CPU"
    ) from error

Weights: TypeAlias = Mapping[str, NDArray[np.float32]]


class TorchSession:
    """The networks of one bundle, ready to run.

    Parameters
    ----------
    bundle : Bundle
        Already checked; its networks are U-Nets.
    device : {"cuda", "cpu"}
        Where to run.

    Attributes
    ----------
    device : str
        `cuda` or `cpu`.
    precision : str
        `bf16` on a GPU that has it, else `f32`.

    Raises
    ------
    DeviceError
        If no GPU can be used.
    """

    def __init__(self, bundle: Bundle, *, device: Device = "cuda") -> None:
        if device == "cuda" and not torch.cuda.is_available():
            raise DeviceError(
                f"torch {torch.__version__} finds no CUDA GPU here; check that nvidia-smi lists "
                "one and that torch is a CUDA build, or run on the CPU"
            )
        self._bundle = bundle
        self.device = device
        mixed = device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        self.precision = "bf16" if mixed else "f32"
        self._networks: dict[str, UNet] = {}

    def run(self, network: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map a batch (N, C, X, Y, Z) through a network; (N, regions, X, Y, Z).

        Raises
        ------
        BundleError
            If the bundle has no such network, or it is no U-Net.
        DeviceError
            If the GPU has not enough memory for this shape.
        """
        if network not in self._networks:
            self._networks[network] = read_unet(*self._bundle.network(network)).to(self.device)
        with (
            torch.inference_mode(),
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
            torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.precision == "bf16"),
        ):
            try:
                y = self._networks[network](torch.from_numpy(x).to(self.device))
            except torch.OutOfMemoryError as error:
                raise DeviceError(
                    f"the GPU has not enough free memory for {network} on shape {x.shape}; "
                    "close what else uses it, or run on the CPU"
                ) from error
        return y.float().cpu().numpy()


def read_unet(path: Path, weights: Path | None = None) -> UNet:
    """Build the U-Net that `NAME.xml` and its weights hold, ready for inference.

    Raises
    ------
    BundleError
        If the weights are not those of one U-Net.
    """
    parameters = read_weights(path, weights)
    try:
        return build_unet(parameters)
    except (KeyError, ValueError, RuntimeError) as error:
        raise BundleError(f"{path} holds no U-Net that torch can run: {error}") from error


def build_unet(weights: Weights) -> UNet:
    """Build the U-Net that has these weights, named as its parameters are."""
    stem, head = weights["stem.0.weight"], weights["head.weight"]
    levels = sum(name.startswith("up.") and name.endswith(".weight") for name in weights)
    widths = [len(stem), *(len(weights[f"down.{level}.0.weight"]) for level in range(levels))]
    network = UNet(stem.shape[1], len(head), widths=widths)
    shapes = {name: value.shape for name, value in network.state_dict().items()}
    if unknown := sorted(weights.keys() - shapes.keys()):
        raise ValueError(f"{unknown[0]} is no parameter of it")
    # OpenVINO keeps some biases as (1, C, 1, 1, 1)
    network.load_state_dict(
        {name: torch.from_numpy(weights[name]).reshape(shape) for name, shape in shapes.items()}
    )
    return network.eval()
