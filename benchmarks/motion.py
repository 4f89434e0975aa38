"""How many heads with planted motion are called doubtful, and how many still ones?

python -m benchmarks.motion ANATOMY_FOLDER [--studies FOLDER] [--tune] [--cases FOLDER]

prints one JSON line; run at the root of the repository.

Simulated: healthy people of the later half of the label maps, T1, T2 and FLAIR of each. While an
image is scanned the head goes to another place and comes back, up to three times: 1 mm along a
random direction and 1 degree about a random axis; 3 and 3; or 5 and 5. The lines of k-space that
are taken meanwhile, a fifth to a half of all, are those of the other place. T1 takes its lines one
after the other; T2 and FLAIR in trains of echoes, so that neighbors in k-space are far apart in
time. The phase runs from left to right or from back to front. Noise is added to the mixed lines.
Every other T1 is 3-D (1.4 mm), all else has slices of 5 mm; in front and behind there are 12 to
25 mm of air. The brain is the true one.

Each image is judged as it is, with its air set to zero, and stripped: then there must be no
verdict. Each with motion and the still one of the same settings are two series of which `identify`
chooses one; the one with motion comes first.

Real (`--studies`, a folder of studies): eight T1 with agent and a head of four sequences, as
scanned, with the brain as it is found; motion of the same size in the plane of the slices is
planted in the magnitude, the phase along the shorter side of the slices, from left to right where
both are alike, as the ghosts lie that these have. Headers of the eight say 1 mm; slices are taken
to lie 6 mm apart.

`--tune` measures what the limit was chosen on: other seeds, the first half of the label maps, the
first two of the four patients with T1, and the head of four sequences.

Limits: nobody moves within a line, blood does not flow, the coil's sensitivity stays, and spins
that leave their slice do not darken it. Whether the real heads were still is not known.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage
from scipy.spatial.transform import Rotation

from gliokit.core.findings import Verdict
from gliokit.core.geometry import Affine, Grid, spacing_mm, to_world
from gliokit.core.image import Image, LabelMap
from gliokit.core.series import AcquisitionFacts, Series
from gliokit.core.vocabulary import MRSequence
from gliokit.io.nifti import read_image
from gliokit.phantom.body.anatomy import Anatomy, anatomy_of, find_anatomies
from gliokit.phantom.body.individual import Voxels, make_individual
from gliokit.phantom.dicom.series import AXIAL
from gliokit.phantom.scan.acquisition import Body, acquire_on_grid, draw_acquisition
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.signal import Scan, tissue_signal
from gliokit.phantom.scan.water import water_content
from gliokit.phantom.study import OLDEST, YOUNGEST
from gliokit.preprocessing.brain_extraction import extract_brain
from gliokit.preprocessing.carry import carry_labels
from gliokit.preprocessing.identify import identify
from gliokit.preprocessing.quality.ghosting import GHOST, check_ghosting, ghosts_of
from training.anatomy.heads import brain_of

SEED, TUNING_SEED = 97, 197
BODY = Voxels(2.0, (112, 128, 128))
EVERY = 37  # voxel of the head, for its extent
T1_LIKE = (MRSequence.T1, MRSequence.T1C)
SEQUENCES = (MRSequence.T1, MRSequence.T2, MRSequence.FLAIR)
STEPS = (0.0, 1.0, 3.0, 5.0)  # mm and degrees
THICK, ISOTROPIC = (1.0, 1.0, 5.0), (1.4, 1.4, 1.4)
AIR_MM = (12.0, 25.0)  # before and behind
TAKEN_MM = (0.9, 0.9, 6.0)  # voxels of images whose header says 1 mm
AROUND_MM = 14.0  # skull and skin around the brain, where air is set to zero
FACTS = {
    MRSequence.T1: AcquisitionFacts("t1", repetition_ms=550, echo_ms=10, contrast_agent=False),
    MRSequence.T1C: AcquisitionFacts("t1 post", repetition_ms=550, echo_ms=10, contrast_agent=True),
    MRSequence.T2: AcquisitionFacts("t2", repetition_ms=4500, echo_ms=95),
    MRSequence.FLAIR: AcquisitionFacts("flair", repetition_ms=9000, echo_ms=120, inversion_ms=2400),
}
Row = dict[str, object]
UPPER_MM, SEEN_MM = 100, 165  # of the head, from the top: no nose, no neck
MULTIPLE = (8, 8, 1)  # rows, columns
ECHOES = 12  # of a train
SHARE, VISITS = (0.2, 0.5), 3  # of the lines in the other place; at most


@dataclass(frozen=True)
class Case:
    """One image, the motion planted in it, and its brain.

    Attributes
    ----------
    head, sequence : str
        Whose, and which; images with the same two differ by motion only.
    step : float
        Motion in mm and degrees; 0 for none.
    brain : (X, Y, Z)
        On the grid of the image.
    """

    head: str
    sequence: MRSequence
    step: float
    image: Image = field(repr=False)
    brain: NDArray[np.bool_] = field(repr=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("anatomies", type=Path)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--studies", type=Path, help="real ones")
    parser.add_argument("--tune", action="store_true", help="measure what the limit was chosen on")
    parser.add_argument("--cases", type=Path, help="folder to keep simulated images in")
    args = parser.parse_args()
    paths = find_anatomies(args.anatomies)
    half = len(paths) // 2
    paths, seed = (paths[:half], TUNING_SEED) if args.tune else (paths[half:], SEED)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.cases or Path(scratch)
        rows = []
        for number in range(args.heads):
            kept = keep_head(folder, paths[number % len(paths)], number, seed)
            rows += judge_head([read_case(path) for path in kept])
            print(f"{number}: {time.process_time():.0f} s", file=sys.stderr)
    real = [
        row
        for head in real_heads(args.studies, args.tune)
        for still in head
        for row in judge_head(list(with_motion(still)))
    ]
    line = {
        "benchmark": "motion",
        "device": "cpu",
        "set": "tuning" if args.tune else "reported",
        "limit": GHOST.limit.highest,
        "simulated": summary(rows),
        "real": summary(real),
        "versions": {package: version(package) for package in ("gliokit", "numpy", "scipy")},
    }
    print(json.dumps(line))


def judge_head(cases: list[Case]) -> Iterator[Row]:
    """Judge the images of one head."""
    still = {case.sequence: case for case in cases if case.step == 0}
    for case in cases:
        begun = time.process_time()
        verdict = check_ghosting(case.sequence, case.image, case.brain)
        checked = time.process_time()
        rough = ghosts_of(case.image)
        measured = time.process_time()
        yield {
            "head": case.head,
            "sequence": case.sequence,
            "step": case.step,
            "verdict": verdict.verdict,
            "figure": np.nan if verdict.figure is None else verdict.figure.value,
            "rough": rough,
            "masked": verdict_on(case, masked(case)),
            "stripped": verdict_on(case, case.brain),
            "chosen": chosen_of(case, still[case.sequence]) if case.step else None,
            "check_s": checked - begun,
            "rough_s": measured - checked,
        }


def verdict_on(case: Case, kept: NDArray[np.bool_]) -> Verdict:
    """Judge an image with all but a part set to zero."""
    array = np.where(kept, case.image.array, np.float32(0))
    return check_ghosting(case.sequence, replace(case.image, array=array), case.brain).verdict


def masked(case: Case) -> NDArray[np.bool_]:
    """Find the head, (X, Y, Z): what is near the brain."""
    spacing = spacing_mm(case.image.affine)
    return ndimage.distance_transform_edt(~case.brain, spacing) < AROUND_MM


def chosen_of(moved: Case, still: Case) -> str:
    """Let one of two series of a sequence be chosen, and say which it is."""
    facts = FACTS[moved.sequence]
    series = [Series(1, moved.image, facts), Series(2, still.image, facts)]
    choice = identify(series).chosen.get(moved.sequence)
    return "none" if choice is None else {1: "moved", 2: "still"}[choice.number]


def summary(rows: list[Row]) -> dict[str, object]:
    """Count verdicts by motion and sequence."""
    if not rows:
        return {}
    told: dict[str, object] = {}
    for step in dict.fromkeys(row["step"] for row in rows):
        own = [row for row in rows if row["step"] == step]
        figures = [row["figure"] for row in own]
        told[f"{step:g}"] = {
            **{
                str(sequence): counted([r for r in own if r["sequence"] == sequence], "verdict")
                for sequence in dict.fromkeys(row["sequence"] for row in own)
            },
            "heads_doubtful": len({r["head"] for r in own if r["verdict"] is Verdict.DOUBTFUL}),
            "heads": len({row["head"] for row in own}),
            "figure_least_median_most": rounded(np.nanquantile(figures, (0, 0.5, 1))),
            "rough_doubtful": sum(not GHOST.limit.holds(r["rough"]) for r in own),
            "chosen_of_two": counted(own, "chosen"),
        }
    return {
        "by_motion": told,
        "air_set_to_zero": counted(rows, "masked"),
        "stripped": counted(rows, "stripped"),
        "check_and_rough_median_cpu_s": rounded(
            np.median([[row["check_s"], row["rough_s"]] for row in rows], axis=0)
        ),
    }


def counted(rows: list[Row], name: str) -> dict[str, int]:
    return dict(Counter(str(row[name]) for row in rows if row[name] is not None))


def rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 3) for value in values]


def keep_head(folder: Path, anatomy: Path, number: int, seed: int) -> list[Path]:
    """Scan a head, unless that was done before; give the files of its images."""
    paths = [
        folder / f"{number:02d}-{sequence}-{step:g}.npz" for sequence in SEQUENCES for step in STEPS
    ]
    if not all(path.exists() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        for path, case in zip(paths, scan_head(anatomy, number, seed), strict=True):
            array = case.image.array.astype(np.float16)
            np.savez(path, array=array, affine=case.image.affine, brain=case.brain)
    return paths


def read_case(path: Path) -> Case:
    head, sequence, step = path.stem.split("-")
    with np.load(path) as kept:
        image = Image(kept["array"].astype(np.float32), kept["affine"])
        return Case(head, MRSequence(sequence), float(step), image, kept["brain"])


def real_heads(folder: Path | None, tune: bool) -> Iterator[list[Case]]:
    """Read real heads as scanned, with the brain as it is found."""
    if folder is None:
        return
    patients = sorted((folder / "post_treatment").glob("*/"))
    half = len(patients) // 2
    for patient in patients[:half] if tune else patients[half:]:
        for path in sorted(patient.glob("*_Scan_T1.nii.gz")):
            image = read_image(path)
            image = replace(image, affine=image.affine @ np.diag([*TAKEN_MM, 1.0]))
            brain = extract_brain(image)
            yield [Case(f"{patient.name} {path.name}", MRSequence.T1C, 0, image, brain)]
    for patient in sorted((folder / "raw_head").glob("*/")) if tune else ():
        images = {s: read_image(patient / f"{s}.nii.gz") for s in MRSequence}
        yield [Case(patient.name, s, 0, i, extract_brain(i)) for s, i in images.items()]


def with_motion(still: Case) -> Iterator[Case]:
    """Plant motion in the plane of the slices, the third axis running across them."""
    name = [ord(letter) for letter in f"{still.head}{still.sequence}"]
    rng = np.random.default_rng([SEED, *name])
    sign = rng.choice([-1, 1])
    shape = still.image.array.shape
    axis = 0 if shape[0] <= shape[1] else 1  # as is usual, for it takes fewer lines
    away = lines_away(rng, shape[axis], trains=still.sequence not in T1_LIKE)
    toward = rng.uniform(0, 2 * np.pi)
    spacing = spacing_mm(still.image.affine)
    for step in STEPS:
        turn = np.eye(3)
        turn[:2, :2] = Rotation.from_rotvec([0, 0, sign * step], degrees=True).as_matrix()[:2, :2]
        shift = np.array([np.cos(toward), np.sin(toward), 0]) * step / spacing
        center = (np.array(shape) - 1) / 2
        moved = ndimage.affine_transform(
            still.image.array, turn, center - turn @ center - shift, order=1, mode="nearest"
        )
        mixed = np.abs(mix_lines(still.image.array, moved, away, axis)) if step else moved
        yield replace(still, step=step, image=replace(still.image, array=mixed))


@dataclass(frozen=True)
class Lying:
    """A person in the scanner.

    Attributes
    ----------
    brain : LabelMap
        1 where brain is.
    points : (n, 3)
        Some of the head, RAS+ mm.
    """

    name: str
    body: Body = field(repr=False)
    brain: LabelMap = field(repr=False)
    points: NDArray[np.float64] = field(repr=False)
    scan: Scan = field(repr=False)


def scan_head(path: Path, number: int, seed: int) -> Iterator[Case]:
    """Scan a head: each sequence still, and with each motion, otherwise alike."""
    person, body = make_person(path, number, seed)
    rng = np.random.default_rng([seed, number])
    scan = draw_session(rng).scan
    brain = brain_of(person.tissues, BODY.spacing_mm).astype(np.uint8)
    points = to_world(person.affine, np.argwhere(person.tissues > 0)[::EVERY])
    lying = Lying(f"{number:02d}", body, LabelMap(brain, person.affine), points, scan)
    for sequence in SEQUENCES:
        thin = sequence is MRSequence.T1 and number % 2
        yield from scan_sequence(rng, lying, sequence, ISOTROPIC if thin else THICK)


def make_person(path: Path, number: int, seed: int) -> tuple[Anatomy, Body]:
    """Make a healthy person of a label map."""
    rng = np.random.default_rng([seed, number, 1])
    person, _ = make_individual(
        anatomy_of(path, head=True),
        rng,
        age=float(rng.uniform(YOUNGEST, OLDEST)),
        voxels=BODY,
        head=True,
    )
    water = water_content(person.tissues, person.spacing_mm, seed=int(rng.integers(2**31)))
    return person, Body(person.tissues, person.spacing_mm, water=water)


def scan_sequence(
    rng: np.random.Generator,
    lying: Lying,
    sequence: MRSequence,
    spacing: tuple[float, float, float],
) -> Iterator[Case]:
    """Scan one sequence, still and with each motion."""
    grid = draw_grid(rng, lying.points, spacing)
    drawn = draw_acquisition(rng)
    acquisition = replace(
        drawn,
        slice_axis=2,
        thickness_mm=spacing[2],
        noise=0.0,
        ghost=0.0,
        texture_gain=0.3,
        gamma=1.0,
        turn_degrees=np.zeros(3),
    )
    signal = tissue_signal(lying.scan, sequence)
    axis = int(rng.integers(2))
    away = lines_away(rng, grid.shape[axis], trains=sequence not in T1_LIKE)
    way = rng.normal(size=(2, 3))
    texture, noise = rng.integers(1 << 30, size=2)
    brain = carry_labels(lying.brain, np.eye(4), grid).array > 0

    def seen(moved: Affine) -> NDArray[np.float32]:
        there, own = moved @ lying.brain.affine, np.random.default_rng(texture)
        return acquire_on_grid(lying.body, there, grid, signal, acquisition, own)

    still = seen(np.eye(4))
    for step in STEPS:
        other = seen(motion(way, step, lying.points.mean(axis=0))) if step else still
        mixed = mix_lines(still, other, away, axis)
        noisy = with_noise(mixed, drawn.noise, np.random.default_rng(noise))
        yield Case(lying.name, sequence, step, Image(noisy, grid.affine), brain)


def draw_grid(
    rng: np.random.Generator, points: NDArray[np.float64], spacing: tuple[float, float, float]
) -> Grid:
    """Give an axial grid, tilted a little, square, around the head at `points` (n, 3)."""
    tilt = Rotation.from_rotvec(rng.normal(0, [8, 2, 2]), degrees=True).as_matrix()
    axes = tilt @ AXIAL
    along = points @ axes
    low, high = along.min(axis=0), along.max(axis=0)
    upper = along[along[:, 2] > high[2] - UPPER_MM]
    low[:2], high[:2] = upper[:, :2].min(axis=0), upper[:, :2].max(axis=0)
    low[2] = max(low[2], high[2] - SEEN_MM)
    side = (high[1] - low[1]) + 2 * rng.uniform(*AIR_MM)
    size = np.array([side, side, high[2] - low[2] + 10])
    shape = tuple(int(n) for n in np.ceil(size / spacing / MULTIPLE) * MULTIPLE)
    corner = (low + high) / 2 - (np.array(shape) - 1) * spacing / 2
    affine = np.eye(4)
    affine[:3, :3] = axes * spacing
    affine[:3, 3] = axes @ corner
    return Grid(shape, affine)


def motion(way: NDArray[np.float64], step: float, center: NDArray[np.float64]) -> Affine:
    """Give a shift of `step` mm and a turn of `step` degrees about a center, (4, 4)."""
    shift, axis = way / np.linalg.norm(way, axis=1, keepdims=True) * step
    moved = np.eye(4)
    moved[:3, :3] = Rotation.from_rotvec(axis, degrees=True).as_matrix()
    moved[:3, 3] = center - moved[:3, :3] @ center + shift
    return moved


def lines_away(rng: np.random.Generator, lines: int, *, trains: bool) -> NDArray[np.bool_]:
    """Draw which lines of k-space, by place from end to end, are taken in the other place."""
    visits = int(rng.integers(1, VISITS + 1))
    away = rng.uniform(*SHARE) * rng.dirichlet(np.full(visits, 3.0))
    rest = (1 - away.sum()) * rng.dirichlet(np.full(visits + 1, 3.0))
    ends = np.cumsum(np.ravel(np.column_stack([rest[:-1], away])))
    if trains:  # shot after shot takes lines that lie as many apart as there are shots
        shots = -(-lines // ECHOES)
        moment = (np.arange(lines) % shots + 0.5) / shots
    else:
        moment = (np.arange(lines) + 0.5) / lines
    return np.searchsorted(ends, moment) % 2 == 1


def mix_lines(
    still: NDArray[np.float32], moved: NDArray[np.float32], away: NDArray[np.bool_], axis: int
) -> NDArray[np.complex64]:
    """Take some lines of the k-space (X, Y, Z) along an axis from another image."""
    lines = fft.ifftshift(away).reshape([-1 if a == axis else 1 for a in range(3)])
    both = [fft.fft(image, axis=axis) for image in (still, moved)]
    return fft.ifft(np.where(lines, both[1], both[0]), axis=axis)


def with_noise(
    image: NDArray[np.complex64], sigma: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    noise = rng.standard_normal((2, *image.shape), dtype=np.float32) * np.float32(sigma)
    return np.abs(image + noise[0] + 1j * noise[1]).astype(np.float32)


if __name__ == "__main__":
    main()
