"""Train the network that tells tissues, and write it as OpenVINO runs it.

python training/anatomy/tissue.py --examples EXAMPLES --out RUN [--steps 1000]

Learns from what tissue_examples.py wrote, by `gliokit.learning.lesson.teach`, which goes on from
its last checkpoint, `RUN/tissue-N/checkpoint.safetensors` of N patients. Another training may begin
with the weights of an `--earlier` one, also of one that told the hindbrain's tissue from no other
(`--tissues-only`). Two processes of torchrun with `--batch 1` are one with 2.
`RUN/tissue.xml` and `.bin` are what the bundle ships, `RUN/tissue.json` says how they were made,
with the hash of what they learned from.
"""

import argparse
import json
import warnings
from functools import partial
from hashlib import sha256
from pathlib import Path

import openvino as ov
import torch
from safetensors.torch import load_file
from tissue_draws import draw_example
from tissue_network import TissueNetwork, tissue_loss
from torch import Tensor

from gliokit.core.system import TrainingRun
from gliokit.learning.distributed import join_team
from gliokit.learning.lesson import Lesson, teach
from gliokit.learning.settings import Decay, Schedule
from gliokit.preprocessing.tissue_network import ANSWERS, CHANNELS, NETWORK, STRIDE, TISSUES

SEED = 2032
RATE, WARM_UP, AVERAGE = 3e-3, 40, 0.98
SAVE_EVERY = 25
KEPT = "kept.module."  # what a checkpoint calls the running average
LAST = "head.4"  # layer whose outputs are the answers


def main() -> None:
    """Train, then write the network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--patients", type=int, default=1000, help="at most, the first by number")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=2, help="of each process")
    parser.add_argument("--tissues-only", action="store_true", help="no hindbrain")
    parser.add_argument("--earlier", type=Path, help="checkpoint of an earlier training")
    args = parser.parse_args()
    paths = sorted(args.examples.glob("*.npy"))[: args.patients]
    facts = {
        "seed": SEED,
        "steps": args.steps,
        "patients": len(paths),
        "earlier": sha256_of([args.earlier]) if args.earlier else "",
        "sha256_of_examples": sha256_of(paths),
        "torch": torch.__version__,
    }
    torch.manual_seed(SEED)
    answers = len(TISSUES if args.tissues_only else ANSWERS)
    network = TissueNetwork(CHANNELS, answers)
    if args.earlier:
        network.load_state_dict(weights_of(args.earlier, answers))
    schedule = Schedule(
        steps=args.steps,
        batch=args.batch,
        learning_rate=RATE,
        warmup=WARM_UP,
        decay=Decay.COSINE,
        average=AVERAGE,
        validate_every=SAVE_EVERY,
    )
    lesson = Lesson(
        f"tissue-{len(paths)}",
        partial(draw_example, paths, hindbrain=not args.tissues_only),
        tissue_loss,
        schedule,
        data=json.dumps(facts),
    )
    teach(network, lesson, TrainingRun(folder=args.out, seed=SEED, workers=1))
    if join_team("cpu").leads:
        write_network(network, args.out / f"{NETWORK}.xml")
        (args.out / f"{NETWORK}.json").write_text(json.dumps(facts, indent=2) + "\n")


def weights_of(checkpoint: Path, answers: int) -> dict[str, Tensor]:
    """Read the running average of a training that may not have ended.

    An answer that it did not know begins as that of its tissue.
    """
    tensors = load_file(checkpoint)
    weights = {n.removeprefix(KEPT): v for n, v in tensors.items() if n.startswith(KEPT)}
    if len(weights[f"{LAST}.bias"]) < answers:
        like = [TISSUES.index(answer.tissue) for answer in ANSWERS]
        weights[f"{LAST}.bias"] = weights[f"{LAST}.bias"][like]
        weights[f"{LAST}.weight"] = weights[f"{LAST}.weight"][:, like]
    return weights


def write_network(network: TissueNetwork, path: Path) -> None:
    """Convert for inputs of any size; weights in half precision."""
    side = 4 * STRIDE
    network.float().eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO traces, which torch has deprecated
        model = ov.convert_model(
            network,
            example_input=torch.zeros(1, CHANNELS, side, side, side),
            input=[ov.PartialShape([-1, CHANNELS, -1, -1, -1])],
        )
    ov.save_model(model, path, compress_to_fp16=True)


def sha256_of(paths: list[Path]) -> str:
    """Hash the content of files, in order."""
    total = sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(2**24):
                total.update(block)
    return total.hexdigest()


if __name__ == "__main__":
    main()
