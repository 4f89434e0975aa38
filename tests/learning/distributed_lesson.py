"""A lesson for tests: taught by one process, or as a script by all that torchrun starts.

python -m torch.distributed.run --standalone --nproc-per-node 2 distributed_lesson.py FOLDER
"""

import atexit
import os
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from gliokit.core.system import TrainingRun
from gliokit.learning.lesson import Lesson, teach
from gliokit.learning.settings import Decay, Regularization, Schedule
from gliokit.learning.weights import write_network

STEPS = 12


def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give a point and the product of its first two coordinates."""
    x = rng.normal(size=3).astype(np.float32)
    return x, x[:1] * x[1:2]


def learn(folder: Path, *, batch: int) -> nn.Module:
    """Teach a small network, with validation, an average and patience that ends before the last."""
    torch.manual_seed(1 + int(os.environ.get("RANK", "0")))  # of the first process is what counts
    network = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1))
    schedule = Schedule(
        steps=90,
        batch=batch,
        accumulate=2,
        learning_rate=0.02,
        decay=Decay.COSINE,
        average=0.9,
        validate_every=4,
        mixed=False,
        regularization=Regularization(patience=2),
    )
    scores = iter([1.0, 0.9, 0.8])

    def judge(network: nn.Module) -> float:
        return next(scores)

    lesson = Lesson("part", draw, loss, schedule, validate=judge)
    teach(network, lesson, TrainingRun(folder=folder))
    return network


def loss(outputs: Tensor, reference: Tensor) -> Tensor:
    """Average over the batch."""
    return mse_loss(outputs, reference)


def write_threads(path: Path) -> None:
    """Name the threads of this process, where the system tells."""
    names = [task.joinpath("comm").read_text() for task in Path("/proc/self/task").glob("*")]
    path.write_text("".join(names))


if __name__ == "__main__":
    out = Path(sys.argv[1])
    atexit.register(write_threads, out / f"{os.environ['RANK']}.threads")  # runs last
    write_network(out / f"{os.environ['RANK']}.safetensors", learn(out, batch=3))
