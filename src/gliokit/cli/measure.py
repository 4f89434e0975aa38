"""`gliokit measure`: volumes, lesions and diameters of any label map."""

import json
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Annotated, TypeAlias

import numpy as np
import typer

from gliokit.analysis.options import MINIMUM_LESION_ML
from gliokit.cli.progress import say
from gliokit.core.findings import LabelVolume, Lesion, RegionVolume
from gliokit.core.geometry import to_world
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import LABEL_TERMS, REGION_TERMS, Region
from gliokit.io.conventions import LabelConvention
from gliokit.io.nifti import read_label_map
from gliokit.measurement.lesions import measure_lesions
from gliokit.measurement.volume import volumes_by_label, volumes_by_region

Sizes: TypeAlias = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Measurements:
    """Everything that is measured of one label map.

    Attributes
    ----------
    labels, regions : tuple
        Volumes.
    lesions : mapping of Region to tuple of Lesion
        By falling volume.
    """

    labels: tuple[LabelVolume, ...]
    regions: tuple[RegionVolume, ...]
    lesions: dict[Region, tuple[Lesion, ...]]


def measure(
    labels: Annotated[Path, typer.Argument(help="NIfTI label map, or DICOM SEG (.dcm).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not a table.")] = False,
    convention: Annotated[
        LabelConvention | None, typer.Option(help="How the numbers in the map are meant.")
    ] = None,
    minimum_lesion_ml: Annotated[
        float, typer.Option(min=0, help="Smaller lesions get no diameters.")
    ] = MINIMUM_LESION_ML,
) -> None:
    """Print volumes (mL), lesions and their diameters (mm) of a label map.

    For example:

    gliokit measure segmentation.nii.gz --json

    gliokit measure seg.dcm
    """
    label_map = _read(labels, convention)
    if label_map.note:
        say(f"warning: {label_map.note}")
    measured = measure_all(label_map, minimum_ml=minimum_lesion_ml)
    typer.echo(as_text(measured) if not as_json else json.dumps(as_record(measured), indent=2))


def _read(labels: Path, convention: LabelConvention | None) -> LabelMap:
    if labels.suffix.lower() != ".dcm":
        return read_label_map(labels, convention=convention)
    if convention:
        raise typer.BadParameter("--convention: the segments of a SEG say what they are; drop it")
    from gliokit.io.dicom_seg import read_seg  # highdicom takes its time

    return read_seg(labels)


def measure_all(label_map: LabelMap, *, minimum_ml: float) -> Measurements:
    """Measure every label and region, and the lesions of every region."""
    center = to_world(label_map.affine, (np.array(label_map.array.shape) - 1) / 2)
    lesions = {
        # the side, which alone needs the midline, is not printed: a label map shows no brain
        region: measure_lesions(
            label_map, region, minimum_ml=minimum_ml, midline_x_mm=float(center[0])
        )
        for region in Region
    }
    return Measurements(volumes_by_label(label_map), volumes_by_region(label_map), lesions)


def as_record(measured: Measurements) -> dict[str, object]:
    """Arrange measurements for JSON; a region carries the diameters of its longest lesion."""
    labels = {
        entry.label.name.lower(): {"voxels": entry.voxels, "volume_ml": entry.volume.value}
        for entry in measured.labels
    }
    regions = {}
    for entry in measured.regions:
        lesions = measured.lesions[entry.region]
        regions[entry.region.value] = {
            "voxels": entry.voxels,
            "volume_ml": entry.volume.value,
            **_diameters(_longest(lesions)),
            "lesions": [
                {
                    "name": lesion.name,
                    "voxels": lesion.voxels,
                    "volume_ml": lesion.volume.value,
                    **_diameters(lesion),
                }
                for lesion in lesions
            ],
        }
    return {"labels": labels, "regions": regions}


def as_text(measured: Measurements) -> str:
    """Arrange measurements as tables."""
    lines = [f"{'label':42s}{'voxels':>10s}{'mL':>10s}"]
    lines += [
        f"{LABEL_TERMS[entry.label]:42s}{entry.voxels:10d}{entry.volume.value:10.2f}"
        for entry in measured.labels
    ]
    lines += ["", f"{'region':42s}{'voxels':>10s}{'mL':>10s}"]
    lines += [
        f"{f'{entry.region} {REGION_TERMS[entry.region]}':42s}"
        f"{entry.voxels:10d}{entry.volume.value:10.2f}"
        for entry in measured.regions
    ]
    lesions = [lesion for region in measured.lesions.values() for lesion in region]
    columns = ("mL", "longest mm", "perpendicular mm", "product mm²")
    lines += ["", f"{'lesion':10s}" + "".join(f"{column:>18s}" for column in columns)]
    lines += [_lesion_line(lesion) for lesion in lesions] or ["none"]
    return "\n".join(lines)


def _longest(lesions: tuple[Lesion, ...]) -> Lesion | None:
    lengths = [(lesion.longest.length.value, lesion) for lesion in lesions if lesion.longest]
    return max(lengths, key=itemgetter(0), default=(0.0, None))[1]


def _diameters(lesion: Lesion | None) -> Sizes:
    """Give the diameters; None below the minimum size, or where there is no lesion."""
    longest = lesion.longest if lesion else None
    perpendicular = lesion.perpendicular if lesion else None
    product = lesion.product if lesion else None
    return {
        "longest_diameter_mm": longest.length.value if longest else None,
        "perpendicular_diameter_mm": perpendicular.length.value if perpendicular else None,
        "product_mm2": product.value if product else None,
    }


def _lesion_line(lesion: Lesion) -> str:
    cells = [f"{lesion.volume.value:.2f}"]
    cells += ["-" if size is None else f"{size:.1f}" for size in _diameters(lesion).values()]
    return f"{lesion.name:10s}" + "".join(f"{cell:>18s}" for cell in cells)
