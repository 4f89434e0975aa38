"""Turn trained weights into the bundle that ships: safetensors, OpenVINO IR, card, manifest.

python training/default/export.py --runs training/runs --card training/default/card.json \
    --out src/gliokit/bundles/shipped/default

`--runs` holds the folders that train.py wrote. Weights are kept in half precision in both forms.
"""

import argparse
import json
import platform
import shutil
from pathlib import Path

import openvino as ov
import torch
from recipe import Recipe
from safetensors import safe_open
from safetensors.torch import load_file

from gliokit.bundles.bundle import Card, seal_bundle
from gliokit.networks.unet import UNet
from gliokit.segmentation.default import INPUTS, OUTPUTS

RUNS = {"coarse": "coarse-2", "fine": "fine"}  # network: the last run that trained it


def main() -> None:
    """Write the bundle; the old one is replaced only by a whole new one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    content = json.loads(args.card.read_text())
    card = Card(**{k: tuple(v) if isinstance(v, list) else v for k, v in content.items()})
    new = args.out.with_name(args.out.name + ".part")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    made_with = {
        "openvino": ov.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    for network, run in RUNS.items():
        weights = args.runs / run / "weights.safetensors"
        with safe_open(weights, framework="pt") as file:
            made_with[f"run {run}"] = file.metadata()["run"]
        shutil.copyfile(weights, new / f"{network}.safetensors")
        write_ir(run, weights, new / f"{network}.xml")
    seal_bundle(new, card, made_with=made_with)
    shutil.rmtree(args.out, ignore_errors=True)
    new.rename(args.out)


def write_ir(run: str, weights: Path, path: Path) -> None:
    """Convert one network for inputs of any size, weights in half precision."""
    recipe = Recipe.read(Path(__file__).parent / f"{run}.toml")
    network = UNet(len(INPUTS), len(OUTPUTS), widths=recipe.widths).eval()
    network.load_state_dict({name: value.float() for name, value in load_file(weights).items()})
    side = 2 * network.stride
    example = torch.zeros(1, len(INPUTS), side, side, side)
    model = ov.convert_model(
        network, example_input=example, input=[ov.PartialShape([-1, len(INPUTS), -1, -1, -1])]
    )
    ov.save_model(model, path, compress_to_fp16=True)


if __name__ == "__main__":
    main()
