"""The network that finds the edge of the brain in a shell, run by numpy.

A U-Net on rays and depth: a place sees itself, its two neighbors along the ray and the mean of the
six rays around, all three places deep; each level has a quarter of the rays and half the depth.
It answers with log odds of brain, added to those of the mean head. It is small enough to need no
OpenVINO; `training/anatomy/edge_network.py` is the same in torch.

Source: Ronneberger et al., MICCAI 2015, doi:10.1007/978-3-319-24574-4_28 (U-Net); Zhao et al., IPMI
2019, arXiv:1904.00906 (on an icosahedron)
"""

import bz2
from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from gliokit.bundles.bundle import read_bundle, shipped_bundle
from gliokit.preprocessing.brain_shell import DEPTH, Mesh, brain_shell
from gliokit.preprocessing.head_template import BUNDLE

WEIGHTS = "edge.safetensors"
PACK = 3  # places of a ray that the network takes together
BITS = 127  # largest weight of a row, as it is kept
LIKELY = 0.02  # added to both shares of the mean head, so that nothing is sure
SURELY_BRAIN = 0.97  # share of heads
DARK_PERCENTILE, BRIGHTEST = 2.0, 4.0  # of the shell; in units of the brain's median
SLOPE_GAIN = 3.0
SMALLEST = 1e-6
EVENED = 1e-5  # added to a variance

Weights = Mapping[str, NDArray[np.float32]]
Array = NDArray[np.float32]


def network_input(values: Array, inside: NDArray[np.bool_]) -> Array:
    """Describe what an image shows in the shell.

    Parameters
    ----------
    values, inside : (V, D)
        Of `gliokit.preprocessing.brain_shell.seen_in`.

    Returns
    -------
    (V, D, 4)
        Intensity against that of brain, on a log scale; whether the image shows the place; log
        odds of brain in the mean head; slope along the ray.
    """
    likely = brain_shell().likely
    brain = inside & (likely > SURELY_BRAIN)
    dark = float(np.percentile(values[inside], DARK_PERCENTILE)) if inside.any() else 0.0
    usual = float(np.median(values[brain])) if brain.any() else 1.0
    scaled = (values - dark) / max(usual - dark, SMALLEST)
    bright = np.where(inside, np.log1p(2 * scaled.clip(0, BRIGHTEST)), 0)
    odds = np.log((likely + LIKELY) / (1 + LIKELY - likely))
    slope = np.gradient(bright, axis=1) * SLOPE_GAIN
    return np.stack([bright, inside, odds, slope], axis=-1).astype(np.float32)


def find_edge(seen: Array, weights: Weights) -> Array:
    """Give the log odds of brain (V, D) from what `network_input` gives, (V, D, 4)."""
    meshes = brain_shell().meshes
    directions = brain_shell().directions.astype(np.float32)
    packed = seen.reshape(len(seen), DEPTH // PACK, -1)
    place = np.broadcast_to(directions[:, None], (*packed.shape[:2], 3))
    stem = _linear(np.concatenate([packed, place], axis=-1), weights, "stem")
    levels = [_convolved(np.maximum(stem, 0), weights, "down0", meshes[-1])]
    for level in (1, 2, 3):
        mesh = meshes[-1 - level]
        x = _coarser(levels[-1], meshes[-level], len(mesh.neighbors))
        x = _convolved(x, weights, f"down{level}", mesh)
        levels.append(_convolved(x, weights, f"deep{level}", mesh))
    x = levels.pop()
    for level in (2, 1, 0):
        finer = _finer(_linear(x, weights, f"lift{level}"), meshes[-1 - level])
        x = _convolved(levels.pop() + finer, weights, f"up{level}", meshes[-1 - level])
    return _linear(x, weights, "out").reshape(len(seen), DEPTH) + seen[..., 2]


@cache
def edge_weights() -> Weights:
    """Read the weights of this package.

    Raises
    ------
    BundleError
        If they are not there.
    """
    kept = load_file(read_bundle(shipped_bundle(BUNDLE)).folder / WEIGHTS)
    return unpacked(kept)


def packed(weights: Weights) -> dict[str, NDArray[np.generic]]:
    """Round each row of a matrix to 8 bits and deflate all: small is what every wheel carries."""
    names = sorted(weights)
    rows = [_rounded(weights[name]) for name in names]
    shapes = "\n".join(f"{name} {' '.join(map(str, weights[name].shape))}" for name in names)
    return {
        "names": np.frombuffer(shapes.encode(), dtype=np.uint8),
        "levels": np.frombuffer(
            bz2.compress(b"".join(levels.tobytes() for levels, _ in rows)), dtype=np.uint8
        ),
        "scales": np.concatenate([scale.ravel() for _, scale in rows]).astype(np.float16),
    }


def unpacked(kept: Mapping[str, NDArray[np.generic]]) -> Weights:
    """Read what `packed` gives."""
    levels = np.frombuffer(bz2.decompress(kept["levels"].tobytes()), dtype=np.int8)
    scales = kept["scales"].astype(np.float32)
    weights = {}
    for line in kept["names"].tobytes().decode().splitlines():
        name, *shape = line.split()
        rows, *others = map(int, shape)
        size = rows * int(np.prod(others, dtype=int))
        matrix = levels[:size].astype(np.float32).reshape(rows, -1) * scales[:rows, None]
        weights[name] = matrix.reshape(rows, *others)
        levels, scales = levels[size:], scales[rows:]
    return weights


def _rounded(matrix: Array) -> tuple[NDArray[np.int8], Array]:
    rows = matrix.reshape(len(matrix), -1)
    scale = np.abs(rows).max(axis=1, keepdims=True) / BITS
    scale = np.maximum(scale, SMALLEST).astype(np.float16).astype(np.float32)
    return np.rint(rows / scale).clip(-BITS, BITS).astype(np.int8), scale


def _linear(x: Array, weights: Weights, name: str) -> Array:
    y = x @ weights[f"{name}.weight"].T
    return y + weights[f"{name}.bias"] if f"{name}.bias" in weights else y


def _convolved(x: Array, weights: Weights, name: str, mesh: Mesh) -> Array:
    """Look around, even out each channel over the whole shell, and drop what is negative."""
    both = np.pad(np.concatenate([x, _around(x, mesh)], axis=-1), ((0, 0), (1, 1), (0, 0)))
    y = _linear(np.concatenate([both[:, :-2], both[:, 1:-1], both[:, 2:]], axis=-1), weights, name)
    y -= y.mean(axis=(0, 1))
    y /= np.sqrt((y * y).mean(axis=(0, 1)) + EVENED)
    even: Array = y * weights[f"{name}.gain"] + weights[f"{name}.offset"]
    return np.maximum(even, 0)


def _around(x: Array, mesh: Mesh) -> Array:
    """Mean of the rays around each ray, (V, D, C)."""
    total = x[mesh.neighbors[:, 0]]
    for column in mesh.neighbors.T[1:]:
        total += x[column]
    return (total / mesh.neighbors.shape[1]).astype(np.float32, copy=False)


def _coarser(x: Array, mesh: Mesh, rays: int) -> Array:
    """Keep the first rays, averaged with those around, and half the depth."""
    mean = ((x + _around(x, mesh)) / 2)[:rays]
    return mean.reshape(rays, x.shape[1] // 2, 2, -1).mean(axis=2)


def _finer(x: Array, mesh: Mesh) -> Array:
    """Put rays between their parents, and repeat each place."""
    middle = (x[mesh.parents[:, 0]] + x[mesh.parents[:, 1]]) / 2
    return middle.repeat(2, axis=1).astype(np.float32, copy=False)
