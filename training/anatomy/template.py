"""Make the mean head that brings its brain to every head.

python training/anatomy/template.py --anatomy LABEL_MAPS --out RUN

Heads, as T1 shows their tissues, are registered affinely to the MNI152 brain in simulated skull
and scalp; image and brain are averaged there. Writes `RUN/template.safetensors`: `image` and
`brain` in 64 levels, deflated, their `shape`, and `affine` to MNI RAS+ mm.
"""

import argparse
import bz2
from pathlib import Path

import numpy as np
from heads import brain_of, read_heads
from numpy.typing import NDArray
from rich.progress import track
from safetensors.numpy import save_file
from threadpoolctl import threadpool_limits

from gliokit.core.geometry import Grid
from gliokit.core.image import Image
from gliokit.phantom.body.anatomy import Anatomy, mni_anatomy
from gliokit.phantom.body.head import with_head
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.signal import tissue_signal
from gliokit.preprocessing.carry import carry_image
from gliokit.preprocessing.head_template import LEVELS, TEMPLATE
from gliokit.preprocessing.registration import register_affine

STEP_MM = 3.0
SHAPE = (67, 84, 77)  # 201 × 252 × 231 mm
ORIGIN_MM = (-99.0, -133.5, -134.5)
SEED = 7


def main() -> None:
    """Register, average, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anatomy", type=Path, required=True, help="label maps, whole heads")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(1):
        save_file(mean_head(args.anatomy), args.out / TEMPLATE)


def mean_head(folder: Path) -> dict[str, NDArray[np.generic]]:
    """Average the heads of a folder."""
    rng = np.random.default_rng(SEED)
    level = np.abs(tissue_signal(draw_session(rng).scan, "t1").level)
    level /= level.max()
    mni = with_head(mni_anatomy(), rng)
    fixed = Image(level[mni.tissues].astype(np.float32), mni.affine)
    affine = np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0])
    affine[:3, 3] = ORIGIN_MM
    grid = Grid(SHAPE, affine)
    heads = track(list(read_heads(folder)), "registering heads")
    image, brain = np.mean([carried(head, level, fixed, grid) for head in heads], axis=0)
    return {
        "image": deflated(image / image.max()),
        "brain": deflated(brain),
        "shape": np.array(SHAPE),
        "affine": affine,
    }


def carried(
    head: Anatomy, level: NDArray[np.float32], fixed: Image, grid: Grid
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Carry one head's image and brain to the grid of the template."""
    image = Image(level[head.tissues].astype(np.float32), head.affine)
    brain = Image(brain_of(head.tissues).astype(np.float32), head.affine)
    to_head = register_affine(image, fixed).to_moving
    return carry_image(image, to_head, grid).array, carry_image(brain, to_head, grid).array


def deflated(array: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Round values of 0-1 to levels, and deflate them: small is what every wheel carries."""
    levels = np.rint(array.clip(0, 1) * LEVELS).astype(np.uint8)
    return np.frombuffer(bz2.compress(levels.tobytes(), 9), dtype=np.uint8)


if __name__ == "__main__":
    main()
