"""Draw what the tissue network learns from: parts of simulated patients, ever changed.

Every change is drawn from the generator that is given. Sequences, and the tumor, are left out at
random; contrast, brightness of the coil, slices, noise and the stripped edge are changed beyond
what the simulated scanners do, since the network has seen no real image.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion

from gliokit.preprocessing.resampling import resample
from gliokit.preprocessing.tissue_network import ANSWERS, network_input
from gliokit.preprocessing.tissue_priors import NORMAL
from gliokit.preprocessing.view import INPUTS

# how examples are kept: sessions of a patient; z-scores in 256 steps; a prior of 1
SESSIONS = 2
LEAST_Z, STEPS_A_Z = -6.0, 16.0
ENTIRE = 255
CROP = (80, 96, 80)  # mm
ALL_FOUR = 0.45  # share of examples with every sequence; else each of the 15 sets is as likely
TUMOR_GIVEN = 0.6
MISPLACED_MM = 2  # most that priors are shifted along each axis
SLICES, THICKEST_MM = 0.12, 7.0  # share of images that get slices of their own
GAMMA, GAIN, OFFSET = 0.25, 0.12, 0.2  # of log exponent, log gain, z
COIL, NOISE = 0.15, 0.25  # largest
TIGHT = 0.3  # share of brains that lose a rim
TISSUE_OF = np.array([0, *(answer.tissue for answer in ANSWERS)], dtype=np.uint8)
DARKEST = -4.0  # z that a change of contrast starts from
C = len(INPUTS)


def draw_example(
    paths: Sequence[Path], rng: np.random.Generator, *, hindbrain: bool = True
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Draw what the network sees (11, X, Y, Z), and the answer's number, 0 if it matters not.

    Tissue of the `hindbrain` is told from no other if it does not count.
    """
    layers = np.load(paths[rng.integers(len(paths))], mmap_mode="r")
    start = _corner(layers.shape[1:], rng)
    session = int(rng.integers(SESSIONS))
    images = _cut(layers[C * session : C * (session + 1)], start)
    first = C * SESSIONS
    shifted = start + rng.integers(-MISPLACED_MM, MISPLACED_MM + 1, 3)
    priors = _cut(layers[first : first + len(NORMAL)], shifted).astype(np.float32) / ENTIRE
    truth, tumor = _cut(layers[first + len(NORMAL) :][:2], start)
    truth = truth if hindbrain else TISSUE_OF[truth]
    brain = _cut(layers[first + len(NORMAL) + 2 + session :][:1], start)[0] > 0
    if rng.random() < TIGHT:
        brain = binary_erosion(brain, iterations=int(rng.integers(1, 4)), border_value=1)
    given = _outline(tumor, rng) & brain
    scores = np.zeros(images.shape, dtype=np.float32)
    for channel in _kept(rng):
        z = images[channel].astype(np.float32) / np.float32(STEPS_A_Z) + np.float32(LEAST_Z)
        scores[channel] = np.where(brain, changed(z, rng), 0)
    x = network_input(scores, priors, brain, given)
    y = np.where(brain & ~given, truth, 0).astype(np.uint8)
    if rng.random() < 0.5:
        x, y = x[:, ::-1], y[::-1]
    return np.ascontiguousarray(x), np.ascontiguousarray(y)


def changed(z: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Change contrast, coil, slices, gain and noise of one image (X, Y, Z), in z-scores."""
    bright = (z - np.float32(DARKEST)).clip(0) / np.float32(-DARKEST)
    bright **= np.float32(np.exp(rng.normal(0, GAMMA)))
    bright *= _coil(z.shape, rng)
    if rng.random() < SLICES:
        bright = _sliced(bright, rng)
    gain, offset = np.exp(rng.normal(0, GAIN)), rng.normal(0, OFFSET)
    noise = rng.standard_normal(z.shape, dtype=np.float32)
    bright = (bright - 1) * np.float32(-DARKEST * gain) + np.float32(offset)
    return bright + noise * np.float32(rng.uniform(0, NOISE) ** 2 / NOISE)


def _corner(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw where a crop starts; up to a fifth of it may lie outside the box of the brain."""
    corner = []
    for side, crop in zip(shape, CROP, strict=True):
        low, high = -crop // 5, side - crop + crop // 5
        corner.append(int(rng.integers(min(low, high), max(low, high) + 1)))
    return np.array(corner)


def _cut(layers: NDArray[np.uint8], start: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Cut a crop that starts anywhere, zeros outside."""
    cut = np.zeros((len(layers), *CROP), dtype=np.uint8)
    sides = layers.shape[1:]
    first = np.clip(start, 0, sides)
    last = np.clip(start + CROP, 0, sides)
    there = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    here = tuple(slice(a - s, b - s) for a, b, s in zip(first, last, start, strict=True))
    cut[(slice(None), *here)] = layers[(slice(None), *there)]
    return cut


def _kept(rng: np.random.Generator) -> list[int]:
    """Draw the sequences that are there."""
    number = 2**C - 1 if rng.random() < ALL_FOUR else int(rng.integers(1, 2**C))
    return [channel for channel in range(C) if number >> channel & 1]


def _outline(tumor: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw the outline that somebody gives: none, exact or not."""
    if rng.random() >= TUMOR_GIVEN:
        return np.zeros(tumor.shape, dtype=bool)
    mask = tumor >= rng.integers(1, 3)
    if rng.random() < 0.4 and mask.any():
        change = binary_dilation if rng.random() < 0.5 else binary_erosion
        mask = change(mask, iterations=int(rng.integers(1, 3)))
    return mask


def _coil(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a smooth factor, (X, Y, Z)."""
    control = np.exp(rng.normal(0, rng.uniform(0, COIL), (3, 3, 3))).astype(np.float32)
    return resample(control, np.array(shape) / 3, np.ones(3), shape=shape)


def _sliced(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Scan again in thick slices, and bring them back."""
    thick = np.ones(3)
    thick[rng.integers(3)] = rng.uniform(2, THICKEST_MM)
    return resample(resample(image, np.ones(3), thick), thick, np.ones(3), shape=image.shape)
