"""The pictures of a report: three planes through the tumor, and each measured lesion."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from gliokit.core.findings import Diameter, Lesion
from gliokit.core.geometry import spacing_mm, to_voxel, to_world
from gliokit.core.image import region_mask
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.reporting.drawing import UNITS, Bitmap, Frame, bitmap, frame_around, outline, to_units
from gliokit.reporting.stage import Stage, axial_index
from gliokit.reporting.views import (
    PICTURE_AXES,
    Plane,
    Voxel,
    direction_text,
    letters,
    picture,
    picture_points,
    pixel_mm,
)

# on which sequence a lesion of a region is best seen; the first that is there is shown
LESION_SEQUENCES: MappingProxyType[Region, tuple[MRSequence, ...]] = MappingProxyType(
    {
        Region.WHOLE_TUMOR: (MRSequence.FLAIR, MRSequence.T2, MRSequence.T1C, MRSequence.T1),
        Region.TUMOR_CORE: (MRSequence.T1C, MRSequence.FLAIR, MRSequence.T2, MRSequence.T1),
        Region.ENHANCING_TUMOR: (MRSequence.T1C, MRSequence.T1, MRSequence.FLAIR, MRSequence.T2),
        Region.RESECTION_CAVITY: (MRSequence.T1C, MRSequence.T1, MRSequence.T2, MRSequence.FLAIR),
    }
)
HEAD_MARGIN_MM = 8.0
LESION_SIDE_MM = 90.0  # least side of a lesion's figure
LESION_ZOOM = 2.2  # side of a lesion's figure in longest diameters, so that lengths find room
OVERVIEW_SCALE_MM = 50
LESION_SCALE_MM = 10
BAR_UNITS = 1.6  # half the bar at either end of a diameter
TEXT_GAP_UNITS = 3.0


@dataclass(frozen=True, slots=True)
class Caliper:
    """A diameter as drawn: its line with end bars, its length, and where that is written."""

    path: str
    text: str
    x: float
    y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture with what is drawn on it; positions are in figure units.

    Attributes
    ----------
    position : str
        Where the slice lies, such as "S 12", in mm.
    bitmap : Bitmap or None
        None where the frame lies outside the image.
    letters : tuple of str
        Directions at the left, right, upper and lower edge.
    outlines : tuple of (region, SVG path)
        Of the regions that the slice cuts.
    scale_mm, scale_units : float
        The scale bar: what it stands for, and its length.
    marks : tuple of float or None
        Where the other two planes cross this one, across and down.
    """

    sequence: MRSequence
    plane: Plane
    position: str
    bitmap: Bitmap | None
    letters: tuple[str, str, str, str]
    outlines: tuple[tuple[Region, str], ...]
    scale_mm: int
    scale_units: float
    marks: tuple[float, float] | None = None
    calipers: tuple[Caliper, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cut:
    """Which slice is shown, by a voxel in it, and which square of it."""

    plane: Plane
    voxel: Voxel
    frame: Frame
    scale_mm: int


def three_planes(stage: Stage, sequence: MRSequence, voxel: Voxel) -> tuple[Figure, ...]:
    """Show the axial, coronal and sagittal slice of a sequence through a voxel."""
    return tuple(_overview(stage, sequence, voxel, plane) for plane in Plane)


def lesion_figure(stage: Stage, lesion: Lesion) -> Figure:
    """Show the measured slice of a lesion with its diameters, of which it must have one."""
    diameters = [line for line in (lesion.longest, lesion.perpendicular) if line is not None]
    ends = np.array([point for line in diameters for point in (line.start, line.end)])
    spots = picture_points(stage.grid, Plane.AXIAL, ends)
    side = max(LESION_SIDE_MM, LESION_ZOOM * max(line.length.value for line in diameters))
    x, y, _ = (round(v) for v in to_voxel(stage.grid.affine, ends.mean(axis=0)).tolist())
    cut = _Cut(
        plane=Plane.AXIAL,
        voxel=(x, y, axial_index(stage, lesion.slice_index)),
        frame=frame_around((spots.min(axis=0) + spots.max(axis=0)) / 2, side),
        scale_mm=LESION_SCALE_MM,
    )
    sequence = next(kind for kind in LESION_SEQUENCES[lesion.region] if kind in stage.images)
    figure = _figure(stage, sequence, cut, regions=[lesion.region])
    calipers = tuple(_caliper(stage, line, cut.frame) for line in diameters)
    return replace(figure, calipers=calipers)


def _overview(stage: Stage, sequence: MRSequence, voxel: Voxel, plane: Plane) -> Figure:
    extent_mm = (stage.head[1] - stage.head[0] + 1) * spacing_mm(stage.grid.affine)
    middle, point = to_world(stage.grid.affine, [stage.head.mean(axis=0), np.array(voxel)])
    # one side for all planes, so that all are drawn to one scale
    side = float(extent_mm.max()) + 2 * HEAD_MARGIN_MM
    frame = frame_around(picture_points(stage.grid, plane, [middle])[0], side)
    cut = _Cut(plane, voxel, frame, OVERVIEW_SCALE_MM)
    across, down = to_units(picture_points(stage.grid, plane, [point]), frame)[0].round(2).tolist()
    return replace(_figure(stage, sequence, cut, regions=Region), marks=(across, down))


def _figure(stage: Stage, sequence: MRSequence, cut: _Cut, *, regions: Iterable[Region]) -> Figure:
    through = PICTURE_AXES[cut.plane][2]
    index, size = cut.voxel[through], pixel_mm(stage.grid, cut.plane)
    labels = picture(stage.labels, cut.plane, index)
    masks = ((region, region_mask(labels, region)) for region in regions)
    return Figure(
        sequence=sequence,
        plane=cut.plane,
        position=direction_text(float(to_world(stage.grid.affine, cut.voxel)[through]), through),
        bitmap=bitmap(
            picture(stage.images[sequence], cut.plane, index),
            stage.windows[sequence],
            pixel_mm=size,
            frame=cut.frame,
        ),
        letters=letters(cut.plane),
        outlines=tuple((r, outline(mask, size, cut.frame)) for r, mask in masks if mask.any()),
        scale_mm=cut.scale_mm,
        scale_units=round(cut.scale_mm / cut.frame.side * UNITS, 2),
    )


def _caliper(stage: Stage, diameter: Diameter, frame: Frame) -> Caliper:
    ends = to_units(picture_points(stage.grid, Plane.AXIAL, [diameter.start, diameter.end]), frame)
    lower, upper = ends[np.argsort(-ends[:, 1], kind="stable")]
    along = (upper - lower) / max(float(np.linalg.norm(upper - lower)), 1e-9)
    bar = BAR_UNITS * np.array([along[1], -along[0]])
    spot = upper + TEXT_GAP_UNITS * along
    return Caliper(
        path="".join(_line(a, b) for a, b in _strokes(lower, upper, bar)),
        text=f"{diameter.length.value:.1f} {diameter.length.unit}",
        x=round(float(spot[0]), 2),
        y=round(float(spot[1]), 2),
        anchor=_anchor(float(along[0])),
    )


def _strokes(
    lower: NDArray[np.float64], upper: NDArray[np.float64], bar: NDArray[np.float64]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    return [(lower, upper), (lower - bar, lower + bar), (upper - bar, upper + bar)]


def _line(start: NDArray[np.float64], end: NDArray[np.float64]) -> str:
    return f"M{start[0]:.2f},{start[1]:.2f} {end[0]:.2f},{end[1]:.2f}"


def _anchor(rightward: float) -> str:
    # a length stands beyond the upper end of its line, and grows away from it
    if abs(rightward) < 0.35:
        return "middle"
    return "start" if rightward > 0 else "end"
