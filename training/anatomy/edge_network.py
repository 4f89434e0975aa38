"""The network of `gliokit.preprocessing.brain_network`, in torch, to be trained."""

import warnings

import torch
from torch import Tensor, nn
from torch.nn import functional

from gliokit.preprocessing.brain_network import EVENED, PACK
from gliokit.preprocessing.brain_shell import NEIGHBORS, Mesh, brain_shell

INPUTS, DIRECTION, TAPS = 4, 3, 3
WIDTHS = (16, 24, 32, 32)


class EdgeNetwork(nn.Module):
    """U-Net on rays and depth; one study at a time, since it evens out over the whole shell."""

    def __init__(self) -> None:
        super().__init__()
        shell = brain_shell()
        self.register_buffer("directions", torch.tensor(shell.directions, dtype=torch.float32))
        self.meshes = shell.meshes
        self.rays_around = [mean_of_neighbors(mesh) for mesh in shell.meshes]
        first, *deeper = WIDTHS
        self.stem = nn.Linear(PACK * INPUTS + DIRECTION, first)
        self.down0, self.up0 = Around(first, first), Around(first, first)
        for level, (above, width) in enumerate(zip(WIDTHS, deeper, strict=False), start=1):
            setattr(self, f"down{level}", Around(above, width))
            setattr(self, f"deep{level}", Around(width, width))
            setattr(self, f"lift{level - 1}", nn.Linear(width, above, bias=False))
            if level < len(deeper):
                setattr(self, f"up{level}", Around(width, width))
        self.out = nn.Linear(first, PACK)

    def forward(self, x: Tensor) -> Tensor:
        """Map (V, D, 4) to log odds of brain (V, D)."""
        rays, depth, _ = x.shape
        packed = x.reshape(rays, depth // PACK, -1)
        place = self.directions[:, None].expand(-1, packed.shape[1], -1)
        y = functional.relu(self.stem(torch.cat([packed, place], dim=-1)))
        levels = [self.down0(y, self.rays_around[-1])]
        for level in range(1, len(WIDTHS)):
            y = self.coarser(levels[-1], level)
            for part in ("down", "deep"):
                y = getattr(self, f"{part}{level}")(y, self.rays_around[-1 - level])
            levels.append(y)
        y = levels.pop()
        for level in reversed(range(len(WIDTHS) - 1)):
            finer = self.finer(getattr(self, f"lift{level}")(y), level)
            y = getattr(self, f"up{level}")(levels.pop() + finer, self.rays_around[-1 - level])
        return self.out(y).reshape(rays, depth) + x[..., 2]

    def coarser(self, x: Tensor, level: int) -> Tensor:
        """Keep a quarter of the rays (V, D, C), averaged with those around, and half the depth."""
        rays = len(self.meshes[-1 - level].neighbors)
        mean = ((x + look_around(x, self.rays_around[-level])) / 2)[:rays]
        return mean.reshape(rays, x.shape[1] // 2, 2, -1).mean(dim=2)

    def finer(self, x: Tensor, level: int) -> Tensor:
        """Put rays between their parents, and repeat each place, (V, D, C)."""
        one, other = torch.tensor(self.meshes[-1 - level].parents).T
        return ((x[one] + x[other]) / 2).repeat_interleave(2, dim=1)

    def exported(self) -> dict[str, Tensor]:
        """Weights under the names that `brain_network` reads."""
        return {name: value for name, value in self.state_dict().items() if name != "directions"}


class Around(nn.Module):
    """See a place, the next two along the ray, and the mean of the rays around."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.Linear(2 * TAPS * inputs, outputs).weight.detach())
        self.gain = nn.Parameter(torch.ones(outputs))
        self.offset = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor, rays_around: Tensor) -> Tensor:
        """Map (V, D, C) to (V, D, outputs)."""
        both = torch.cat([x, look_around(x, rays_around)], dim=-1)
        both = functional.pad(both, (0, 0, 1, 1))
        taps = torch.cat([both[:, :-2], both[:, 1:-1], both[:, 2:]], dim=-1)
        y = functional.linear(taps, self.weight)
        flat = y.reshape(-1, y.shape[-1])  # evened over all places of this one shell
        even = functional.batch_norm(
            flat, None, None, self.gain, self.offset, training=True, eps=EVENED
        )
        return functional.relu(even).reshape(y.shape)


class LookAround(torch.autograd.Function):
    """Multiply by a symmetric sparse matrix; torch knows no quick slope of that."""

    @staticmethod
    def forward(ctx, x: Tensor, matrix: Tensor) -> Tensor:
        """Map (V, C) to (V, C)."""
        ctx.matrix = matrix
        return matrix @ x

    @staticmethod
    def backward(ctx, slope: Tensor) -> tuple[Tensor, None]:
        """Slope by `x`; the matrix is constant."""
        return ctx.matrix @ slope, None


def look_around(x: Tensor, rays_around: Tensor) -> Tensor:
    """Mean of the rays around each ray, (V, D, C)."""
    mean: Tensor = LookAround.apply(x.reshape(len(x), -1).contiguous(), rays_around)
    return mean.reshape(x.shape)


def mean_of_neighbors(mesh: Mesh) -> Tensor:
    """Matrix (V, V) whose product is the mean of the rays around."""
    columns = torch.tensor(mesh.neighbors).sort(dim=1).values
    starts = torch.arange(0, columns.numel() + 1, NEIGHBORS)
    shares = torch.full((columns.numel(),), 1 / NEIGHBORS)
    size = (len(columns), len(columns))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(
            starts, columns.reshape(-1), shares, size, check_invariants=True
        )
