"""Simulated studies with known truth, from patients that simulate.py grew."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
from patients import Kind, read_patient

from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.one_thread import one_thread
from gliokit.phantom.scan.acquisition import Body
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.water import water_content
from gliokit.phantom.study import scan_body, strip
from gliokit.segmentation.default import FLUID_SENSITIVE

ALL = tuple(MRSequence)
SUBSETS = [kept for n in (4, 3, 2, 1) for kept in combinations(MRSequence, n)]
SEEN = [kept for kept in SUBSETS if FLUID_SENSITIVE.intersection(kept)]  # what is not refused


@dataclass(frozen=True, slots=True)
class KnownStudy:
    """A study, its truth and what it stands for."""

    study: Study = field(repr=False)
    labels: LabelMap = field(repr=False)
    kind: Kind


def simulated_studies(folder: Path, *, seed: int) -> Iterator[KnownStudy]:
    """Scan every patient of a folder once, with all four sequences at 1 mm."""
    for number, path in enumerate(sorted(folder.glob("*.npz"))):
        yield scanned(path, np.random.default_rng([seed, number]))


@one_thread
def scanned(path: Path, rng: np.random.Generator) -> KnownStudy:
    """Scan one patient; the phase of the study is not told."""
    patient = read_patient(path)
    water = water_content(patient.tissues, 1.0, seed=int(rng.integers(2**31)))
    body = Body(patient.tissues, 1.0, patient.infiltration, water=water)
    session = draw_session(rng)
    images = strip(scan_body(body, session, rng), body, session)
    affine = np.eye(4)
    name = f"{path.parent.name}-{path.stem}"
    study = Study(name, {s: Image(a, affine, f"{name} {s}") for s, a in images.items()})
    return KnownStudy(study, LabelMap(patient.labels, affine), patient.kind)
