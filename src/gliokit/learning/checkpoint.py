"""Checkpoints of a training run: everything that the next step depends on.

Weights, what else is kept of them, the optimizer's state and a few figures, as safetensors (never
pickle). Data are drawn from (seed, step), so the step is all that the sampler needs to go on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gliokit.core.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class TrainingState:
    """What a run consists of while it runs.

    Attributes
    ----------
    network : nn.Module
        The weights that learn.
    kept : nn.Module
        The weights that the run gives in the end: a running average, or the best so far.
    optimizer : Optimizer
        With state for every parameter that learns, or none yet.
    """

    network: nn.Module
    kept: nn.Module
    optimizer: torch.optim.Optimizer


def save_checkpoint(
    path: Path, state: TrainingState, *, facts: Mapping[str, float], run: str
) -> None:
    """Write a checkpoint whole or not at all.

    Parameters
    ----------
    facts : mapping of str to float
        Steps taken, and what else the next step depends on.
    run : str
        Fingerprint of the run's settings; resuming another run is refused.
    """
    tensors: dict[str, Tensor] = {}
    for part, module in (("network", state.network), ("kept", state.kept)):
        tensors |= {f"{part}.{name}": value for name, value in module.state_dict().items()}
    for index, slots in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in slots.items()}
    # copies: the network and what is kept of it may be the same tensors
    whole = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    part_path = path.with_suffix(".part")
    save_file(whole, part_path, metadata={"run": json.dumps({"facts": dict(facts), "run": run})})
    part_path.replace(path)


def load_checkpoint(path: Path, state: TrainingState, *, run: str) -> dict[str, float]:
    """Bring a run back to where its checkpoint was written; give the facts written with it.

    Raises
    ------
    CheckpointError
        If the checkpoint belongs to a run with other settings, or cannot be read.
    """
    try:
        return _load(path, state, run)
    except (SafetensorError, RuntimeError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path} is no checkpoint of this network ({error}); remove its folder to train anew"
        ) from error


def _load(path: Path, state: TrainingState, run: str) -> dict[str, float]:
    with safe_open(path, framework="pt") as file:
        saved = json.loads(file.metadata()["run"])
    if saved["run"] != run:
        raise CheckpointError(
            f"{path} belongs to another run ({saved['run']}), this one is {run}; "
            "use its settings, or another folder"
        )
    tensors = load_file(path)
    state.network.load_state_dict(_under("network", tensors))
    state.kept.load_state_dict(_under("kept", tensors))
    slots: dict[int, dict[str, Tensor]] = {}
    for name, value in _under("optimizer", tensors).items():
        index, slot = name.split(".", 1)
        slots.setdefault(int(index), {})[slot] = value
    settings = state.optimizer.state_dict()
    state.optimizer.load_state_dict({**settings, "state": slots})
    return dict(saved["facts"])


def _under(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    prefix = f"{part}."
    return {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}
