"""Scan the simulated training patients once each, at 2 mm, for `fit.py`.

python training/contrast/scan.py --patients FOLDER --out FOLDER

`--patients` is what training/default/simulate.py wrote. One `.npz` of four stripped images per
patient, seeded by the patient's number and written whole, so a second run goes on where the
first stopped.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from rich.progress import track

from gliokit.core.geometry import bounding_box
from gliokit.phantom.one_thread import one_thread
from gliokit.phantom.scan.acquisition import Body
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.water import water_content
from gliokit.phantom.study import scan_body, strip

sys.path.append(str(Path(__file__).parents[1] / "default"))
from patients import read_patient

FACTOR = 2  # patients have voxels of 1 mm
SCANS = 40  # stream of random numbers, apart from those of the segmenter's training


def main() -> None:
    """Scan the patients that have not been scanned yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=250)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for path in track(sorted(args.patients.glob("*.npz"))[: args.count], "scanning"):
        if not (args.out / path.name).exists():
            write_scan(path, args.out / path.name)


@one_thread
def write_scan(patient_path: Path, out: Path) -> None:
    """Scan one patient with a scanner of its own."""
    patient = read_patient(patient_path)
    rng = np.random.default_rng([int(patient_path.stem), SCANS])
    session = draw_session(rng)
    water = water_content(patient.tissues, 1.0, seed=int(rng.integers(2**31)))
    body = Body(patient.tissues, 1.0, patient.infiltration, water=water)
    images = strip(scan_body(body, session, rng, factor=FACTOR), body, session, factor=FACTOR)
    brain = np.any([image > 0 for image in images.values()], axis=0)
    box = bounding_box(brain)
    part = out.with_suffix(".part")
    with part.open("wb") as file:
        cut = {str(sequence): image[box] for sequence, image in images.items()}
        np.savez(file, kind=np.array(str(patient.kind)), brain=brain[box], **cut)
    part.rename(out)


if __name__ == "__main__":
    main()
