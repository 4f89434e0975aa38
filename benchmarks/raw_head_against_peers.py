"""How like those of other programs are brain and whole tumor of a head as it was scanned?

python -m benchmarks.raw_head_against_peers STUDIES_FOLDER

prints one JSON line. TCGA-FG-6692 (TCGA-LGG, TCIA, CC BY 3.0) in `raw_head` of the folder: four
images of a whole head with slices of 5.5 mm, and the same study as BraTS Toolkit registered and
stripped it.

`gliokit analyze` outlines it. Dice of the brain in each image with HD-BET's mask; of the whole
tumor (all that is not 0: T2/FLAIR abnormality) with the consensus of five algorithms that BraTS
Toolkit made. That one is taken to the grid of the T1c as scanned by registering the toolkit's T1c
to ours inside HD-BET's mask, rigidly and with change of size, for it was brought to an atlas. None
of the peers is the truth, and the head was looked at while methods were made.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import MRSequence
from gliokit.evaluation.overlap import dice
from gliokit.io.layouts import read_study
from gliokit.io.nifti import read_image, read_label_map
from gliokit.preprocessing.carry import carry_labels
from gliokit.preprocessing.prepare import prepare, register
from gliokit.preprocessing.registration import register_affine, register_rigid

HEAD = "TCGA-FG-6692"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("studies", type=Path)
    args = parser.parse_args()
    raw, toolkit = args.studies / "raw_head" / HEAD, args.studies / "registered" / HEAD
    begun = time.process_time()
    line = {
        "benchmark": "raw_head_against_peers",
        "device": "cpu",
        "study": HEAD,
        "brain_dice": brain_dice(raw),
        "whole_tumor_dice": whole_tumor_dice(raw, toolkit),
        "cpu_seconds_without_analyze": round(time.process_time() - begun),
        "versions": {package: version(package) for package in ("gliokit", "numpy", "openvino")},
    }
    print(json.dumps(line))


def brain_dice(raw: Path) -> dict[str, float]:
    """Compare the brain with HD-BET's on the grid of each image."""
    registered = register(read_study(raw))
    prepared = prepare(registered)
    brain = LabelMap(prepared.brain.astype(np.uint8), prepared.study.reference.affine)
    found = {}
    for sequence in MRSequence:
        back = np.linalg.inv(registered.to_native[sequence])
        own = carry_labels(brain, back, registered.study[sequence].grid).array > 0
        found[str(sequence)] = round(dice(hd_bet(raw, sequence), own), 4)
    return found


def hd_bet(raw: Path, sequence: MRSequence) -> np.ndarray:
    return read_image(raw / f"brain_mask_{sequence}.nii.gz").array > 0


def whole_tumor_dice(raw: Path, toolkit: Path) -> dict[str, float]:
    """Compare the whole tumor with the consensus on the grid of the T1c as scanned."""
    own = outlined(raw).array > 0
    image = read_image(raw / "t1c.nii.gz")
    inside = np.where(hd_bet(raw, MRSequence.T1C), image.array, np.float32(0))
    theirs, stripped = read_image(toolkit / "t1c.nii.gz"), replace(image, array=inside)
    labels = read_image(toolkit / "seg_consensus.nii.gz")
    found = {}
    for way, bring in (("rigid", register_rigid), ("affine", register_affine)):
        motion = bring(theirs, stripped)
        found[way] = round(dice(own, there(labels, motion.to_moving, image)), 4)
        found[f"{way}_doubted"] = motion.doubt is not None
    return found


def there(labels: Image, to_labels: np.ndarray, image: Image) -> np.ndarray:
    """Carry what is not 0 in a label map to the grid of an image, (X, Y, Z)."""
    whole = LabelMap((labels.array > 0).astype(np.uint8), labels.affine)
    return carry_labels(whole, to_labels, image.grid).array > 0


def outlined(raw: Path) -> LabelMap:
    """Analyze the head as a user does."""
    gliokit = Path(sys.executable).with_name("gliokit")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        subprocess.run([gliokit, "analyze", raw, "-o", out], check=True, capture_output=True)
        return read_label_map(out / "segmentation.nii.gz")


if __name__ == "__main__":
    main()
