"""Train one stage of the default model on simulated patients.

python training/default/train.py coarse --patients FOLDER --out RUNS/coarse

Writes `log.csv`, a checkpoint that a second call goes on from, and at the end
`weights.safetensors` (the running average). On a CPU with bfloat16 it runs in mixed
precision; preloading tcmalloc makes it a little faster.
"""

import argparse
import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import torch
from examples import SimulatedExamples
from recipe import Recipe
from rich.progress import Progress
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Subset

from gliokit.learning.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from gliokit.learning.loop import train
from gliokit.learning.losses import region_loss
from gliokit.networks.unet import UNet
from gliokit.segmentation.default import INPUTS, OUTPUTS

SAVE_EVERY = 50
CHECKPOINT = "checkpoint.safetensors"
WEIGHTS = "weights.safetensors"
RECIPES = Path(__file__).parent


def main() -> None:
    """Train, or go on training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=sorted(p.stem for p in RECIPES.glob("*.toml")))
    parser.add_argument("--patients", type=Path, required=True, help="folder made by simulate.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    recipe = Recipe.read(RECIPES / f"{args.stage}.toml")
    patients = sorted(args.patients.glob("*.npy"))
    args.out.mkdir(parents=True, exist_ok=True)
    start = args.out.parent / recipe.start / WEIGHTS if recipe.start else None
    state = new_state(recipe, args.device, start)
    run = fingerprint(recipe, patients)
    checkpoint = args.out / CHECKPOINT
    done = load_checkpoint(checkpoint, state, run=run) if checkpoint.exists() else 0
    examples = SimulatedExamples(patients, recipe)
    rest = Subset(examples, range(done * recipe.batch, len(examples)))
    loader = DataLoader(rest, batch_size=recipe.batch, num_workers=args.workers)
    for step, loss in enumerate(losses(state, loader, recipe, done=done), start=done + 1):
        with (args.out / "log.csv").open("a") as log:
            log.write(f"{step},{loss:.4f},{time.time():.0f}\n")
        if step % SAVE_EVERY == 0 or step == recipe.steps:
            save_checkpoint(checkpoint, state, step=step, run=run)
    write_weights(state.average, args.out / WEIGHTS, run)


def new_state(recipe: Recipe, device: str, start: Path | None) -> TrainingState:
    """Make network, running average and optimizer; from earlier weights where there are some."""
    torch.manual_seed(recipe.seed)
    network = UNet(len(INPUTS), len(OUTPUTS), widths=recipe.widths)
    if start:
        known = network.state_dict().keys()
        earlier = {n: v.float() for n, v in load_file(start).items() if n in known}
        network.load_state_dict(earlier)
    network.to(device, memory_format=torch.channels_last_3d)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(recipe.average_decay))
    return TrainingState(
        network, average, torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate)
    )


def losses(
    state: TrainingState, loader: DataLoader[tuple[Tensor, Tensor]], recipe: Recipe, *, done: int
) -> Iterator[float]:
    """Train with progress shown: schedule before each step, running average after it."""
    set_rate(state.optimizer, recipe, done + 1)
    batches = ((x.contiguous(memory_format=torch.channels_last_3d), y) for x, y in loader)
    steps = train(
        state.network,
        batches,
        region_loss,
        optimizer=state.optimizer,
        precision=torch.bfloat16,
    )
    with Progress() as progress:
        task = progress.add_task("training", total=recipe.steps, completed=done)
        for step, loss in enumerate(steps, start=done + 1):
            state.average.update_parameters(state.network)
            set_rate(state.optimizer, recipe, step + 1)
            progress.advance(task)
            yield loss


def set_rate(optimizer: torch.optim.Optimizer, recipe: Recipe, step: int) -> None:
    """Warm up linearly, then fall as a cosine."""
    warm = min(1.0, step / recipe.warmup)
    fall = 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
    for group in optimizer.param_groups:
        group["lr"] = recipe.learning_rate * warm * max(fall, 0.01)


def write_weights(average: AveragedModel, path: Path, run: str) -> None:
    """Write the averaged weights in half precision."""
    weights = {n: v.half().contiguous() for n, v in average.module.state_dict().items()}
    part = path.with_suffix(".part")
    save_file(weights, part, metadata={"run": run})
    part.replace(path)


def fingerprint(recipe: Recipe, patients: list[Path]) -> str:
    """Name a run by its recipe and the content of its patients."""
    digest = hashlib.sha256(repr(sorted(asdict(recipe).items())).encode())
    for path in patients:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    main()
