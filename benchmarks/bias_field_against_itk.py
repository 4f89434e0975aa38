"""Is N4 here that of ITK, how well does either find a known field, and what do they cost?

python -m benchmarks.bias_field_against_itk STUDY_FOLDER     prints one JSON line; needs SimpleITK

A co-registered and stripped study, cut to the brain's box, over which both lay the same mesh; ITK
sees every fourth voxel of each axis, as its users do. For each sequence and mesh: correlation of
both log fields in the brain; what is left (standard deviation of the log) of a smooth field that is
multiplied onto the image, taken from the difference of two estimates, so that the image's own field
does not count; processor time of two images.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813 - as its documentation has it
from numpy.typing import NDArray

from gliokit.core.geometry import bounding_box
from gliokit.core.image import Image
from gliokit.io.layouts import read_study
from gliokit.preprocessing.bias_field import N4, bias_field
from gliokit.preprocessing.view import brain_of

MESHES = ((1, 2), (1, 2, 4, 8))
SHRUNK = 4
Field = Callable[[NDArray[np.float32], NDArray[np.bool_], N4], NDArray[np.float32]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    study = read_study(args.folder)
    brain = brain_of(study)
    box = bounding_box(brain)
    line = {
        "benchmark": "bias_field_against_itk",
        "device": "cpu",
        "simpleitk": sitk.Version().VersionString(),
        "rows": [
            compared(sequence, image.array[box], brain[box], N4(meshes=meshes))
            for sequence, image in study.images.items()
            for meshes in MESHES
        ],
    }
    print(json.dumps(line))


def compared(
    sequence: str, array: NDArray[np.float32], brain: NDArray[np.bool_], settings: N4
) -> dict[str, object]:
    known = known_field(array.shape)
    row: dict[str, object] = {"sequence": sequence, "meshes": settings.meshes}
    alone = []
    for name, field in (("ours", ours), ("itk", of_itk)):
        began = time.process_time()
        plain, shaded = (
            centered_log(field(np.where(brain, a, 0).astype(np.float32), brain, settings), brain)
            for a in (array, array * known)
        )
        row[f"{name}_cpu_s"] = round(time.process_time() - began, 2)
        left = shaded - plain - centered_log(known, brain)
        row[f"{name}_left"] = round(float(left.std()), 4)
        alone.append(plain)
    row["known"] = round(float(centered_log(known, brain).std()), 4)
    row["correlation"] = round(float(np.corrcoef(alone)[0, 1]), 4)
    return row


def known_field(shape: tuple[int, ...]) -> NDArray[np.float32]:
    x, y, z = np.moveaxis(np.moveaxis(np.indices(shape), 0, -1) / np.array(shape), -1, 0)
    log = 0.35 * np.sin(1.7 * x + 0.4) + 0.6 * (y - 0.5) ** 2 - 0.25 * z
    return np.exp(log).astype(np.float32)


def centered_log(field: NDArray[np.float32], brain: NDArray[np.bool_]) -> NDArray[np.float64]:
    log = np.log(field[brain].astype(np.float64))
    return log - log.mean()


def ours(array: NDArray[np.float32], brain: NDArray[np.bool_], settings: N4) -> NDArray[np.float32]:
    return bias_field(Image(array, np.eye(4)), brain, settings=settings)


def of_itk(
    array: NDArray[np.float32], brain: NDArray[np.bool_], settings: N4
) -> NDArray[np.float32]:
    image, mask = sitk.GetImageFromArray(array), sitk.GetImageFromArray(brain.astype(np.uint8))
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetNumberOfControlPoints([settings.meshes[0] + 3] * 3)
    n4.SetMaximumNumberOfIterations([settings.rounds] * len(settings.meshes))
    n4.SetConvergenceThreshold(settings.close)
    n4.Execute(sitk.Shrink(image, [SHRUNK] * 3), sitk.Shrink(mask, [SHRUNK] * 3))
    return np.exp(sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(image)))


if __name__ == "__main__":
    main()
