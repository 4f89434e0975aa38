"""Make what the network that finds the edge of the brain learns from.

python training/anatomy/shell_examples.py --anatomy LABEL_MAPS --out EXAMPLES --number 1000 --jobs 2

An example is what one image shows in the shell around the mean brain (`brain_shell`), and the true
share of brain there. Heads are registered to the mean head once; then each example bends the
shell at random, shifts it as registration errs, gives the tissues a contrast (a simulated
sequence, or any), slices, blur, bias, noise and a field of view that may end, and in three of four
a tumor or cavity. Only the places of the shell are simulated. Number `n` depends on the seed and
`n` alone. A head or example that is there is not made again.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import numpy as np
from heads import HELD_OUT, brain_of
from numpy.typing import NDArray
from rich.progress import track
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation
from shell_sampling import Contrast, Slices, Tumor, lay_slices, scan_places

from gliokit.core.geometry import Affine, to_world
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.body.anatomy import find_anatomies, read_anatomy
from gliokit.phantom.body.details import with_details
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, RELAXATION, Tissue
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.signal import tissue_signal
from gliokit.preprocessing.brain_shell import DEPTH, brain_shell
from gliokit.preprocessing.head_template import template_to

SEED = 11
AGES = 25.0, 80.0
BENT_MM, BENT_SCALE_MM, BENT_STEP_MM = (0.9, 3.6), (10.0, 20.0), 8.0
BENT_SHAPE, BENT_ORIGIN_MM = (28, 32, 30), (-112.0, -150.0, -112.0)
# registration errs, standard deviations: turn, shear, scale, shift; each by a factor of these
ERRS_DEGREES, ERRS_SHEAR, ERRS_SCALE, ERRS_MM = 2.0, 0.012, 0.025, 1.8
FACTORS, FACTOR_SHARES = (0.5, 1.0, 2.0), (0.35, 0.45, 0.2)
KNOWN_SEQUENCE, FAT_SUPPRESSED, WITH_TUMOR, CUT = 0.7, 0.25, 0.75, 0.35
TUMORS = {  # rim, inside, around: share
    (Tissue.ENHANCING_TUMOR, Tissue.NECROSIS, Tissue.EDEMA): 0.3,
    (Tissue.NON_ENHANCING_TUMOR, Tissue.NON_ENHANCING_TUMOR, Tissue.EDEMA): 0.15,
    (Tissue.CAVITY_FLUID, Tissue.CAVITY_FLUID, Tissue.GLIOSIS): 0.3,
    (Tissue.CAVITY_BLOOD, Tissue.CAVITY_FLUID, Tissue.EDEMA): 0.05,
    (Tissue.ENHANCING_TUMOR, Tissue.CYST, Tissue.EDEMA): 0.1,
    (Tissue.ENHANCING_TUMOR, Tissue.HEMORRHAGE, Tissue.EDEMA): 0.1,
}
TEXTURE_SIDE = 64  # voxels; repeats


@dataclass(frozen=True, slots=True)
class Head:
    """A whole head at 1 mm that is registered to the mean head.

    Attributes
    ----------
    tissues, brain : (X, Y, Z)
        `Tissue`, and what is brain.
    affine, to_template : (4, 4)
        Voxel index to RAS+ mm; RAS+ mm to MNI RAS+ mm.
    """

    tissues: NDArray[np.uint8] = field(repr=False)
    brain: NDArray[np.bool_] = field(repr=False)
    affine: Affine
    to_template: Affine


def main() -> None:
    """Register the heads, then make the examples that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anatomy", type=Path, required=True, help="label maps, whole heads")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    paths = find_anatomies(args.anatomy)[:-HELD_OUT]
    with ProcessPoolExecutor(args.jobs) as pool:
        register = partial(keep_head, paths, args.out)
        list(track(pool.map(register, range(len(paths))), "registering", total=len(paths)))
        keep = partial(keep_example, args.out, len(paths))
        list(track(pool.map(keep, range(args.number)), "examples", total=args.number))


def keep_head(paths: list[Path], out: Path, number: int) -> None:
    """Add what label maps lack to a head, and register it, unless that was done before."""
    path = out / f"head-{number:02d}.npz"
    if path.exists():
        return
    rng = np.random.default_rng([SEED, 0, number])
    head = with_details(read_anatomy(paths[number], head=True), rng, age=rng.uniform(*AGES))
    level = np.abs(tissue_signal(draw_session(rng).scan, MRSequence.T1).level)
    array = (level / level.max())[head.tissues] + rng.rayleigh(0.01, head.tissues.shape)
    to_template = template_to(Image(array.astype(np.float32), head.affine))
    brain = brain_of(head.tissues)
    write(path, tissues=head.tissues, brain=brain, affine=head.affine, to_template=to_template)


def keep_example(out: Path, heads: int, number: int) -> None:
    """Make an example, unless that was done before."""
    path = out / f"{number:05d}.npz"
    if path.exists():
        return
    rng = np.random.default_rng([SEED, 1, number])
    which = int(rng.integers(heads))
    values, inside, brain, tumor = make_example(read_head(out / f"head-{which:02d}.npz"), rng)
    write(
        path,
        values=values.astype(np.float16),
        inside=inside,
        brain=np.rint(brain * 255).astype(np.uint8),
        tumor=tumor,
        head=np.array(which),
    )


def write(path: Path, **arrays: NDArray[np.generic]) -> None:
    """Write arrays so that a file that is there is whole."""
    part = path.with_suffix(".part.npz")
    np.savez(part, **arrays)
    part.replace(path)


@cache
def read_head(path: Path) -> Head:
    """Read what `keep_head` wrote; kept for the next call."""
    with np.load(path) as kept:
        return Head(**{name: kept[name] for name in kept})


def make_example(
    head: Head, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64], NDArray[np.bool_]]:
    """Make an example: values, whether the image shows the place, brain, tumor, (V, D) each."""
    shape = brain_shell().likely.shape
    places = draw_places(head, rng)
    contrast = draw_contrast(rng)
    slices = draw_slices(rng)
    tumor = draw_tumor(head, places, rng)
    signal, brain, held = scan_places(places, head.tissues, head.brain, contrast, slices, tumor)
    middle = np.array(head.tissues.shape) / 2
    values = detected(signal, places - middle, np.abs(contrast.level).max(), rng)
    inside = draw_field_of_view(places, brain, slices, rng)
    values[~inside] = 0
    return tuple(array.reshape(shape) for array in (values, inside, brain, held))


def draw_places(head: Head, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw where the shell lies in a head like this one, (n, 3) in its voxels.

    Bent, less what an affine motion would undo, then misplaced; half of the heads are mirrored.
    """
    shell = brain_shell()
    points = shell.points_mm.reshape(-1, 3)
    bent = draw_bend(points, rng)
    known = np.column_stack([shell.surface_mm, np.ones(len(shell.surface_mm))])
    motion, *_ = np.linalg.lstsq(known, bent[DEPTH // 2 :: DEPTH], rcond=None)
    bent = points + bent - np.column_stack([points, np.ones(len(points))]) @ motion
    factor = rng.choice(FACTORS, p=FACTOR_SHARES)
    turn = Rotation.from_rotvec(rng.normal(0, ERRS_DEGREES * factor, 3), degrees=True).as_matrix()
    shear = np.eye(3) + rng.normal(0, ERRS_SHEAR * factor, (3, 3))
    matrix = turn @ shear @ np.diag(1 + rng.normal(0, ERRS_SCALE * factor, 3))
    center = shell.surface_mm.mean(axis=0)
    placed = (bent - center) @ matrix.T + center + rng.normal(0, ERRS_MM * factor, 3)
    if rng.random() < 0.5:
        placed = placed * (-1, 1, 1)
    in_head = to_world(np.linalg.inv(head.to_template), placed)
    return to_world(np.linalg.inv(head.affine), in_head)


def draw_bend(points_mm: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw smooth displacements of points (n, 3), in mm."""
    scale = rng.uniform(*BENT_SCALE_MM) / BENT_STEP_MM
    places = ((points_mm - BENT_ORIGIN_MM) / BENT_STEP_MM).T
    amount = rng.uniform(*BENT_MM)
    parts = []
    for _ in range(3):
        coarse = gaussian_filter(rng.standard_normal(BENT_SHAPE), scale, mode="wrap")
        coarse *= amount / coarse.std()
        parts.append(map_coordinates(coarse, places, order=1, mode="nearest"))
    return np.stack(parts, axis=1)


def draw_contrast(rng: np.random.Generator) -> Contrast:
    """Draw signal and unevenness of each tissue."""
    level, spread = draw_sequence(rng) if rng.random() < KNOWN_SEQUENCE else draw_any(rng)
    noise = rng.standard_normal((TEXTURE_SIDE,) * 3)
    grain = gaussian_filter(noise, rng.uniform(0.8, 3), mode="wrap")
    return Contrast(level, spread, grain * (rng.uniform(0.3, 1.5) / grain.std()))


def draw_sequence(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw signal and unevenness as a simulated sequence has them; outside the brain they vary."""
    sequence = list(MRSequence)[rng.integers(len(MRSequence))]
    signal = tissue_signal(draw_session(rng).scan, sequence)
    level = signal.level * np.exp(rng.normal(0, 0.05, len(Tissue)))
    level[FIRST_OUTSIDE:] *= np.exp(rng.normal(0, 0.3, len(Tissue) - FIRST_OUTSIDE))
    if rng.random() < FAT_SUPPRESSED:
        level[Tissue.FAT] *= rng.uniform(0.1, 0.6)
        level[Tissue.MARROW] *= rng.uniform(0.2, 0.8)
    level[Tissue.DURA] *= np.exp(rng.normal(0, 0.3))
    level[Tissue.CSF] *= np.exp(rng.normal(0, 0.2))
    return level.astype(np.float64), signal.spread.astype(np.float64)


def draw_any(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw signal and unevenness that no sequence need have; bone stays dark."""
    level = rng.uniform(0.05, 1, len(Tissue))
    level[Tissue.BACKGROUND], level[Tissue.BONE] = 0, rng.uniform(0, 0.3)
    level[Tissue.VENTRICLE] = level[Tissue.CSF] * rng.uniform(0.9, 1.1)
    return level, np.array([RELAXATION[t].spread for t in Tissue]) * rng.uniform(0.5, 3)


def draw_slices(rng: np.random.Generator) -> Slices:
    """Draw slices, thick or thin, mostly axial, always a little oblique."""
    thick = rng.random() < 0.55
    thickness = rng.uniform(2.5, 7) if thick else rng.uniform(0.8, 1.6)
    across = int(rng.choice(3, p=[0.15, 0.15, 0.7]))
    tilt = Rotation.from_rotvec(rng.normal(0, 8, 3), degrees=True).as_matrix()
    axes = np.roll(np.eye(3), -(across + 1), axis=0) @ tilt  # the last runs across
    blur = np.hypot(rng.uniform(0.4, 1.1), 0.35)  # the pixel's own
    return lay_slices(axes, thickness=thickness, start=rng.uniform(0, thickness), blur=blur)


def draw_tumor(head: Head, places: NDArray[np.float64], rng: np.random.Generator) -> Tumor:
    """Draw a tumor or a cavity near the surface of the brain, or further in; or none."""
    if rng.random() >= WITH_TUMOR:
        return Tumor(np.zeros((0, 3)), np.zeros(0), (0, 0, 0), 1.0, False, 0.0)
    last = np.array(head.brain.shape) - 1
    voxels = np.rint(places).astype(int).clip(0, last)
    center = places[rng.choice(np.flatnonzero(head.brain[tuple(voxels.T)]))]
    if rng.random() < 0.35:
        center = center + (places.mean(axis=0) - center) * rng.uniform(0, 0.5)
    number, size = int(rng.integers(1, 4)), rng.uniform(6, 30)
    centers = center + rng.normal(0, 0.4 * size, (number, 3))
    kind = list(TUMORS)[rng.choice(len(TUMORS), p=list(TUMORS.values()))]
    rim, inner, around = (int(tissue) for tissue in kind)
    return Tumor(
        centers,
        size * rng.uniform(0.6, 1, number),
        (rim, inner, around),
        rng.uniform(1, 2.2),
        bool(rng.random() < 0.6),
        rng.uniform(0, 0.12),
    )


def detected(
    signal: NDArray[np.float64],
    from_middle_mm: NDArray[np.float64],
    brightest: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Add the coil's bias and noise, take the magnitude, and change the contrast, (n,)."""
    x, y, z = (from_middle_mm / 90).T
    shapes = np.stack([x, y, z, x * x, y * y, z * z, x * y, y * z, x * z], axis=1)
    signal = signal * np.exp(shapes @ rng.normal(0, rng.uniform(0.02, 0.2), 9))
    # interpolation averages noise
    sigma = 0.65 * np.exp(rng.uniform(np.log(0.004), np.log(0.045))) * brightest
    real, imaginary = sigma * rng.standard_normal((2, len(signal)))
    return (np.hypot(signal + real, imaginary) / brightest) ** np.exp(rng.normal(0, 0.12))


def draw_field_of_view(
    places: NDArray[np.float64],
    brain: NDArray[np.float64],
    slices: Slices,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Draw whether the image shows each place, (n,): some end below, few above, the head."""
    inside = np.ones(len(places), dtype=bool)
    if rng.random() >= CUT:
        return inside
    across = slices.across if abs(slices.across[2]) > 0.5 else np.array([0.0, 0.0, 1.0])
    height = places @ (across * np.sign(across[2]))
    of_brain = height[brain > 0.5]
    inside &= height > np.percentile(of_brain, rng.uniform(0, 3)) - rng.uniform(-2, 25)
    if rng.random() < 0.3:
        inside &= height < of_brain.max() + rng.uniform(-4, 12)
    return inside


if __name__ == "__main__":
    main()
