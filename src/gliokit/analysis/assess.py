"""A study and its label map to findings: sizes, what is doubtful, what cannot be judged.

Pure: arrays and records in, one record out; the same input gives the same findings.

Lesions are the connected parts of the tumor core (enhancing and necrotic) and of the whole
tumor (the abnormality seen on FLAIR), as far as the images can show these. Their side is judged
by the center of mass of the brain, which a large tumor or a cropped image shifts by some
millimeters: it is approximate.
"""

import platform
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from gliokit.analysis.notices import doubts, not_judged
from gliokit.analysis.options import Options
from gliokit.core.findings import (
    Findings,
    Input,
    Lesion,
    Model,
    Notice,
    QualityCheck,
    Quantity,
    RegionVolume,
    Verdict,
)
from gliokit.core.geometry import Affine, axis_codes, spacing_mm, to_world
from gliokit.core.image import Image
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.measurement.lesions import measure_lesions
from gliokit.measurement.volume import volumes_by_label, volumes_by_region
from gliokit.preprocessing.quality.slices import SLICE_SPACING
from gliokit.segmentation.default import Segmentation

COARSE_SPACING = "coarse-spacing"  # of `gliokit.analysis.notices`
LESION_REGIONS = (Region.TUMOR_CORE, Region.WHOLE_TUMOR)
SOFTWARE = ("numpy", "scipy", "nibabel", "openvino")  # whose versions can change a number


def assess(
    study: Study,
    segmentation: Segmentation,
    *,
    model: Model | None,
    options: Options,
    created: str,
) -> Findings:
    """Measure a segmented study and say what the reader must know.

    Parameters
    ----------
    segmentation : Segmentation
        Labels and brain on the grid of `study.reference`.
    model : Model or None
        What made the labels; None where the caller brought them.
    created : str
        ISO 8601 time, UTC; the only part of the findings that differs between two runs.
    """
    labels = segmentation.labels
    not_assessed = not_judged(study) if model else ()
    unseen = {region for notice in not_assessed for region in notice.regions}
    return Findings(
        study_id=study.study_id,
        created=created,
        gliokit_version=version("gliokit"),
        inputs=describe_inputs(study),
        missing=tuple(study.missing),
        model=model,
        options=options.stated(study.phase),
        volumes_by_label=volumes_by_label(labels),
        volumes_by_region=with_intervals(
            volumes_by_region(labels), segmentation.intervals, unseen=unseen
        ),
        lesions=_lesions(
            segmentation, options, regions=[r for r in LESION_REGIONS if r not in unseen]
        ),
        minimum_lesion_ml=Quantity(options.minimum_lesion_ml, "mL"),
        warnings=(*segmentation.notices, *doubts(study, labels)),
        not_assessed=not_assessed,
        software=(
            ("python", platform.python_version()),
            *((name, version(name)) for name in SOFTWARE),
        ),
        course=study.course,
    )


def with_quality(
    notices: tuple[Notice, ...], quality: tuple[QualityCheck, ...]
) -> tuple[Notice, ...]:
    """Add what is doubtful in the images to the warnings, one for each kind of check.

    Images that show nothing are doubtful too; what merely could not be checked is not.
    """
    grouped: dict[str, list[QualityCheck]] = {}
    for check in quality:
        if check.verdict is not Verdict.FINE and check.figure is not None:
            grouped.setdefault(check.code, []).append(check)
    if any(notice.code == COARSE_SPACING for notice in notices):
        grouped.pop(SLICE_SPACING.code, None)  # said already
    return (*notices, *(Notice(code, _in_one(checks)) for code, checks in grouped.items()))


def with_intervals(
    volumes: Iterable[RegionVolume],
    intervals: Mapping[Region, tuple[float, float]],
    *,
    unseen: Collection[Region],
) -> tuple[RegionVolume, ...]:
    """Give volumes the 90 % intervals that were estimated for them.

    Parameters
    ----------
    intervals : mapping of Region to (low, high)
        In mL; widened where they leave out the measured volume, which rests on labels that
        were tidied up after the intervals.
    unseen : collection of Region
        Regions that were not assessed; they get none.
    """
    return tuple(
        replace(entry, volume=_with_interval(entry.volume, intervals[entry.region]))
        if entry.region in intervals and entry.region not in unseen
        else entry
        for entry in volumes
    )


def describe_inputs(study: Study) -> tuple[Input, ...]:
    """Say which images went in, in the order of `MRSequence`."""
    present = [sequence for sequence in MRSequence if sequence in study.images]
    return tuple(_input(sequence, study[sequence]) for sequence in present)


def midline_mm(brain: NDArray[np.bool_], affine: Affine) -> float:
    """Estimate where the midline lies by the brain's center of mass, RAS+ x in mm.

    Parameters
    ----------
    brain : (X, Y, Z)
        Voxels of the brain.
    """
    per_axis = [brain.sum(axis=others) for others in ((1, 2), (0, 2), (0, 1))]
    center = [float(np.average(np.arange(len(n)), weights=n)) for n in per_axis]
    return float(to_world(affine, center)[0])


def _in_one(checks: Sequence[QualityCheck]) -> str:
    """Join the sentences of one kind of check, each with the image it is about."""
    return " ".join(
        f"{check.sequence}: {check.text}" if check.sequence else check.text for check in checks
    )


def _with_interval(volume: Quantity, interval: tuple[float, float]) -> Quantity:
    low, high = interval
    return replace(volume, interval=(min(low, volume.value), max(high, volume.value)))


def _input(sequence: MRSequence, image: Image) -> Input:
    x, y, z = (float(step) for step in spacing_mm(image.affine))
    return Input(sequence, image.sha256, image.grid.shape, (x, y, z), axis_codes(image.affine))


def _lesions(
    segmentation: Segmentation, options: Options, *, regions: Sequence[Region]
) -> tuple[Lesion, ...]:
    midline = midline_mm(segmentation.brain, segmentation.labels.affine)
    return tuple(
        lesion
        for region in regions
        for lesion in measure_lesions(
            segmentation.labels,
            region,
            minimum_ml=options.minimum_lesion_ml,
            midline_x_mm=midline,
        )
    )
