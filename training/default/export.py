"""Turn trained weights into a bundle: OpenVINO IR, calibration, card, manifest.

python training/default/export.py --coarse RUN --fine RUN --card training/default/card.json \
    --lender default-sim --out src/gliokit/bundles/shipped/default

A run is a folder that train.py wrote. Weights are kept once, in half precision, under the
names of the network's parameters; what the shipped bundle `--lender` holds byte for byte is not
written a second time. Until calibrate.py has fitted it, the calibration changes nothing and
gives no intervals.
"""

import argparse
import filecmp
import json
import platform
import shutil
from pathlib import Path

import openvino as ov
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from gliokit.bundles.bundle import CARD, Card, seal_bundle, shipped_bundle
from gliokit.learning.export import write_ir
from gliokit.learning.torch_session import build_unet
from gliokit.networks.unet import UNet
from gliokit.segmentation.calibration import CALIBRATION
from gliokit.segmentation.trained_default import UNCALIBRATED

WEIGHTS = "weights.safetensors"


def main() -> None:
    """Write the bundle; the old one is replaced only by a whole new one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coarse", type=Path, required=True, help="run of the coarse network")
    parser.add_argument("--fine", type=Path, required=True, help="run of the fine network")
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, help="what calibrate.py wrote")
    parser.add_argument("--lender", help="shipped bundle that has some of the same files")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    calibration = args.calibration.read_text() if args.calibration else UNCALIBRATED.to_json()
    runs = {"coarse": args.coarse, "fine": args.fine}
    export_bundle(runs, read_card(args.card), calibration, args.out, lender=args.lender)


def export_bundle(
    runs: dict[str, Path], card: Card, calibration: str, out: Path, *, lender: str | None = None
) -> None:
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
        write_ir(read_network(weights), new / f"{network}.xml")
    (new / CALIBRATION).write_text(calibration)
    lenders = leave_out(new, lender) if lender else {}
    seal_bundle(new, card, made_with=made_with, lenders=lenders)
    shutil.rmtree(out, ignore_errors=True)
    new.rename(out)


def leave_out(folder: Path, lender: str) -> dict[str, str]:
    """Remove what a shipped bundle holds too; that bundle, by the names of the files."""
    twins = [(path, shipped_bundle(lender) / path.name) for path in folder.iterdir()]
    same = [own for own, twin in twins if twin.is_file() and filecmp.cmp(own, twin, shallow=False)]
    for path in same:
        path.unlink()
    return {path.name: lender for path in same}


def read_network(weights: Path) -> UNet:
    """Read the network that a run has trained."""
    return build_unet({name: value.float().numpy() for name, value in load_file(weights).items()})


def read_card(path: Path) -> Card:
    """Read a card as it is written by hand."""
    content = json.loads((path / CARD if path.is_dir() else path).read_text())
    return Card(**{k: tuple(v) if isinstance(v, list) else v for k, v in content.items()})


if __name__ == "__main__":
    main()
