"""The same lesion at every visit: who is who, what split, merged, vanished, returned, is new.

All visits lie on one grid, carried there by a rigid registration on brain without tumor
(`on_common_grid`). A lesion of a visit belongs to a lesion seen before if enough of either lies
where the other was, within the error of the registration. Those that are left over on both sides
are paired by distance: a small lesion that was pushed aside keeps its name. What is left then is
new, or has vanished.

Names are given once, L1, L2, ..., and kept: at the first visit by falling volume, later ones as
they appear. A lesion that splits keeps its name for all its parts; those that merge keep theirs,
and the part they share is called by all of them (L1+L2). In a merged part each voxel counts for the
lesion that was nearest to it, so that lesions that part again get their own names back. A lesion
that vanished is looked for where it was last seen; another that grows over that place is not it.

Parts below a minimum volume are specks: they begin no lesion and bring none back. Where nothing
larger is left of a lesion that the visit before shows, specks on its place are its rest, however
small: as long as they are seen it is not gone.

Limits: brain that shifts by more than the stated reach, as after a resection, loses small
lesions: they come out as vanished and new. Shares and distances below are choices, not published
limits; no criterion states any.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import TypeAlias

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import center_of_mass
from scipy.spatial import KDTree

from gliokit.core.errors import GeometryError, NotAssessableError
from gliokit.core.geometry import Affine, Grid, to_voxel, to_world
from gliokit.core.image import LabelMap
from gliokit.measurement.volume import voxels_ml
from gliokit.preprocessing.carry import carry_labels

MOST_LESIONS = 255  # that an 8-bit map can number
_ROUNDING = 1e-6  # mm

Points: TypeAlias = NDArray[np.float64]


class State(StrEnum):
    """What a lesion is at a visit."""

    NOT_YET = "not there yet"
    FIRST = "there at the first visit"
    NEW = "new"
    PRESENT = "present"
    SPLIT = "split"
    MERGED = "merged"
    VANISHED = "vanished"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Matching:
    """What counts as the same place.

    Attributes
    ----------
    slack_mm : float
        Error of the registration: so far from a lesion still counts as on it.
    share : float
        Part of either lesion, 0-1, that must lie on the other.
    reach_mm : float
        Distance up to which two lesions that nothing else is left for are the same.
    """

    slack_mm: float = 2.0
    share: float = 0.25
    reach_mm: float = 5.0


USUAL = Matching()


@dataclass(frozen=True, slots=True)
class LesionCourse:
    """One lesion through time.

    Attributes
    ----------
    name : str
        Such as L1; kept at every visit.
    states : tuple of State
        One per visit.
    parts : tuple of tuple of int
        For each visit its numbers in that visit's map; several if it split, none if it is gone.
    """

    name: str
    states: tuple[State, ...]
    parts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class LesionHistory:
    """All lesions of a patient through time, in the order of their names."""

    courses: tuple[LesionCourse, ...]

    def names(self, visit: int) -> dict[int, str]:
        """Name each lesion number of a visit; merged ones carry all names, as in L1+L2."""
        numbers: dict[int, list[str]] = {}
        for course in self.courses:
            for number in course.parts[visit]:
                numbers.setdefault(number, []).append(course.name)
        return {number: "+".join(names) for number, names in sorted(numbers.items())}


def number_lesions(
    mask: NDArray[np.bool_], affine: Affine, *, minimum_ml: float, speck_ml: float = inf
) -> NDArray[np.uint8]:
    """Give the connected parts of a region numbers, by falling volume.

    Voxels belong together if they touch by a face, an edge or a corner.

    Parameters
    ----------
    mask : (X, Y, Z)
        The region.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    minimum_ml : float
        Smaller parts are left out, so that no speck is called a new lesion.
    speck_ml : float
        Of those smaller parts, volume from which they are numbered all the same, after the
        others, as long as there are numbers; by default none is.

    Raises
    ------
    NotAssessableError
        If there are more than 255 parts of the minimum volume.
    """
    numbers = cc3d.connected_components(np.ascontiguousarray(mask), connectivity=26)
    sizes = np.bincount(numbers.ravel())
    sizes[0] = 0
    parts = [n for n in np.argsort(-sizes, kind="stable").tolist() if sizes[n]]
    volumes = {n: voxels_ml(int(sizes[n]), affine) for n in parts}
    kept = [n for n in parts if volumes[n] >= minimum_ml]
    if len(kept) > MOST_LESIONS:
        raise NotAssessableError(
            f"{len(kept)} lesions, more than {MOST_LESIONS}; raise the minimum volume, now "
            f"{minimum_ml:g} mL"
        )
    specks = [n for n in parts if speck_ml <= volumes[n] < minimum_ml]
    kept += specks[: MOST_LESIONS - len(kept)]
    new = np.zeros(len(sizes), dtype=np.uint8)
    new[kept] = np.arange(1, len(kept) + 1)
    return new[numbers]


def on_common_grid(
    numbers: NDArray[np.uint8],
    affine: Affine,
    to_visit: Affine,
    grid: Grid,
    *,
    specks: Collection[int] = (),
) -> NDArray[np.uint8]:
    """Carry the numbered lesions of a visit to the grid on which visits are compared.

    A lesion too small for a voxel of the grid keeps one, at its center.

    Parameters
    ----------
    numbers : (X, Y, Z)
        Of `number_lesions`.
    affine : (4, 4)
        Voxel index of the visit to RAS+ mm.
    to_visit : (4, 4)
        RAS+ mm of the grid to RAS+ mm of the visit, as `Registration.to_moving`.
    grid : Grid
        Where visits are compared.
    specks : collection of int
        Numbers that are left out where they lie outside the grid.

    Raises
    ------
    GeometryError
        If a lesion lies outside the grid.
    """
    carried = carry_labels(LabelMap(numbers, affine), to_visit, grid).array
    for number in sorted(set(np.unique(numbers).tolist()) - set(np.unique(carried).tolist())):
        center = to_world(np.linalg.inv(to_visit) @ affine, center_of_mass(numbers == number))
        voxel = np.rint(to_voxel(grid.affine, center)).astype(int)
        if (voxel < 0).any() or (voxel >= grid.shape).any():
            if number in specks:
                continue
            raise GeometryError(
                f"lesion {number} lies outside the common grid, at {np.round(center, 1).tolist()} "
                "mm; choose a grid that covers all visits, or check the registration"
            )
        carried[tuple(voxel)] = number
    return carried


def match_lesions(
    visits: Sequence[NDArray[np.integer]],
    affine: Affine,
    *,
    matching: Matching = USUAL,
    specks: Sequence[Collection[int]] | None = None,
) -> LesionHistory:
    """Follow every lesion through all visits.

    Parameters
    ----------
    visits : sequence of (X, Y, Z)
        Lesion numbers of each visit, in the order of time, on one grid; 0 outside.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    matching : Matching
        What counts as the same place.
    specks : sequence of collection of int, (n_visits,)
        Numbers of each visit that are too small to be lesions, but may be the rest of one. Those
        that are not stand in no course.

    Raises
    ------
    NotAssessableError
        If there is no visit.
    GeometryError
        If shapes differ.
    """
    _check(visits)
    tracks: list[_Track] = []
    for visit, numbers in enumerate(visits):
        parts = {
            int(number): to_world(affine, np.argwhere(numbers == number))
            for number in np.unique(numbers[numbers > 0])
        }
        small = () if specks is None else specks[visit]
        _take(tracks, visit, parts, _Taking(matching, frozenset(small)))
    return LesionHistory(
        tuple(LesionCourse(t.name, tuple(t.states), tuple(t.parts)) for t in tracks)
    )


@dataclass(frozen=True, slots=True)
class _Taking:
    """How the parts of a visit find their tracks, and which of them are specks."""

    matching: Matching
    specks: frozenset[int]


@dataclass(slots=True)
class _Track:
    """A lesion so far, and the voxels it had when last seen, (n, 3) in RAS+ mm."""

    name: str
    states: list[State]
    parts: list[tuple[int, ...]]
    where: Points = field(repr=False)


def _check(visits: Sequence[NDArray[np.integer]]) -> None:
    if not visits:
        raise NotAssessableError("there is no visit; lesions are followed from the first on")
    shapes = {numbers.shape for numbers in visits}
    if len(shapes) > 1:
        raise GeometryError(
            f"visits have shapes {sorted(shapes)}; carry all to one grid before they are matched"
        )


def _take(tracks: list[_Track], visit: int, parts: dict[int, Points], taking: _Taking) -> None:
    """Give every lesion of a visit to the tracks; new ones begin their own."""
    large = {number: part for number, part in parts.items() if number not in taking.specks}
    links = _links(tracks, large, taking.matching)
    links |= _rests(tracks, parts, links, taking)
    parts = {n: part for n, part in parts.items() if n in large or any(n == k for _, k in links)}
    for track in tracks:
        _continue(track, [n for n in parts if (track.name, n) in links], links)
    _share_out(tracks, parts, links)
    fresh = [n for n in parts if all(number != n for _, number in links)]
    fresh.sort(key=lambda n: -len(parts[n]))
    for number in fresh:
        tracks.append(
            _Track(
                f"L{len(tracks) + 1}",
                [State.NOT_YET] * visit + [State.NEW if visit else State.FIRST],
                [()] * visit + [(number,)],
                parts[number],
            )
        )


def _links(
    tracks: list[_Track], parts: dict[int, Points], matching: Matching
) -> set[tuple[str, int]]:
    """Say which track each lesion belongs to, of those that belong to any."""
    gone = [track for track in tracks if track.states[-1] is State.VANISHED]
    there = [track for track in tracks if track.states[-1] is not State.VANISHED]
    links = _overlaps(there, parts, matching)
    # what grows over the place of a lesion that had vanished does not bring it back
    claimed = {number for _, number in links}
    links |= _overlaps(gone, {n: parts[n] for n in parts if n not in claimed}, matching)
    return links | set(_pairs_left_over(tracks, parts, links, matching))


def _rests(
    tracks: list[_Track], parts: dict[int, Points], links: set[tuple[str, int]], taking: _Taking
) -> set[tuple[str, int]]:
    """Say which specks are all that is left of a lesion that was there at the visit before."""
    found = {name for name, _ in links}
    lost = [t for t in tracks if t.name not in found and t.states[-1] is not State.VANISHED]
    specks = {number: part for number, part in parts.items() if number in taking.specks}
    return _overlaps(lost, specks, taking.matching)


def _overlaps(
    tracks: list[_Track], parts: dict[int, Points], matching: Matching
) -> set[tuple[str, int]]:
    return {
        (track.name, number)
        for track in tracks
        for number, part in parts.items()
        if _in_one_place(part, track.where, matching)
    }


def _away_mm(points: Points, region: Points, most_mm: float = np.inf) -> NDArray[np.float64]:
    """Distance of points from the nearest voxel center of a region; infinite beyond `most_mm`."""
    distance: NDArray[np.float64] = KDTree(region).query(
        points, distance_upper_bound=most_mm + _ROUNDING
    )[0]
    return distance


def _in_one_place(part: Points, known: Points, matching: Matching) -> bool:
    """Whether enough of either lies on the other."""
    shares = (
        np.mean(np.isfinite(_away_mm(one, other, matching.slack_mm)))
        for one, other in ((part, known), (known, part))
    )
    return any(share >= matching.share for share in shares)


def _pairs_left_over(
    tracks: list[_Track], parts: dict[int, Points], links: set[tuple[str, int]], matching: Matching
) -> Iterator[tuple[str, int]]:
    """Pair what no overlap explains, the nearest first."""
    known = [track for track in tracks if all(name != track.name for name, _ in links)]
    unknown = [n for n in parts if all(number != n for _, number in links)]
    distances = sorted(
        (float(_away_mm(parts[number], track.where).min()), track.name, number)
        for track in known
        for number in unknown
    )
    taken: set[str | int] = set()
    for distance, name, number in distances:
        if distance <= matching.reach_mm + _ROUNDING and not {name, number} & taken:
            taken |= {name, number}
            yield name, number


def _continue(track: _Track, numbers: list[int], links: set[tuple[str, int]]) -> None:
    """Write down what a known lesion is at a visit."""
    track.parts.append(tuple(numbers))
    if not numbers:
        track.states.append(State.VANISHED)
    elif any(name != track.name and number in numbers for name, number in links):
        track.states.append(State.MERGED)
    elif track.states[-1] is State.VANISHED:
        track.states.append(State.RETURNED)
    elif len(numbers) > 1:
        track.states.append(State.SPLIT)
    else:
        track.states.append(State.PRESENT)


def _share_out(tracks: list[_Track], parts: dict[int, Points], links: set[tuple[str, int]]) -> None:
    """Give each track the voxels it has now; those of a merged part go to the nearest track."""
    before = {track.name: track.where for track in tracks}
    shares: dict[str, list[Points]] = {track.name: [] for track in tracks}
    for number, part in parts.items():
        owners = [track.name for track in tracks if (track.name, number) in links]
        if owners:
            nearest = np.argmin([_away_mm(part, before[name]) for name in owners], axis=0)
            for index, name in enumerate(owners):
                shares[name].append(part[nearest == index])
    for track in tracks:
        voxels = np.concatenate([*shares[track.name], np.empty((0, 3))])
        if len(voxels):  # else it is sought again where it was last seen
            track.where = voxels
