"""Do our segmentation metrics agree with those of MONAI and others, and are they faster?

The others are surface-distance (DeepMind) and panoptica.

python -m benchmarks.metrics_against_peers     prints one JSON line

Simulated tumors in a BraTS image of 240×240×155 voxels, small to large: a predicted outline that
is moved and rough, and a false part far off. Agreement is looked at with 1 mm and with unequal
spacing, time with 1 mm. Counted are processor seconds (one thread is used), so that others on the
machine matter little, from masks in the form that a peer takes to the figures. `together` is all
metrics of a peer for one pair, beside all of ours: here, in surface-distance and in panoptica one
measurement of distances then serves all of them.

Each peer is compared under its own definition of a surface. MONAI: voxels with a face outside, as
ours. panoptica: the same voxels, but HD95 over both surfaces pooled, and surface Dice as the mean
of two shares. surface-distance (DeepMind): pieces of surface between the voxels, with areas; here
the pieces and areas are its own, distances and figures ours, and `definition_gap` says how far
the figures of our definition are from its. Ratios are above 1 where gliokit is faster, always in
our definition.

Peers that are not installed are left out and named. panoptica 2.1.7 asks for older packages than
ours but runs with them, so a folder of their own holds all:

python -m venv /tmp/peers
/tmp/peers/bin/pip install --editable . torch==2.13.0 monai==1.6.1 surface-distance==0.1
/tmp/peers/bin/pip install --no-deps panoptica==2.1.7
/tmp/peers/bin/pip install scikit-image ruamel.yaml plotly pandas tqdm
"""

import argparse
import json
import platform
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.evaluation.overlap import (
    count_confusion,
    dice,
    positive_predictive_value,
    sensitivity,
    specificity,
)
from gliokit.evaluation.surface import hausdorff_95_mm, measure_surfaces, nearest_mm, surface_dice

SHAPE = (240, 240, 155)
RADII_MM = {"small": 5.0, "middle": 18.0, "large": 45.0}
SPACINGS_MM = ((1.0, 1.0, 1.0), (0.9, 1.1, 3.0))
TOGETHER = "together"


@dataclass(frozen=True)
class Pair:
    """Two masks of a region.

    Attributes
    ----------
    reference, prediction : (X, Y, Z)
        Voxels of the region.
    spacing_mm : (3,)
        Distance of voxels along each axis.
    """

    reference: NDArray[np.bool_]
    prediction: NDArray[np.bool_]
    spacing_mm: tuple[float, float, float]

    @property
    def tolerance_mm(self) -> float:
        """Of the surface Dice: the smallest spacing, which is what panoptica takes."""
        return min(self.spacing_mm)


Metrics = dict[str, Callable[[Pair], float]]


@dataclass(frozen=True)
class Peer:
    """A library to compare with.

    Attributes
    ----------
    packages : tuple of str
        What must be installed.
    load : callable
        Gives what brings a pair into the peer's form, and its metrics of that form.
    same : mapping of metric to callable
        Our figures under the peer's definition.
    """

    packages: tuple[str, ...]
    load: Callable[[], tuple[Callable[[Pair], object], dict[str, Callable[[object], float]]]]
    same: Metrics


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    args = parser.parse_args()

    warnings.simplefilter("ignore")  # the peers' own
    present = [name for name in args.peers if all(map(installed, PEERS[name].packages))]
    sizes = {size: pair_of(radius, SPACINGS_MM[0]) for size, radius in RADII_MM.items()}
    figures = {name: compare(PEERS[name], sizes, args.repeats) for name in present}
    packages = sorted({package for name in present for package in PEERS[name].packages})
    print(
        json.dumps(
            {
                "benchmark": "metrics_against_peers",
                "device": platform.machine(),
                "shape": SHAPE,
                "voxels": {size: int(pair.reference.sum()) for size, pair in sizes.items()},
                "peers": figures,
                "not_installed": [name for name in args.peers if name not in present],
                "versions": {n: version(n) for n in ("gliokit", "numpy", "scipy", *packages)},
            }
        )
    )


def installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def compare(peer: Peer, sizes: dict[str, Pair], repeats: int) -> dict[str, object]:
    prepare, theirs = peer.load()
    pairs = [pair_of(radius, spacing) for radius in RADII_MM.values() for spacing in SPACINGS_MM]
    apart: dict[str, float] = {}
    gap: dict[str, float] = {}
    for pair in pairs:
        form = prepare(pair)
        for metric, same in peer.same.items():
            value = theirs[metric](form)
            apart[metric] = max(apart.get(metric, 0), abs(same(pair) - value))
            if same is not OURS[metric]:
                gap[metric] = max(gap.get(metric, 0), abs(OURS[metric](pair) - value))
    seconds: dict[str, dict[str, tuple[float, float]]] = {}
    for size, pair in sizes.items():
        form = prepare(pair)
        for metric, measure in theirs.items():
            ours = OURS[metric] if metric != TOGETHER else all_of_ours
            seconds.setdefault(metric, {})[size] = side_by_side(
                lambda ours=ours, pair=pair: ours(pair),
                lambda measure=measure, form=form: measure(form),
                repeats,
            )
    return {
        "largest_disagreement": apart,
        "definition_gap": gap,
        "time_ratio": {
            metric: {size: round(them / us, 1) for size, (us, them) in by_size.items()}
            for metric, by_size in seconds.items()
        },
        "ours_ms": {
            metric: {size: round(us * 1e3, 2) for size, (us, _) in by_size.items()}
            for metric, by_size in seconds.items()
        },
    }


def side_by_side(
    ours: Callable[[], object], theirs: Callable[[], object], repeats: int
) -> tuple[float, float]:
    """Median processor seconds of both, measured in turns."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for measure, took in zip((ours, theirs), seconds, strict=True):
            start = time.process_time()
            measure()
            took.append(time.process_time() - start)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def pair_of(radius_mm: float, spacing_mm: tuple[float, float, float]) -> Pair:
    """Draw a tumor, and a prediction of it that is off by a tenth and has a false part."""
    reference = rough_ball(radius_mm, (120, 110, 75), spacing_mm, seed=0)
    shift = max(radius_mm / 10, 1)
    prediction = rough_ball(radius_mm * 1.05, (120 + shift, 110, 75), spacing_mm, seed=1)
    false_part = rough_ball(max(radius_mm / 5, 2), (70, 60, 60), spacing_mm, seed=2)
    return Pair(reference, prediction | false_part, spacing_mm)


def rough_ball(
    radius_mm: float,
    center: tuple[float, float, float],
    spacing_mm: tuple[float, float, float],
    *,
    seed: int,
) -> NDArray[np.bool_]:
    """Draw a ball whose radius varies smoothly by about a tenth, around a voxel."""
    rng = np.random.default_rng(seed)
    coarse = rng.standard_normal((8, 8, 8))
    noise = ndimage.zoom(coarse, 4, order=3)
    offsets = [
        (np.arange(side) - middle) * spacing
        for side, middle, spacing in zip(SHAPE, center, spacing_mm, strict=True)
    ]
    near = [np.flatnonzero(np.abs(offset) <= 1.5 * radius_mm) for offset in offsets]
    mesh = np.meshgrid(
        *(offset[which] for offset, which in zip(offsets, near, strict=True)), indexing="ij"
    )
    place = [(axis / (1.5 * radius_mm) + 1) / 2 * (noise.shape[0] - 1) for axis in mesh]
    radius = radius_mm * (1 + 0.1 * ndimage.map_coordinates(noise, place, order=1))
    mask = np.zeros(SHAPE, dtype=bool)
    mask[np.ix_(*near)] = sum(axis**2 for axis in mesh) <= radius**2
    return mask


OURS: Metrics = {
    "dice": lambda pair: dice(pair.reference, pair.prediction),
    "sensitivity": lambda pair: sensitivity(pair.reference, pair.prediction),
    "specificity": lambda pair: specificity(pair.reference, pair.prediction),
    "ppv": lambda pair: positive_predictive_value(pair.reference, pair.prediction),
    "hd95_mm": lambda pair: hausdorff_95_mm(
        pair.reference, pair.prediction, spacing_mm=pair.spacing_mm
    ),
    "surface_dice": lambda pair: surface_dice(
        pair.reference,
        pair.prediction,
        spacing_mm=pair.spacing_mm,
        tolerance_mm=pair.tolerance_mm,
    ),
}


def all_of_ours(pair: Pair) -> float:
    counts = count_confusion(pair.reference, pair.prediction)
    surfaces = measure_surfaces(pair.reference, pair.prediction, spacing_mm=pair.spacing_mm)
    shares = counts.dice + counts.sensitivity + counts.specificity
    shares += counts.positive_predictive_value + surfaces.surface_dice(pair.tolerance_mm)
    return shares + surfaces.hausdorff_95_mm()


def load_monai():
    import torch
    from monai import metrics

    torch.set_num_threads(1)

    def prepare(pair: Pair):
        # with bool tensors its confusion matrix is wrong: it adds both and looks for 2
        masks = (mask.astype(np.uint8)[None, None] for mask in (pair.prediction, pair.reference))
        return *map(torch.from_numpy, masks), pair

    def confusion(name: str):
        def measure(form) -> float:
            matrix = metrics.get_confusion_matrix(form[0], form[1], include_background=True)
            return float(metrics.compute_confusion_matrix_metric(name, matrix))

        return measure

    def hd95(form) -> float:
        prediction, reference, pair = form
        distance = metrics.compute_hausdorff_distance(
            prediction,
            reference,
            include_background=True,
            percentile=95,
            spacing=pair.spacing_mm,
        )
        return float(distance)

    def surface(form) -> float:
        prediction, reference, pair = form
        share = metrics.compute_surface_dice(
            prediction,
            reference,
            [pair.tolerance_mm],
            include_background=True,
            spacing=pair.spacing_mm,
        )
        return float(share)

    single = {
        "dice": lambda form: float(metrics.compute_dice(form[0], form[1])),
        "sensitivity": confusion("sensitivity"),
        "specificity": confusion("specificity"),
        "ppv": confusion("precision"),
        "hd95_mm": hd95,
        "surface_dice": surface,
    }
    return prepare, single | {TOGETHER: lambda form: sum(f(form) for f in single.values())}


def load_surface_distance():
    import surface_distance as peer

    def distances(pair: Pair):
        return peer.compute_surface_distances(pair.reference, pair.prediction, pair.spacing_mm)

    def together(pair: Pair) -> float:
        surfaces = distances(pair)
        return (
            peer.compute_dice_coefficient(pair.reference, pair.prediction)
            + peer.compute_robust_hausdorff(surfaces, 95)
            + peer.compute_surface_dice_at_tolerance(surfaces, pair.tolerance_mm)
        )

    return lambda pair: pair, {
        "dice": lambda pair: peer.compute_dice_coefficient(pair.reference, pair.prediction),
        "hd95_mm": lambda pair: peer.compute_robust_hausdorff(distances(pair), 95),
        "surface_dice": lambda pair: peer.compute_surface_dice_at_tolerance(
            distances(pair), pair.tolerance_mm
        ),
        TOGETHER: together,
    }


def load_panoptica():
    from panoptica import InputType, Metric, Panoptica_Evaluator, disable_citation_reminder

    disable_citation_reminder()
    chosen = {"dice": Metric.DSC, "hd95_mm": Metric.HD95, "surface_dice": Metric.NSD}

    def evaluate(metrics: list[Metric]):
        evaluator = Panoptica_Evaluator(
            expected_input=InputType.MATCHED_INSTANCE, instance_metrics=metrics, global_metrics=[]
        )

        def measure(form) -> float:
            prediction, reference, spacing_mm = form
            (result,) = evaluator.evaluate(
                prediction, reference, voxelspacing=spacing_mm, result_all=False, verbose=False
            ).values()
            return sum(float(getattr(result, f"sq_{metric.name.lower()}")) for metric in metrics)

        return measure

    def prepare(pair: Pair):
        masks = (mask.astype(np.uint8) for mask in (pair.prediction, pair.reference))
        return *masks, pair.spacing_mm

    single = {name: evaluate([metric]) for name, metric in chosen.items()}
    return prepare, single | {TOGETHER: evaluate(list(chosen.values()))}


def pooled_hd95_mm(pair: Pair) -> float:
    distances = measure_surfaces(pair.reference, pair.prediction, spacing_mm=pair.spacing_mm)
    pooled = np.concatenate([distances.from_reference_mm, distances.from_prediction_mm])
    return float(np.percentile(pooled, 95))


def mean_share_within(pair: Pair) -> float:
    distances = measure_surfaces(pair.reference, pair.prediction, spacing_mm=pair.spacing_mm)
    sides = (distances.from_reference_mm, distances.from_prediction_mm)
    return float(np.mean([np.mean(side <= pair.tolerance_mm) for side in sides]))


def weighted_hd95_mm(pair: Pair) -> float:
    """Larger distance of the two that 95 % of the area of a surface do not exceed."""
    largest = 0.0
    for distances, areas in weighted_distances(pair):
        order = np.argsort(distances)
        share = np.cumsum(areas[order]) / areas.sum()
        largest = max(largest, distances[order][np.searchsorted(share, 0.95)])
    return largest


def weighted_surface_dice(pair: Pair) -> float:
    sides = list(weighted_distances(pair))
    within = sum(areas[distances <= pair.tolerance_mm].sum() for distances, areas in sides)
    return float(within / sum(areas.sum() for _, areas in sides))


def weighted_distances(pair: Pair) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Give our distances between DeepMind's pieces of surface, and their areas in mm²."""
    from surface_distance import lookup_tables

    areas = lookup_tables.create_table_neighbour_code_to_surface_area(pair.spacing_mm)
    kernel = lookup_tables.ENCODE_NEIGHBOURHOOD_3D_KERNEL
    codes = [
        ndimage.correlate(mask.astype(np.uint8), kernel, mode="constant")
        for mask in (pair.reference, pair.prediction)
    ]
    pieces = [(code != 0) & (code != 255) for code in codes]
    for this, other in ((0, 1), (1, 0)):
        distances = nearest_mm(pieces[this], pieces[other], spacing_mm=np.array(pair.spacing_mm))
        yield distances, areas[codes[this][pieces[this]]]


PEERS = {
    "monai": Peer(("monai", "torch"), load_monai, OURS),
    "surface-distance": Peer(
        ("surface-distance",),
        load_surface_distance,
        {
            "dice": OURS["dice"],
            "hd95_mm": weighted_hd95_mm,
            "surface_dice": weighted_surface_dice,
        },
    ),
    "panoptica": Peer(
        ("panoptica",),
        load_panoptica,
        {"dice": OURS["dice"], "hd95_mm": pooled_hd95_mm, "surface_dice": mean_share_within},
    ),
}


if __name__ == "__main__":
    main()
