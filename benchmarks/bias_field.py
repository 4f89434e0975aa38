"""What does N4 do to white matter, and to the outlines of the shipped model?

python -m benchmarks.bias_field CASES_FOLDER [CASE ...] [--seeds 2]     prints one JSON line

White matter: simulated healthy brains of 2 mm whose coil the simulator draws; the coefficient of
variation of true white matter, robust (1.4826 times the median deviation, over the median), before
and after, mean of the brains. Outlines: real co-registered and stripped cases with labels, those
that are named or all; mean Dice of the shipped model on the images as they are, after N4 with our
mesh, with that of ITK, and with our mesh where the true tumor is left out of the estimate. The
shipped model was trained on these cases: the differences count, not the height. `rise` is the
median of the field of FLAIR in the true tumor against the rest of the brain, the largest of the
cases.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.image import Image, region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.evaluation.overlap import dice
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import read_label_map
from gliokit.phantom.body.anatomy import mni_anatomy
from gliokit.phantom.body.individual import Voxels, make_individual
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.scan.acquisition import Body
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.study import scan_body, strip
from gliokit.preprocessing.bias_field import DEFAULT, N4, bias_field
from gliokit.preprocessing.view import brain_of
from gliokit.segmentation.default import DefaultSegmenter, load_segmenter

MESHES = {"ours": DEFAULT, "itk": N4(meshes=(1, 2, 4, 8))}
REGIONS = (Region.WHOLE_TUMOR, Region.TUMOR_CORE, Region.ENHANCING_TUMOR)
SIMULATED = Voxels(2.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--seeds", type=int, default=2)
    args = parser.parse_args()
    segmenter = load_segmenter(None)
    names = args.cases or sorted(path.name for path in args.folder.iterdir() if path.is_dir())
    cases = [outlines(segmenter, args.folder / name) for name in names]
    brains = [variation(seed) for seed in range(args.seeds)]
    line = {
        "benchmark": "bias_field",
        "device": "cpu",
        "cases": len(cases),
        "dice": {way: mean([case["dice"][way] for case in cases]) for way in cases[0]["dice"]},
        "whole_tumor_ml": [case["ml"] for case in cases],
        "rise_flair": {way: max(case["rise"][way] for case in cases) for way in MESHES},
        "simulated_brains": len(brains),
        "white_matter_variation": mean(brains),
    }
    print(json.dumps(line))


def outlines(segmenter: DefaultSegmenter, folder: Path) -> dict[str, dict[str, object]]:
    study, path = read_study(folder), find_labels(folder)
    assert path
    truth = read_label_map(path).array
    brain, tumor = brain_of(study), region_mask(truth, Region.WHOLE_TUMOR)
    seen = {"as it is": study}
    rise = {}
    for way, settings in MESHES.items():
        fields = {s: bias_field(i, brain, settings=settings) for s, i in study.images.items()}
        flair = fields[MRSequence.FLAIR]
        rise[way] = round(float(np.median(flair[tumor]) / np.median(flair[brain & ~tumor])), 2)
        seen[way] = divided(study, fields)
    fields = {s: bias_field(i, brain, exclude=tumor) for s, i in study.images.items()}
    seen["ours, tumor left out"] = divided(study, fields)
    found = {way: segmenter.predict(own).labels.array for way, own in seen.items()}
    scores = {
        way: {r: dice(region_mask(truth, r), region_mask(labels, r)) for r in REGIONS}
        for way, labels in found.items()
    }
    whole = {way: region_mask(labels, Region.WHOLE_TUMOR).sum() for way, labels in found.items()}
    voxel_ml = abs(np.linalg.det(study.reference.affine)) / 1000
    return {
        "dice": scores,
        "ml": {way: round(float(count * voxel_ml), 1) for way, count in whole.items()},
        "rise": rise,
    }


def divided(study: Study, fields: dict[MRSequence, NDArray[np.float32]]) -> Study:
    images = {s: replace(one, array=one.array / fields[s]) for s, one in study.images.items()}
    return replace(study, images=images)


def variation(seed: int) -> dict[str, dict[str, float]]:
    """Vary a healthy brain's white matter as its coil does, and measure what N4 leaves."""
    rng = np.random.default_rng(seed)
    person, _ = make_individual(mni_anatomy(), rng, age=rng.uniform(25, 80), voxels=SIMULATED)
    session, body = draw_session(rng), Body(person.tissues, person.spacing_mm)
    images = strip(scan_body(body, session, rng), body, session)
    brain = np.logical_or.reduce([image != 0 for image in images.values()])
    white = (person.tissues == Tissue.WHITE_MATTER) & brain
    found: dict[str, dict[str, float]] = {}
    for sequence, array in images.items():
        image = Image(array, person.affine)
        ways = {way: bias_field(image, brain, settings=how) for way, how in MESHES.items()}
        found[sequence] = {"as it is": spread(array[white])} | {
            way: spread((array / field)[white]) for way, field in ways.items()
        }
    return found


def spread(values: NDArray[np.float32]) -> float:
    middle = np.median(values)
    return float(1.4826 * np.median(np.abs(values - middle)) / middle)


def mean(records: list[dict]) -> dict:
    first = records[0]
    if isinstance(next(iter(first.values())), dict):
        return {key: mean([record[key] for record in records]) for key in first}
    return {key: round(float(np.mean([record[key] for record in records])), 4) for key in first}


if __name__ == "__main__":
    main()
