"""Several processes that train one network, each on examples of its own, as torchrun starts them.

torchrun --nproc-per-node 2 -m gliokit.cli.main train ...

Processes speak through gloo on CPUs and NCCL on GPUs. Who and how many they are stands in the
environment; without it there is one. All of them must see the same folder of checkpoints.
"""

import atexit
import gc
import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True, slots=True)
class Team:
    """The processes that train together, as one of them sees it.

    Attributes
    ----------
    rank, size : int
        Number of this process, and of how many.
    device : torch.device
        Where this process computes.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes, reports and decides."""
        return self.rank == 0

    def wrapped(self, network: nn.Module) -> nn.Module:
        """Make a network whose gradients are averaged over the processes; weights become one."""
        return DistributedDataParallel(network) if self.size > 1 else network

    def mean(self, value: float) -> float:
        """Average a number over the processes."""
        return self._sum(value) / self.size

    def of_leader(self, value: float) -> float:
        """Give every process the number of the one that leads."""
        return self._sum(value if self.leads else 0.0)

    def share_weights(self, weights: Iterable[Tensor]) -> None:
        """Give every process the weights of the one that leads, in place."""
        if self.size > 1:
            for weight in weights:
                distributed.broadcast(weight, 0)

    def _sum(self, value: float) -> float:
        if self.size == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=self.device)
        distributed.all_reduce(total)
        return total.item()


def join_team(device: str) -> Team:
    """Find the other processes that train with this one.

    Parameters
    ----------
    device : str
        `cpu` or `cuda`; on a machine with several GPUs each process takes one.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Team(0, 1, torch.device(device))
    own = torch.device(device)
    if own.type == "cuda":
        own = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(own)
    if not distributed.is_initialized():
        # imported while there is a group, it would hold it for good in its default arguments
        import_module("torch.distributed.nn.functional")
        distributed.init_process_group("nccl" if own.type == "cuda" else "gloo")
        atexit.register(_leave_team)
    return Team(distributed.get_rank(), distributed.get_world_size(), own)


def _leave_team() -> None:
    """End the threads that speak to the other processes, before the interpreter ends.

    One that lets go of a tensor later aborts the process (pytorch issue 190489). They end with the
    last that holds the group: wrapped networks do, in cycles that only the collector opens.
    """
    gc.collect()
    distributed.destroy_process_group()
