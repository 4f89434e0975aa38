"""The weights inside an OpenVINO network, by the names that torch knows them by.

A bundle holds each network once, as OpenVINO IR in half precision. Its constants keep the
names of the network's parameters, so that training can go on from a bundle, and so that torch
can run it on a GPU.
"""

from pathlib import Path

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from gliokit.core.errors import BundleError

COMPRESSED = "_compressed"  # what OpenVINO appends to the name of what it stores in 16 bits
TRACED = "self."  # what it put before the names in bundles of version 0.1.0


def read_weights(network: Path, weights: Path | None = None) -> dict[str, NDArray[np.float32]]:
    """Read every named weight of a network, in single precision.

    Parameters
    ----------
    network, weights : Path
        `NAME.xml` and `NAME.bin`; the latter beside it where not given.

    Raises
    ------
    BundleError
        If the file cannot be read.
    """
    try:
        model = ov.Core().read_model(network, weights or network.with_suffix(".bin"))
    except RuntimeError as error:
        reason = str(error).strip().rpartition("\n")[2]
        raise BundleError(f"{network} cannot be read: {reason}") from error
    return {
        _parameter(op): np.array(op.data, dtype=np.float32)
        for op in model.get_ops()
        if op.get_type_name() == "Constant" and op.friendly_name.endswith(COMPRESSED)
    }


def _parameter(constant: ov.Node) -> str:
    return str(constant.friendly_name).removeprefix(TRACED).removesuffix(COMPRESSED)
