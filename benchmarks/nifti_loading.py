"""How much faster than plain nibabel are NIfTI files read and written?

python -m benchmarks.nifti_loading [IMAGE.nii.gz]     prints one JSON line

Without a path an image of 240×240×155 voxels is simulated: a textured head in an empty
background, int16, as BraTS images are. Written is a label map of its size. Both libraries take
turns in one run; ratios are of medians, above 1 where gliokit is faster.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import nibabel as nib
import numpy as np

from gliokit.core.image import LabelMap
from gliokit.io.nifti import read_image, read_label_map, write_label_map

SHAPE = (240, 240, 155)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path, nargs="?", help="NIfTI file; simulated if not given")
    parser.add_argument("--repeats", type=int, default=15)
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = args.image or simulate(folder / "image.nii.gz")
        labels = nested_labels(read_image(path).array, read_image(path).affine)
        ours, plain = folder / "ours.nii.gz", folder / "plain.nii.gz"
        seconds = in_turns(
            {
                "read": lambda: read_image(path),
                "read_nibabel": lambda: nib.load(path).get_fdata(),
                "write": lambda: write_label_map(ours, labels),
                "write_nibabel": lambda: nib.save(
                    nib.Nifti1Image(labels.array, labels.affine), plain
                ),
            },
            repeats=args.repeats,
        )
        identical = np.array_equal(
            read_image(path).array, nib.load(path).get_fdata().astype(np.float32)
        ) and np.array_equal(read_label_map(ours).array, np.asarray(nib.load(plain).dataobj))
    median = {job: statistics.median(times) for job, times in seconds.items()}
    print(
        json.dumps(
            {
                "benchmark": "nifti_loading",
                "device": "cpu",
                "image": "given" if args.image else "simulated",
                "shape": labels.array.shape,
                "read_ratio": round(median["read_nibabel"] / median["read"], 2),
                "write_ratio": round(median["write_nibabel"] / median["write"], 2),
                "pixel_identical": bool(identical),
                "median_s": {job: round(value, 5) for job, value in median.items()},
                "worst_s": {job: round(max(times), 5) for job, times in seconds.items()},
                "versions": {name: version(name) for name in ("nibabel", "isal", "numpy")},
            }
        )
    )


def in_turns(jobs: Mapping[str, Callable[[], object]], *, repeats: int) -> dict[str, list[float]]:
    """Time each job once per round, after one round to warm up; seconds by job."""
    seconds: dict[str, list[float]] = {job: [] for job in jobs}
    for _ in range(repeats + 1):
        for job, run in jobs.items():
            start = time.perf_counter()
            run()
            seconds[job].append(time.perf_counter() - start)
    return {job: times[1:] for job, times in seconds.items()}


def simulate(path: Path) -> Path:
    """Write an image of a textured ellipsoid through nibabel."""
    radius = distance_from_center(SHAPE)
    noise = np.random.default_rng(0).normal(0, 40, SHAPE)
    head = np.where(radius < 0.75, 400 + 300 * np.cos(8 * radius) + noise, 0).astype(np.int16)
    nib.save(nib.Nifti1Image(head, np.diag([-1.0, -1.0, 1.0, 1.0])), path)
    return path


def nested_labels(image: np.ndarray, affine: np.ndarray) -> LabelMap:
    """Label a core, a rim and edema around the center, with a ragged border."""
    noise = np.random.default_rng(1).normal(0, 0.02, image.shape)
    radius = distance_from_center(image.shape) + noise
    labels = np.select([radius < 0.1, radius < 0.15, radius < 0.3], [1, 3, 2], 0)
    return LabelMap(np.asfortranarray(labels.astype(np.uint8)), affine)


def distance_from_center(shape: tuple[int, ...]) -> np.ndarray:
    """Distance of each voxel from the center, 1 at the middle of each face."""
    axes = np.meshgrid(*(np.linspace(-1, 1, side) for side in shape), indexing="ij", sparse=True)
    return np.sqrt(sum(axis**2 for axis in axes))


if __name__ == "__main__":
    main()
