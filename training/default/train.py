"""Train one stage of the default model.

python training/default/train.py coarse --patients FOLDER --out RUNS/coarse
python training/default/train.py coarse-real --patients FOLDER --real FOLDER --out RUNS/coarse-real

Writes `log.csv`, a checkpoint that a second call goes on from, and at the end
`weights.safetensors` (the running average). On a CPU with bfloat16 it runs in mixed
precision; preloading tcmalloc makes it a little faster. `--leave-out` keeps real cases out,
for cross-validation.
"""

import argparse
import hashlib
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from examples import Examples
from real_cases import read_cases, without
from recipe import Recipe
from rich.progress import Progress
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Subset

from gliokit.core.errors import CheckpointError
from gliokit.learning.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from gliokit.learning.loop import Stepping, train
from gliokit.learning.losses import region_loss
from gliokit.learning.torch_session import read_unet
from gliokit.learning.weights import take_over
from gliokit.networks.unet import UNet
from gliokit.preprocessing.view import INPUTS
from gliokit.segmentation.default import OUTPUTS
from gliokit.segmentation.default_settings import start_weights

SAVE_EVERY = 50
CHECKPOINT, LOG = "checkpoint.safetensors", "log.csv"
WEIGHTS = "weights.safetensors"
RECIPES = Path(__file__).parent
SHIPPED = "bundle:"


def main() -> None:
    """Train, or go on training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=sorted(p.stem for p in RECIPES.glob("*.toml")))
    parser.add_argument("--patients", type=Path, required=True, help="folder made by simulate.py")
    parser.add_argument("--real", type=Path, help="folder of labelled studies")
    parser.add_argument("--leave-out", nargs="*", default=[], help="names of real cases")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start-from", type=Path, help="run in place of the recipe's start")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    recipe = read_recipe(args.stage)
    real = without(read_cases(args.real), args.leave_out) if args.real else []
    start = starting_weights(recipe, args.start_from or args.out.parent / recipe.start)
    patients = sorted(args.patients.glob("*.npz"))
    train_stage(recipe, Examples(patients, recipe, real), start, args.out, device=args.device)


def read_recipe(stage: str) -> Recipe:
    """Read the settings of a stage."""
    return Recipe.read(RECIPES / f"{stage}.toml")


def train_stage(
    recipe: Recipe,
    examples: Examples,
    start: Mapping[str, Tensor],
    out: Path,
    *,
    device: str = "cpu",
) -> None:
    """Train to the end, from the last checkpoint in `out` if there is one."""
    run = fingerprint(recipe, examples, start)
    if (out / WEIGHTS).exists():
        check_run(out / WEIGHTS, run)
        return
    out.mkdir(parents=True, exist_ok=True)
    state = new_state(recipe, device, start)
    checkpoint = out / CHECKPOINT
    done = 0
    if checkpoint.exists():
        done = int(load_checkpoint(checkpoint, state, run=run)["step"])
    cut_log(out / LOG, done)
    rest = Subset(examples, range(done * recipe.batch, len(examples)))
    loader = DataLoader(rest, batch_size=recipe.batch, num_workers=1, prefetch_factor=3)
    for step, loss in enumerate(losses(state, loader, recipe, done=done), start=done + 1):
        with (out / LOG).open("a") as log:
            log.write(f"{step},{loss:.4f},{time.time():.0f}\n")
        if step % SAVE_EVERY == 0 or step == recipe.steps:
            save_checkpoint(checkpoint, state, facts={"step": step}, run=run)
    write_weights(average_of(state), out / WEIGHTS, run)


def cut_log(path: Path, steps: int) -> None:
    """Leave out the steps that will be taken again."""
    if path.exists():
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:steps]))


def check_run(weights: Path, run: str) -> None:
    """Refuse finished weights that other settings, patients or cases have made."""
    with safe_open(weights, framework="pt") as file:
        found = file.metadata()["run"]
    if found != run:
        raise CheckpointError(f"{weights} is of run {found}, this one is {run}: move it away")


def starting_weights(recipe: Recipe, run: Path) -> dict[str, Tensor]:
    """Read the weights that a stage starts from; none if it starts from nothing."""
    if not recipe.start:
        return {}
    if recipe.start.startswith(SHIPPED):
        paths = start_weights(recipe.start.removeprefix(SHIPPED), recipe.network)
        return read_unet(*paths).state_dict()
    return {name: value.float() for name, value in load_file(run / WEIGHTS).items()}


def new_state(recipe: Recipe, device: str, start: Mapping[str, Tensor]) -> TrainingState:
    """Make network, running average and optimizer; from earlier weights where there are some."""
    torch.manual_seed(recipe.seed)
    network = UNet(len(INPUTS), len(OUTPUTS), widths=recipe.widths)
    take_over(network, start)
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
        how=Stepping(precision=torch.bfloat16),
    )
    average = average_of(state)
    with Progress() as progress:
        task = progress.add_task("training", total=recipe.steps, completed=done)
        for step, loss in enumerate(steps, start=done + 1):
            average.update_parameters(state.network)
            set_rate(state.optimizer, recipe, step + 1)
            progress.advance(task)
            yield loss


def average_of(state: TrainingState) -> AveragedModel:
    """Give the running average that `new_state` has made."""
    assert isinstance(state.kept, AveragedModel)
    return state.kept


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


def fingerprint(recipe: Recipe, examples: Examples, start: Mapping[str, Tensor]) -> str:
    """Name a run by its recipe, the content of its patients, its real cases and its start."""
    digest = hashlib.sha256(repr(sorted(asdict(recipe).items())).encode())
    for path in examples.patients:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for case in examples.real:
        digest.update(case.name.encode())
        for array in (*case.images.values(), case.labels):
            digest.update(hashlib.sha256(np.ascontiguousarray(array)).digest())
    for name in sorted(start):
        digest.update(start[name].half().numpy().tobytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    main()
