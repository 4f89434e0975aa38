"""Train the network that finds the edge of the brain, and write it beside the mean head.

python training/anatomy/edge.py --examples EXAMPLES --out RUN [--steps 1200] [--leave-out 13 14 15]

Learns from what shell_examples.py wrote: cross-entropy of every place of the shell, tumor and
cavity counting more. `RUN/edge.safetensors` is what template.py puts into the bundle;
`RUN/run.json` says how it was made, with the hash of what it learned from. Heads that are left
out serve to choose settings.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from edge_network import EdgeNetwork
from rich.progress import track
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

from gliokit.preprocessing.brain_network import WEIGHTS, network_input, packed

SEED = 0
RATE, DECAY, WARM_UP, BETAS, CLIP = 4e-3, 1e-3, 0.08, (0.9, 0.98), 1.0
TUMOR_WEIGHT = 10.0
GAMMA = 0.2  # standard deviation of the log of an exponent
KEEP_EVERY = 200  # steps


def main() -> None:
    """Train, then write weights of 8 bits and how they came about."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--leave-out", type=int, nargs="*", default=[], help="heads")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # sums in the same order on every machine
    torch.manual_seed(SEED)
    every = sorted(args.examples.glob(f"{'[0-9]' * 5}.npz"))
    paths = [path for path in every if head_of(path) not in args.leave_out]
    network = EdgeNetwork()
    losses = train(network, paths, args.steps)
    said: list[float] = []
    for step, loss in enumerate(track(losses, "training", total=args.steps), start=1):
        said.append(loss)
        if step % KEEP_EVERY == 0 or step == args.steps:
            print(f"step {step}: {np.mean(said[-KEEP_EVERY:]):.4f}", flush=True)
            keep(network, args.out)
    run = {
        "seed": SEED,
        "steps": args.steps,
        "examples": len(paths),
        "left_out": args.leave_out,
        "sha256_of_examples": sha256_of(paths),
        "last_loss": round(float(np.mean(said[-KEEP_EVERY:])), 4),
        "torch": torch.__version__,
    }
    (args.out / "run.json").write_text(json.dumps(run, indent=2) + "\n")


def train(network: EdgeNetwork, paths: list[Path], steps: int) -> Iterator[float]:
    """Take one step per example, drawn with repetition, and yield its loss."""
    rng = np.random.default_rng(SEED)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, betas=BETAS, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps, pct_start=WARM_UP
    )
    for _ in range(steps):
        seen, brain, weight = read_example(paths[rng.integers(len(paths))], rng)
        odds = network(seen)
        apart = functional.binary_cross_entropy_with_logits(odds, brain, reduction="none")
        loss = (apart * weight).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        optimizer.step()
        schedule.step()
        yield loss.item()


def read_example(path: Path, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Read what an image shows (V, D, 4), share of brain and weight (V, D); change its contrast."""
    with np.load(path) as kept:
        values = kept["values"].astype(np.float32) ** np.float32(np.exp(rng.normal(0, GAMMA)))
        seen = network_input(values, kept["inside"])
        brain = kept["brain"].astype(np.float32) / 255
        weight = np.where(kept["tumor"], np.float32(TUMOR_WEIGHT), np.float32(1))
    return torch.from_numpy(seen), torch.from_numpy(brain), torch.from_numpy(weight)


def keep(network: EdgeNetwork, out: Path) -> None:
    """Write the weights, rounded as they ship."""
    weights = {name: value.detach().numpy() for name, value in network.exported().items()}
    save_file(packed(weights), out / WEIGHTS)


def head_of(path: Path) -> int:
    """Give the head that an example was made of."""
    with np.load(path) as kept:
        return int(kept["head"])


def sha256_of(paths: list[Path]) -> str:
    """Hash the content of files, in order."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


if __name__ == "__main__":
    main()
