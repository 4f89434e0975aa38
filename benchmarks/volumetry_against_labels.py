"""How well do a seed or a box, and nothing else, outline what raters called enhancing tumor?

The seed lies deepest in the largest connected part of the raters' enhancing tumor, the box stands
5 mm off that part: what a reader would click and draw. Dice is taken against all enhancing tumor
within the box; `ratio` is the volume of the outline over theirs. `held` is the share of the
study's enhancing tumor in the box. Settings are the defaults; none was fitted to these studies.

python -m benchmarks.volumetry_against_labels --studies FOLDER     prints one JSON line
"""

import argparse
import json
import math
import platform
import statistics
import time
from pathlib import Path

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.analysis.volumetry_run import Given, prepare_canvas
from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Point
from gliokit.core.geometry import bounding_box, to_world
from gliokit.core.image import region_mask
from gliokit.core.vocabulary import Region
from gliokit.io.nifti import read_image, read_label_map
from gliokit.measurement.volume import volume_ml
from gliokit.measurement.volumetry.canvas import Canvas, Sides, box_of
from gliokit.measurement.volumetry.edit_log import Edit, apply_edit
from gliokit.measurement.volumetry.kanaly import (
    enhancing_tissue,
    relative_enhancement,
    vessel_reference,
)
from gliokit.measurement.volumetry.level_set import Contour
from gliokit.measurement.volumetry.region_growing import GrowAbove, GrowAlike

MARGIN_MM = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=Path, required=True, help="folders of t1, t1c and seg")
    args = parser.parse_args()
    cases = [scored(folder) for folder in sorted(args.studies.iterdir()) if folder.is_dir()]
    ways = [name for name in cases[0] if name.startswith("dice")]
    values = {way: [case[way] for case in cases if not math.isnan(case[way])] for way in ways}
    print(
        json.dumps(
            {
                "benchmark": "volumetry_against_labels",
                "device": platform.machine(),
                "cases": cases,
                "mean": {way: round(statistics.mean(own), 3) for way, own in values.items()},
                "median": {way: round(statistics.median(own), 3) for way, own in values.items()},
                "numpy": np.__version__,
            }
        )
    )


def scored(folder: Path) -> dict[str, float]:
    """Outline one study in every way."""
    t1, t1c = (read_image(folder / f"{name}.nii.gz") for name in ("t1", "t1c"))
    labels = read_label_map(folder / "seg.nii.gz")
    reference = region_mask(labels.array, Region.ENHANCING_TUMOR)
    seed, sides = pointed_at(reference, labels.affine)
    start = time.perf_counter()
    prepared = prepare_canvas(t1, t1c, Given())
    subtract_s = time.perf_counter() - start
    canvas, found = prepared.canvas, prepared.subtraction
    box = box_of(t1c.affine, reference.shape, sides)
    ways: dict[str, tuple[Edit, ...]] = {
        "dice_seed_above": (GrowAbove((seed,)),),
        "dice_seed_alike": (GrowAlike((seed,), sides),),
        "dice_box_above": (GrowAbove(box_mm=sides),),
        "dice_box_seed_above": (GrowAbove((seed,), sides),),
        "dice_box_seed_contour": (GrowAbove((seed,), sides), Contour((seed,), sides)),
        "dice_box_contour": (GrowAbove(box_mm=sides), Contour(box_mm=sides)),
    }
    start = time.perf_counter()
    masks = {name: outlined(canvas, edits) for name, edits in ways.items()}
    edits_s = time.perf_counter() - start
    scores = {name: dice(mask, reference, box) for name, mask in masks.items()}
    volumes = {
        name.replace("dice", "ratio"): float(mask.sum() / (reference & box).sum())
        for name, mask in masks.items()
        if mask is not None
    }
    relative = relative_enhancement(found, vessel_reference(found, box))
    scores["dice_box_kanaly"] = dice(
        enhancing_tissue(relative, canvas.allowed & box), reference, box
    )
    return {
        "study": folder.name,
        "volume_ml": volume_ml(reference, t1c.affine),
        "held": float(reference[box].sum() / reference.sum()),
        "enhancement": float(np.median(found.enhancement[reference])),
        **{name: round(value, 3) for name, value in (scores | volumes).items()},
        "subtract_s": round(subtract_s, 2),
        "edits_s": round(edits_s, 2),
    }


def pointed_at(reference: NDArray[np.bool_], affine: NDArray[np.float64]) -> tuple[Point, Sides]:
    """Give the voxel that lies deepest in the largest part, and the box around that part."""
    largest = cc3d.largest_k(reference.view(np.uint8), k=1, connectivity=26).astype(bool)
    deepest = np.unravel_index(ndimage.distance_transform_edt(largest).argmax(), largest.shape)
    x, y, z = to_world(affine, deepest).tolist()
    box = bounding_box(largest)
    ends = to_world(affine, [[s.start - 0.5 for s in box], [s.stop - 0.5 for s in box]])
    low, high = ends.min(axis=0) - MARGIN_MM, ends.max(axis=0) + MARGIN_MM
    sides = zip(low.tolist(), high.tolist(), strict=True)
    return (x, y, z), tuple(sides)


def outlined(canvas: Canvas, edits: tuple[Edit, ...]) -> NDArray[np.bool_] | None:
    """Make the edits; None where they find nothing."""
    mask = np.zeros(canvas.allowed.shape, dtype=bool)
    try:
        for edit in edits:
            mask = apply_edit(canvas, mask, edit)
    except NotAssessableError:
        return None
    return mask


def dice(
    mask: NDArray[np.bool_] | None, reference: NDArray[np.bool_], box: NDArray[np.bool_]
) -> float:
    """Measure overlap; 0 where nothing was found."""
    if mask is None:
        return 0.0
    inside = reference & box
    return float(2 * (mask & inside).sum() / max(mask.sum() + inside.sum(), 1))


if __name__ == "__main__":
    main()
