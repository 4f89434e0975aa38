"""How many right studies does each check of quality doubt, how many planted faults does it find?

python -m benchmarks.quality_faults STUDY_FOLDER

prints one JSON line. The folder holds real studies of a tumor, each a folder of four stripped
images on one grid of 1 mm and the outlined tumor (`seg`). Limits were chosen with every second of
them in view, in the order of their names (`tuning`), those of the agent and of registration with
all; the others are `reported`. *Not assessable* is neither a doubt nor a find.

Planted, one fault at a time: T1 in the place of T1c, with another contrast curve, gain and noise;
T2 mirrored, moved by 6 mm, turned by 6 degrees, or white noise; noise of half the spread of
tissues on T2; the top 25 mm of the brain cut off all images, or set to zero in T2; the volume cut
through the middle of the tumor; a header that makes voxels twice or half as large along two axes;
slices 8 mm apart. Motion is measured by `benchmarks.motion`.

Limits: patients of one collection; faults are as large as they must be to matter, not as small
as can be found.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.core.findings import QualityCheck, Verdict
from gliokit.core.image import Image, LabelMap, region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.io.nifti import read_image, read_label_map
from gliokit.preprocessing.brain import stripped_brain
from gliokit.preprocessing.quality.agent import check_agent
from gliokit.preprocessing.quality.alignment import check_alignment
from gliokit.preprocessing.quality.body_part import check_body_part
from gliokit.preprocessing.quality.checks import check_study
from gliokit.preprocessing.quality.coverage import check_ends, check_field_of_view
from gliokit.preprocessing.quality.noise import check_noise
from gliokit.preprocessing.quality.pose import deep_points
from gliokit.preprocessing.quality.sampled import COARSE_MM, FINER_MM, sample
from gliokit.preprocessing.quality.slices import check_slices

T1, T1C, T2 = MRSequence.T1, MRSequence.T1C, MRSequence.T2
SEED = 41
CUT_MM, MOVED_MM, TURNED_DEGREES = 25, 6, 6
NOISE_SHARE, SPREAD = 0.5, (10, 90)  # of the spread of tissues, between these percentiles
CURVE, GAIN, NOISE_OF_T1 = 0.9, 1.3, 0.02


@dataclass(frozen=True)
class Case:
    """A study, its brain and its tumor; the third axis runs to the head."""

    study: Study = field(repr=False)
    brain: NDArray[np.bool_] = field(repr=False)
    labels: LabelMap = field(repr=False)

    @property
    def top(self) -> int:
        """Slice from which on the top of the brain is cut off."""
        return int(np.flatnonzero(self.brain.any(axis=(0, 1)))[-1]) + 1 - CUT_MM


Plant = Callable[[Case], Sequence[QualityCheck]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("studies", type=Path)
    args = parser.parse_args()
    begun = time.process_time()
    line: dict[str, object] = {"benchmark": "quality_faults", "device": "cpu"}
    paths = sorted(path for path in args.studies.iterdir() if path.is_dir())
    for name, half in (("tuning", paths[::2]), ("reported", paths[1::2])):
        cases = [(check, fault) for path in half for check, fault in judged(read_case(path))]
        line[name] = {"studies": len(half), **summary(cases)}
    line["cpu_s"] = round(time.process_time() - begun)
    line["versions"] = {package: version(package) for package in ("gliokit", "numpy", "scipy")}
    print(json.dumps(line))


def read_case(folder: Path) -> Case:
    images = {s: read_image(folder / f"{s}.nii.gz") for s in MRSequence}
    brain = stripped_brain(image.array for image in images.values())
    return Case(Study(folder.name, images), brain, read_label_map(folder / "seg.nii.gz"))


def judged(case: Case) -> Iterator[tuple[QualityCheck, str]]:
    """Judge a study as it is, and with each fault; a fault's name is empty where there is none."""
    for check in check_study(case.study, case.brain, case.labels):
        yield check, ""
    for fault, (code, plant) in FAULTS.items():
        (check,) = [one for one in plant(case) if one.code == code]
        yield check, fault


def summary(cases: list[tuple[QualityCheck, str]]) -> dict[str, object]:
    """Count doubts by check, of what is right and of each fault; with the figures' range."""
    told: dict[str, dict[str, object]] = {}
    for fault in dict.fromkeys(fault for _, fault in cases):
        own = [check for check, planted in cases if planted == fault]
        for code in dict.fromkeys(check.code for check in own):
            verdicts = Counter(check.verdict for check in own if check.code == code)
            figures = [c.figure.value for c in own if c.code == code and c.figure is not None]
            told.setdefault(code, {})[fault or "right"] = {
                "doubtful": verdicts[Verdict.DOUBTFUL],
                "not_assessable": verdicts[Verdict.NOT_ASSESSABLE],
                "of": verdicts.total(),
                "figures": [float(f"{f:.3g}") for f in (min(figures), max(figures))]
                if figures
                else [],
            }
    return {"checks": told}


def without_agent(case: Case) -> list[QualityCheck]:
    t1 = case.study[T1].array
    level = float(np.median(t1[case.brain]))
    noise = _rng(case).normal(0, NOISE_OF_T1 * level, t1.shape)
    fake = np.where(case.brain, GAIN * level * (t1.clip(0) / level) ** CURVE + noise, 0)
    study = _with(case, T1C, fake.astype(np.float32))
    return [check_agent(sample(study, case.brain, FINER_MM, (T1, T1C)))]


def aligned(change: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Plant:
    """Compare a T2 that was changed with T1c."""

    def plant(case: Case) -> tuple[QualityCheck, ...]:
        study = _with(case, T2, change(case.study[T2].array))
        seen = sample(study, case.brain, COARSE_MM, (T1C, T2))
        points = deep_points(seen.inside, seen.mm)
        return check_alignment(T2, seen.flat(T2), seen.flat(T1C), points)

    return plant


def mirrored(array: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(array[::-1])


def moved(array: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.roll(array, MOVED_MM, axis=1)


def turned(array: NDArray[np.float32]) -> NDArray[np.float32]:
    return ndimage.rotate(array, TURNED_DEGREES, axes=(0, 1), reshape=False, order=1)


def noise_alone(array: NDArray[np.float32]) -> NDArray[np.float32]:
    noise = np.random.default_rng(SEED).normal(100, 20, array.shape)
    return np.where(array != 0, noise, 0).astype(np.float32)


def noisy(case: Case) -> list[QualityCheck]:
    image = case.study[T2]
    low, high = np.percentile(image.array[case.brain], SPREAD)
    noise = _rng(case).normal(0, NOISE_SHARE * (high - low), image.array.shape)
    array = np.where(case.brain, image.array + noise, 0).astype(np.float32)
    return [check_noise(T2, replace(image, array=array), case.brain)]


def topless(case: Case) -> tuple[QualityCheck, ...]:
    brain = case.brain.copy()
    brain[:, :, case.top :] = False
    return check_ends(brain, case.labels.affine, case.labels)


def topless_t2(case: Case) -> list[QualityCheck]:
    array = case.study[T2].array.copy()
    array[:, :, case.top :] = 0
    image = replace(case.study[T2], array=array)
    return [check_field_of_view(T2, image, case.brain, image.affine)]


def cut_through_tumor(case: Case) -> tuple[QualityCheck, ...]:
    tumor = region_mask(case.labels.array, Region.WHOLE_TUMOR)
    slices = np.flatnonzero(tumor.any(axis=(0, 1)))
    middle = int(slices[len(slices) // 2])
    labels = replace(case.labels, array=case.labels.array[:, :, : middle + 1])
    return check_ends(case.brain[:, :, : middle + 1], labels.affine, labels)


def scaled(factors: tuple[float, float, float]) -> Plant:
    """Let the header say other voxels."""

    def plant(case: Case) -> list[QualityCheck]:
        return [check_body_part(case.brain, case.labels.affine @ np.diag([*factors, 1.0]))]

    return plant


def apart(case: Case) -> list[QualityCheck]:
    image = case.study[T2]
    thick = Image(image.array[:, :, ::8], image.affine @ np.diag([1.0, 1.0, 8.0, 1.0]))
    return [check_slices(T2, thick)]


FAULTS: Mapping[str, tuple[str, Plant]] = {
    "no contrast agent": ("contrast-agent", without_agent),
    "mirrored": ("left-right", aligned(mirrored)),
    "moved by 6 mm": ("registration", aligned(moved)),
    "turned by 6 degrees": ("registration", aligned(turned)),
    "white noise in its place": ("likeness", aligned(noise_alone)),
    "noise of half the spread of tissues": ("contrast-to-noise", noisy),
    "top 25 mm cut off": ("brain-cut-off", topless),
    "top 25 mm of one image set to zero": ("field-of-view", topless_t2),
    "cut through the tumor": ("tumor-cut-off", cut_through_tumor),
    "voxels twice as large along two axes": ("brain-volume", scaled((2.0, 2.0, 1.0))),
    "voxels half as large along two axes": ("brain-volume", scaled((0.5, 0.5, 1.0))),
    "slices 8 mm apart": ("slice-spacing", apart),
}


def _with(case: Case, sequence: MRSequence, array: NDArray[np.float32]) -> Study:
    image = replace(case.study[sequence], array=array)
    return replace(case.study, images={**case.study.images, sequence: image})


def _rng(case: Case) -> np.random.Generator:
    return np.random.default_rng([SEED, *map(ord, case.study.study_id)])


if __name__ == "__main__":
    main()
