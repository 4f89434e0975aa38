"""Simulate the patients that the tissue network learns from.

PYTHONPATH=training/default python training/anatomy/tissue_examples.py \
    --anatomy LABEL_MAPS --out EXAMPLES [--number 128]

One `.npy` of 1 mm voxels per patient, the box of the brain, uint8: z-scores of two sessions
of the same body, on scanners of their own; what the places make likely, by a registration as in
use; the truth. Kinds of patients are those of the default model, whose folder is on the path: with
a tumor of any size, treated, healthy. Seeded by the patient's number and written whole, so a second
run goes on where the first stopped.
"""

import argparse
from pathlib import Path

import numpy as np
from heads import HELD_OUT, HINDBRAIN_OF, TRUTH
from numpy.typing import NDArray
from patients import TrainingPatient, draw_training_patient
from rich.progress import track
from tissue_draws import ENTIRE, LEAST_Z, SESSIONS, STEPS_A_Z

from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import Affine, Box, bounding_box, to_world
from gliokit.core.image import Image
from gliokit.core.study import Study
from gliokit.phantom.body.anatomy import find_anatomies, read_anatomy
from gliokit.phantom.body.tissue import Tissue as Simulated
from gliokit.phantom.body.tissue import labels_of
from gliokit.phantom.one_thread import one_thread
from gliokit.phantom.scan.acquisition import Body
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.water import water_content
from gliokit.phantom.study import scan_body, strip
from gliokit.preprocessing.brain import stripped_brain
from gliokit.preprocessing.normalization import brain_statistics, standardize
from gliokit.preprocessing.tissue import register_template
from gliokit.preprocessing.tissue_network import ANSWERS, Answer
from gliokit.preprocessing.tissue_priors import Tissue, tissue_priors
from gliokit.preprocessing.view import INPUTS

SEED = 2031


def main() -> None:
    """Simulate patients that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anatomy", type=Path, required=True, help="label maps, whole heads")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--number", type=int, default=128)
    args = parser.parse_args()
    maps = find_anatomies(args.anatomy)[:-HELD_OUT]
    args.out.mkdir(parents=True, exist_ok=True)
    for number in track(range(args.number), "simulating patients"):
        path = args.out / f"{number:05d}.npy"
        if not path.exists():
            write_patient(path, maps[number % len(maps)], number)


@one_thread
def write_patient(path: Path, anatomy: Path, number: int) -> None:
    """Simulate one patient."""
    rng = np.random.default_rng([number, SEED])
    healthy = read_anatomy(anatomy)
    patient = draw_training_patient(healthy, rng)
    water = water_content(patient.tissues, 1.0, seed=int(rng.integers(2**31)))
    body = Body(patient.tissues, 1.0, patient.infiltration, water=water)
    sessions = []
    for _ in range(SESSIONS):
        session = draw_session(rng)
        sessions.append(strip(scan_body(body, session, rng), body, session))
    brains = [stripped_brain(images.values()) for images in sessions]
    study = Study(path.stem, {s: Image(a, healthy.affine, str(s)) for s, a in sessions[0].items()})
    try:
        to_template = register_template(study, brains[0])
    except NotAssessableError as reason:
        print(f"{path.stem} is left out: {reason}", flush=True)
        return
    box = bounding_box(np.any(brains, axis=0))
    shown = zip(sessions, brains, strict=True)
    layers = [
        *(scores(images[s], brain)[box] for images, brain in shown for s in INPUTS),
        *likely(to_template @ healthy.affine, box),
        *(layer[box] for layer in (*truth_of(patient), *brains)),
    ]
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.save(file, np.stack(layers).astype(np.uint8))
    part.rename(path)


def scores(image: NDArray[np.float32], brain: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Give z-scores (X, Y, Z) in steps."""
    z = standardize(image, brain, brain_statistics(image, brain))
    return np.rint((z - LEAST_Z) * STEPS_A_Z).clip(0, 255).astype(np.uint8)


def likely(to_template: Affine, box: Box) -> NDArray[np.float32]:
    """Give what the places of a box make likely, in steps, (5, X, Y, Z)."""
    shape = [part.stop - part.start for part in box]
    indices = np.moveaxis(np.indices(shape), 0, -1).reshape(-1, 3) + [part.start for part in box]
    priors = tissue_priors().at(to_world(to_template, indices))
    return np.rint(ENTIRE * priors).reshape(-1, *shape)


def truth_of(patient: TrainingPatient) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Give the true one of `ANSWERS`, ATYPICAL if none fits; and tumor: 1 infiltrated, 2 itself."""
    table = np.full(len(Simulated), 1 + ANSWERS.index(Answer(Tissue.ATYPICAL)), dtype=np.uint8)
    for tissue, simulated in TRUTH.items():
        for one in simulated:
            table[one] = 1 + ANSWERS.index(Answer(tissue, HINDBRAIN_OF.get(one)))
    tumor = (patient.labels > 0).astype(np.uint8)
    tumor[labels_of(patient.tissues) > 0] = 2
    return table[patient.tissues], tumor


if __name__ == "__main__":
    main()
