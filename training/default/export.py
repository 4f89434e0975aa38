"""Turn trained weights into a bundle: OpenVINO IR, calibration, card, manifest.

python training/default/export.py --coarse RUN --fine RUN --card training/default/card.json \
    --out src/gliokit/bundles/shipped/default

A run is a folder that train.py wrote. Weights are kept once, in half precision, under the
names of the network's parameters. Until calibrate.py has fitted it, the calibration changes
nothing and gives no intervals.
"""

import argparse
import json
import platform
import shutil
import warnings
from pathlib import Path

import numpy as np
import openvino as ov
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from gliokit.bundles.bundle import CARD, Card, seal_bundle
from gliokit.bundles.weights import read_weights
from gliokit.learning.torch_session import build_unet
from gliokit.networks.unet import UNet
from gliokit.segmentation.calibration import CALIBRATION, Calibration, RegionCalibration
from gliokit.segmentation.default import OUTPUTS
from gliokit.segmentation.view import INPUTS

WEIGHTS = "weights.safetensors"
UNCALIBRATED = Calibration({region: RegionCalibration(1.0, 0.0) for region in OUTPUTS})


def main() -> None:
    """Write the bundle; the old one is replaced only by a whole new one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coarse", type=Path, required=True, help="run of the coarse network")
    parser.add_argument("--fine", type=Path, required=True, help="run of the fine network")
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, help="what calibrate.py wrote")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    calibration = args.calibration.read_text() if args.calibration else UNCALIBRATED.to_json()
    runs = {"coarse": args.coarse, "fine": args.fine}
    export_bundle(runs, read_card(args.card), calibration, args.out)


def export_bundle(runs: dict[str, Path], card: Card, calibration: str, out: Path) -> None:
    """Write a bundle of runs, by the network that each has trained."""
    new = out.with_name(out.name + ".part")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    made_with = {
        "openvino": ov.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    for network, run in runs.items():
        weights = run / WEIGHTS
        with safe_open(weights, framework="pt") as file:
            made_with[f"run of {network}"] = file.metadata()["run"]
        write_ir(weights, new / f"{network}.xml")
    (new / CALIBRATION).write_text(calibration)
    seal_bundle(new, card, made_with=made_with)
    shutil.rmtree(out, ignore_errors=True)
    new.rename(out)


def read_card(path: Path) -> Card:
    """Read a card as it is written by hand."""
    content = json.loads((path / CARD if path.is_dir() else path).read_text())
    return Card(**{k: tuple(v) if isinstance(v, list) else v for k, v in content.items()})


def write_ir(weights: Path, path: Path) -> None:
    """Convert one network for inputs of any size, its constants named as in torch."""
    state = load_file(weights)
    network = build_unet({name: value.float().numpy() for name, value in state.items()})
    side = 2 * network.stride
    example = torch.zeros(1, len(INPUTS), side, side, side)
    shape = ov.PartialShape([-1, len(INPUTS), -1, -1, -1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO traces, which torch has deprecated
        model = ov.convert_model(network, example_input=example, input=[shape])
    name_constants(model, network)
    ov.save_model(model, path, compress_to_fp16=True)
    kept = read_weights(path)
    for name, value in state.items():
        if not np.array_equal(kept[name].ravel(), value.float().numpy().ravel()):
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


if __name__ == "__main__":
    main()
