"""How far does a large tumor move the normalized intensities of normal tissue?

python -m benchmarks.normalization_and_tumor [--seeds 6]     prints one JSON line

Simulated: a healthy brain of 2 mm, and the same brain with a tumor of 100 mL of core and 60 mL of
edema, ring and solid in turns, that pushes it aside, scanned alike, with the same noise. On the
side without the tumor, how far the median of true white matter and of true cortex moves by each
normalization, as a share of the contrast between the two in the healthy brain; and by how much the
scale changes. Mean of the brains, and the worst. `brain` is the plain z-score, `rest` that of
the brain without the true tumor, `mode` the share of the brain's most frequent intensity, which
knows nothing of the tumor.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.body.anatomy import Anatomy, mni_anatomy
from gliokit.phantom.body.individual import Voxels, make_individual
from gliokit.phantom.body.tissue import Tissue, labels_of
from gliokit.phantom.scan.acquisition import Body
from gliokit.phantom.scan.scanner import ScanSession, draw_session
from gliokit.phantom.scan.water import water_content
from gliokit.phantom.study import infiltration, scan_body, strip
from gliokit.phantom.tumor.grown import GrownTumor, grow_tumor, paint
from gliokit.phantom.tumor.parameters import Kind, draw_tumor
from gliokit.preprocessing.normalization import brain_mode, brain_statistics, statistics_without

FIRST_SEED = 700
SIMULATED = Voxels(2.0)
CORE_ML, EDEMA_ML = 100.0, 60.0
KINDS = (Kind.RING, Kind.SOLID)
TRIES = 40
Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
WAYS: Mapping[str, Callable[[Image, Mask, Mask], tuple[float, float]]] = {
    "brain": lambda image, brain, tumor: brain_statistics(image, brain),
    "rest": statistics_without,
    "mode": lambda image, brain, tumor: (0.0, brain_mode(image, brain)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    args = parser.parse_args()
    brains = [measured(seed) for seed in range(FIRST_SEED, FIRST_SEED + args.seeds)]
    line = {
        "benchmark": "normalization_and_tumor",
        "device": "cpu",
        "simulated": True,
        "brains": len(brains),
        "tumor_ml": CORE_ML + EDEMA_ML,
        "moved": {
            way: {sequence: summary([b[sequence][way] for b in brains]) for sequence in MRSequence}
            for way in WAYS
        },
    }
    print(json.dumps(line))


def summary(found: list[dict[str, float]]) -> dict[str, list[float]]:
    return {
        key: [round(float(f([one[key] for one in found])), 3) for f in (np.mean, np.max)]
        for key in found[0]
    }


def measured(seed: int) -> dict[str, dict[str, dict[str, float]]]:
    rng = np.random.default_rng(seed)
    person, _ = make_individual(mni_anatomy(), rng, age=rng.uniform(25, 80), voxels=SIMULATED)
    grown = big_tumor(person, rng, KINDS[seed % len(KINDS)])
    painted, session = paint(grown), draw_session(rng)
    healthy = scanned(person, session, seed)
    ill = scanned(painted, session, seed, cells=infiltration(painted.tissues, grown.density))
    tumor = labels_of(painted.tissues) > 0
    away = other_side(tumor)
    return {
        sequence: moved(
            (healthy[sequence], person.tissues), (ill[sequence], painted.tissues), tumor, away
        )
        for sequence in MRSequence
    }


def moved(
    healthy: tuple[Image, NDArray[np.uint8]],
    ill: tuple[Image, NDArray[np.uint8]],
    tumor: Mask,
    away: Mask,
) -> dict[str, dict[str, float]]:
    """Say for each way how far white matter and cortex move, and the scale."""
    found = {}
    for way, statistics in WAYS.items():
        offsets, scales, white, cortex = np.zeros((4, 2))
        for k, ((image, tissues), there) in enumerate(
            ((healthy, np.zeros_like(tumor)), (ill, tumor))
        ):
            offsets[k], scales[k] = statistics(image, image != 0, there)
            here = away & (image != 0)
            white[k] = np.median(image[here & (tissues == Tissue.WHITE_MATTER)])
            cortex[k] = np.median(image[here & (tissues == Tissue.CORTEX)])
        contrast = abs(white[0] - cortex[0]) / scales[0]
        shifts = [abs(np.diff((tissue - offsets) / scales)[0]) for tissue in (white, cortex)]
        found[way] = {
            "white_matter": shifts[0] / contrast,
            "cortex": shifts[1] / contrast,
            "scale": abs(scales[1] / scales[0] - 1),
        }
    return found


def big_tumor(person: Anatomy, rng: np.random.Generator, kind: Kind) -> GrownTumor:
    for _ in range(TRIES):
        drawn = replace(draw_tumor(rng), core_ml=CORE_ML, edema_ml=EDEMA_ML, kind=kind)
        try:
            return grow_tumor(person, drawn)
        except SimulationError:  # no room there: draw another
            continue
    raise SimulationError(f"no tumor of {CORE_ML:g} mL fitted; take another seed")


def scanned(
    person: Anatomy, session: ScanSession, seed: int, *, cells: Image | None = None
) -> dict[MRSequence, Image]:
    water = water_content(person.tissues, person.spacing_mm, seed=seed)
    body = Body(person.tissues, person.spacing_mm, cells, water=water)
    return strip(scan_body(body, session, np.random.default_rng(seed)), body, session)


def other_side(tumor: Mask) -> Mask:
    """Half of the volume that the tumor is not in, by its center."""
    middle = tumor.shape[0] / 2
    x = np.arange(tumor.shape[0])[:, None, None]
    left = np.argwhere(tumor)[:, 0].mean() > middle
    return np.broadcast_to(x < middle if left else x >= middle, tumor.shape)


if __name__ == "__main__":
    main()
