"""Pictures of one series put in order: places along the normal, and times at each place.

Only positions order the slices, never the number of an instance. Rules:

- All pictures have one orientation, size and spacing; a series that mixes them is refused.
- Positions lie on the normal of the slices; a skew stack (gantry tilt) is refused.
- A picture that comes twice, by its UID or by place, time and pixels, is dropped and noted.
- All places hold the same number of pictures: the volumes, by b-value, then time.
- Slices are evenly spaced. If one single slice is missing inside more than `MANY_SLICES`, its
  place is kept, to be interpolated linearly, and noted; any other gap is refused.

Source: DICOM PS3.3 2024, C.7.6.2.1.1.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError, ImageError
from gliokit.core.geometry import Affine
from gliokit.io.dicom_encoding import LPS_OF_RAS
from gliokit.io.dicom_planes import Plane

FEWEST_SLICES = 3  # fewer are a localizer or a test picture
MANY_SLICES = 20  # up to it, one slice in the middle is too much of the head to be made up
COSINE_TOLERANCE = 1e-3  # a millimeter over a meter; scanners round to 1e-6
SAME_PLACE_MM = 0.01  # well above the rounding of positions, well below a slice
STEP_TOLERANCE = 0.02  # of the step between slices; assumed
SKEW_TOLERANCE_MM = 0.1  # a tenth of a pixel; assumed
PIXEL_MM = (0.05, 10.0)  # microscopy of a specimen to a coarse localizer
STEP_MM = (0.1, 30.0)

Pixels = Mapping[int, NDArray[np.number]]  # of each file, (frames, rows, columns)


@dataclass(frozen=True, slots=True)
class Stack:
    """Pictures in order.

    Attributes
    ----------
    affine : (4, 4)
        Voxel index (along a row, down a column, across slices) to RAS+ mm.
    places : tuple of tuple of Plane
        For each place along the normal, the picture of each volume.
    gap : int or None
        Number of places before the one that is missing.
    notes : tuple of str
        What was dropped or will be made up.
    """

    affine: Affine
    places: tuple[tuple[Plane, ...], ...]
    gap: int | None = None
    notes: tuple[str, ...] = ()


def arrange(planes: Sequence[Plane], pixels: Pixels) -> Stack:
    """Order the pictures of one series by the rules above.

    Raises
    ------
    GeometryError
        If they are no even stack of parallel slices.
    ImageError
        If two pictures of one UID differ, or places hold different numbers of pictures.
    """
    _check_alike(planes)
    axes = _axes(planes[0])
    planes, dropped = _without_copies(planes, pixels)
    places = _places(planes, axes)
    if len(places) < FEWEST_SLICES:
        raise GeometryError(
            f"{len(places)} slices, at least {FEWEST_SLICES} are needed; likely a localizer"
        )
    places, repeated = _volumes(places, pixels)
    origins = np.array([place[0].position_mm for place in places])
    distances = (origins - origins[0]) @ axes[2]
    gap, step = _spacing(distances)
    notes = []
    if dropped + repeated:
        notes.append(f"dropped {dropped + repeated} pictures that came twice")
    if gap is not None:
        notes.append(f"slice {gap + 1} is missing and was interpolated from its neighbors")
    along, down = planes[0].spacing_mm
    affine = np.eye(4)
    affine[:3, :3] = LPS_OF_RAS[:, None] * (axes.T * (along, down, step))
    affine[:3, 3] = LPS_OF_RAS * origins[0]
    return Stack(affine, tuple(map(tuple, places)), gap, tuple(notes))


def _check_alike(planes: Sequence[Plane]) -> None:
    first = planes[0]
    cosines = np.array([plane.cosines for plane in planes])
    if np.abs(cosines - cosines[0]).max() > COSINE_TOLERANCE:
        raise GeometryError("mixed orientations in one series; likely a localizer")
    if len({plane.shape for plane in planes}) > 1:
        raise GeometryError("mixed matrix sizes in one series; export them as separate series")
    spacings = np.array([plane.spacing_mm for plane in planes])
    if not np.allclose(spacings, spacings[0], rtol=1e-4, atol=0):
        raise GeometryError("mixed pixel spacings in one series; export them as separate series")
    smallest, largest = PIXEL_MM
    if not all(smallest <= spacing <= largest for spacing in first.spacing_mm):
        raise GeometryError(
            f"pixel spacing {first.spacing_mm[0]:g}×{first.spacing_mm[1]:g} mm, "
            f"{smallest:g} to {largest:g} mm is needed; repair the header"
        )


def _axes(plane: Plane) -> NDArray[np.float64]:
    """Give unit vectors along a row, down a column, and normal to both, as rows (3, 3)."""
    along, down = np.array(plane.cosines).reshape(2, 3)
    lengths = np.linalg.norm(along), np.linalg.norm(down)
    if np.abs(np.array([*lengths, 1 + along @ down]) - 1).max() > COSINE_TOLERANCE:
        raise GeometryError(
            "directions of rows and columns are no orthogonal unit vectors; repair the header"
        )
    along = along / lengths[0]
    normal = np.cross(along, down)
    normal /= np.linalg.norm(normal)
    return np.array([along, np.cross(normal, along), normal])


def _picture(plane: Plane, pixels: Pixels) -> NDArray[np.number]:
    return pixels[plane.file][plane.frame - 1]


def _same(one: Plane, other: Plane, pixels: Pixels) -> bool:
    return np.array_equal(_picture(one, pixels), _picture(other, pixels))


def _without_copies(planes: Sequence[Plane], pixels: Pixels) -> tuple[list[Plane], int]:
    """Keep one picture per UID and frame."""
    kept: dict[tuple[str, int], Plane] = {}
    for plane in planes:
        known = kept.setdefault((plane.uid, plane.frame), plane)
        if known.position_mm != plane.position_mm or not _same(known, plane, pixels):
            raise ImageError(
                "two different pictures have one SOP Instance UID; export the series again"
            )
    return list(kept.values()), len(planes) - len(kept)


def _places(planes: Sequence[Plane], axes: NDArray[np.float64]) -> list[list[Plane]]:
    """Gather pictures of one place, along the normal."""
    positions = np.array([plane.position_mm for plane in planes])
    distances = (positions - positions[0]) @ axes[2]
    order = np.argsort(distances, kind="stable")
    lateral = (positions - positions[order[0]]) @ axes[:2].T
    if (skew := np.abs(lateral).max()) > SKEW_TOLERANCE_MM:
        raise GeometryError(
            f"slices are shifted by up to {skew:.3g} mm within their plane (gantry tilt or skew), "
            f"at most {SKEW_TOLERANCE_MM:g} mm is read; export it resampled"
        )
    places: list[list[Plane]] = []
    last = -np.inf
    for index in order:
        if distances[index] - last > SAME_PLACE_MM:
            places.append([])
        places[-1].append(planes[index])
        last = distances[index]
    return places


def _volumes(places: Sequence[list[Plane]], pixels: Pixels) -> tuple[list[list[Plane]], int]:
    """Order the pictures of each place in time, and drop those that came twice."""
    ordered = [sorted(place, key=_in_time) for place in places]
    single = [_distinct(place, pixels) for place in ordered]
    # empty slices of a series in time are all alike: copies only where the rest says so
    for candidate in (single, ordered):
        if len({len(place) for place in candidate}) == 1:
            return candidate, sum(map(len, ordered)) - sum(map(len, candidate))
    counts = ", ".join(
        f"{places} with {count}" for count, places in sorted(Counter(map(len, single)).items())
    )
    raise ImageError(
        f"places hold different numbers of pictures ({counts}); a volume is not whole, export "
        "the series again"
    )


def _in_time(plane: Plane) -> tuple[float, ...]:
    return (plane.b_value or 0.0, *plane.moment, plane.instance)


def _distinct(place: Sequence[Plane], pixels: Pixels) -> list[Plane]:
    kept: list[Plane] = []
    for plane in place:
        as_known = replace(plane, file=0, frame=0, uid="", instance=0.0)
        copies = (
            replace(known, file=0, frame=0, uid="", instance=0.0) == as_known
            and _same(known, plane, pixels)
            for known in kept
        )
        if not any(copies):
            kept.append(plane)
    return kept


def _spacing(distances: NDArray[np.float64]) -> tuple[int | None, float]:
    """Find the place before which a slice is missing, if one is, and the step in mm."""
    steps = np.diff(distances)
    usual = float(np.median(steps))
    if not STEP_MM[0] <= usual <= STEP_MM[1]:
        raise GeometryError(
            f"slices {usual:g} mm apart, {STEP_MM[0]:g} to {STEP_MM[1]:g} mm is needed; repair "
            "the header"
        )
    wide = np.flatnonzero(np.abs(steps - usual) > STEP_TOLERANCE * usual)
    if not wide.size:
        return None, float(distances[-1] / len(steps))
    twice = abs(steps[wide[0]] - 2 * usual) <= 2 * STEP_TOLERANCE * usual
    if wide.size == 1 and twice and len(distances) > MANY_SLICES:
        return int(wide[0]) + 1, float(distances[-1] / (len(steps) + 1))
    raise GeometryError(
        f"slices are not evenly spaced ({steps.min():.3g} to {steps.max():.3g} mm, "
        f"{wide.size} of {len(steps)} steps differ): slices are missing; export the series again"
    )
