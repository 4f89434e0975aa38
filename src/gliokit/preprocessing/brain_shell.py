"""A shell around the mean brain's surface: rays from its middle, 48 places along each.

Every ray crosses the surface of the mean brain (`gliokit.preprocessing.head_template`) once,
halfway along the shell. Rays go to the corners of an icosahedron whose triangles were divided four
times, each corner after its parents, so that the first 642, 162 and 42 rays are coarser shells.
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import cKDTree

from gliokit.core.geometry import Affine, Grid, to_voxel, to_world
from gliokit.core.image import Image
from gliokit.preprocessing.head_template import HALF, head_template

CENTER_MM = (0.0, -20.0, 0.0)  # MNI; the whole surface of the mean brain is seen from there
DIVIDED = 4
DEPTH, STEP_MM = 48, 1.0
SMOOTH = 1.0  # standard deviation in voxels of the mean head, for the surface
SEARCHED_MM = np.arange(20.0, 140.0, 0.25)  # from the middle
NEIGHBORS = 6
DEGREES = 2.0  # between the directions in which a volume is filled
VOLUME_MM = 2.0
VOLUME_SHAPE = (92, 112, 104)
VOLUME_ORIGIN_MM = (-91.0, -131.0, -102.0)
SURE = 8.0  # log odds


@dataclass(frozen=True, slots=True)
class Mesh:
    """Directions of one division of an icosahedron.

    Attributes
    ----------
    neighbors : (V, 6)
        Of each direction; a corner of the icosahedron has five, and itself.
    parents : (V, 2)
        The two directions of the coarser mesh that it lies between, twice itself if it was there.
    """

    neighbors: NDArray[np.intp] = field(repr=False)
    parents: NDArray[np.intp] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shell:
    """Where an image is looked at.

    Attributes
    ----------
    directions : (V, 3)
        Unit vectors of the rays.
    radius_mm : (V,)
        From the middle to the surface of the mean brain.
    opposite : (V,)
        The ray on the other side of the midplane.
    meshes : tuple of Mesh
        From the icosahedron to all rays.
    points_mm : (V, D, 3)
        MNI RAS+ mm.
    likely : (V, D)
        Share of heads whose brain is there.
    """

    directions: NDArray[np.float64] = field(repr=False)
    radius_mm: NDArray[np.float64] = field(repr=False)
    opposite: NDArray[np.intp] = field(repr=False)
    meshes: tuple[Mesh, ...] = field(repr=False)
    points_mm: NDArray[np.float64] = field(repr=False)
    likely: NDArray[np.float32] = field(repr=False)

    @property
    def surface_mm(self) -> NDArray[np.float64]:
        """Where the rays cross the surface of the mean brain, (V, 3) in MNI RAS+ mm."""
        return CENTER_MM + self.directions * self.radius_mm[:, None]


@cache
def brain_shell() -> Shell:
    """Lay the shell around the mean brain of this package.

    Raises
    ------
    BundleError
        If it is not there.
    """
    directions, meshes = _divided_icosahedron()
    brain = head_template().brain
    smooth = Image(gaussian_filter(brain.array, SMOOTH), brain.affine)
    along = CENTER_MM + directions[:, None] * SEARCHED_MM[None, :, None]
    radius = SEARCHED_MM[last_inside(_looked_up(smooth, along) > HALF)]
    steps = (np.arange(DEPTH) - (DEPTH - 1) / 2) * STEP_MM
    points = CENTER_MM + directions[:, None] * (radius[:, None] + steps)[..., None]
    _, opposite = cKDTree(directions).query(directions * (-1, 1, 1))
    return Shell(directions, radius, opposite, meshes, points, _looked_up(brain, points))


def seen_in(image: Image, to_template: Affine) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Look an image up in the shell.

    Parameters
    ----------
    to_template : (4, 4)
        RAS+ mm of the image to MNI RAS+ mm.

    Returns
    -------
    values : (V, D)
        Interpolated linearly; 0 outside the image.
    inside : (V, D)
        Whether the image shows the place.
    """
    to_image = np.linalg.inv(to_template).astype(np.float64)
    places = to_voxel(image.affine, to_world(to_image, brain_shell().points_mm))
    end = np.array(image.array.shape) - HALF
    inside = np.all((places >= -HALF) & (places <= end), axis=-1)
    found = map_coordinates(image.array, np.moveaxis(places, -1, 0), order=1, mode="nearest")
    return np.where(inside, found, np.float32(0)), inside


def on_mean_head(odds: NDArray[np.float32]) -> Image:
    """Fill a volume in MNI space from the log odds (V, D) of a shell.

    What lies further in than the shell is surely brain, what lies further out surely is not.
    """
    nearest, weight, places = _filling()
    on_sphere = (odds[nearest] * weight[..., None]).sum(axis=-2)
    around = np.concatenate([on_sphere, on_sphere[:1]])  # a whole turn
    filled = map_coordinates(around, places, order=1, mode="nearest")
    filled[places[2] < 0] = SURE
    filled[places[2] > DEPTH - 1] = -SURE
    return Image(filled.clip(-SURE, SURE), _volume_grid().affine, "brain")


def closer_fit(odds: NDArray[np.float32], to_template: Affine) -> Affine:
    """Correct a registration by the surface that the log odds (V, D) of a shell show.

    Returns
    -------
    (4, 4)
        `to_template`, then the affine motion that brings the surface found nearest to the mean one.
    """
    shell = brain_shell()
    rays = np.arange(len(odds))
    last = last_inside(odds > 0)
    here, beyond = odds[rays, last], odds[rays, np.minimum(last + 1, DEPTH - 1)]
    crossing = last + (here / np.maximum(here - beyond, np.finfo(np.float32).tiny)).clip(0, 1)
    found = shell.surface_mm + shell.directions * ((crossing - (DEPTH - 1) / 2) * STEP_MM).reshape(
        -1, 1
    )
    motion, *_ = np.linalg.lstsq(
        np.column_stack([found, np.ones(len(found))]), shell.surface_mm, rcond=None
    )
    correction = np.eye(4)
    correction[:3] = motion.T
    return correction @ to_template


def last_inside(inside: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Last place along each ray (V, D) that is inside, (V,); the outermost where none is."""
    return inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)


def _looked_up(image: Image, points_mm: NDArray[np.float64]) -> NDArray[np.float32]:
    places = np.moveaxis(to_voxel(image.affine, points_mm), -1, 0)
    return map_coordinates(image.array, places, order=1, mode="nearest")


def _volume_grid() -> Grid:
    affine = np.diag([VOLUME_MM] * 3 + [1.0])
    affine[:3, 3] = VOLUME_ORIGIN_MM
    return Grid(VOLUME_SHAPE, affine)


@cache
def _filling() -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """How a volume is filled: by a sphere of even longitude and latitude in between.

    Returns
    -------
    nearest, weight : (longitudes, latitudes, 3)
        Rays around each direction of the sphere, and their shares.
    places : (3, X, Y, Z)
        Longitude, latitude and depth of each voxel, in steps.
    """
    shell = brain_shell()
    east = np.radians(np.arange(0, 360, DEGREES))[:, None]
    north = np.radians(np.arange(-90, 90 + DEGREES, DEGREES))[None]
    sphere = np.stack(
        np.broadcast_arrays(
            np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)
        ),
        axis=-1,
    )
    apart, nearest = cKDTree(shell.directions).query(sphere, k=3)
    weight = 1 / np.maximum(apart, 1e-4)
    weight = (weight / weight.sum(axis=-1, keepdims=True)).astype(np.float32)
    grid = _volume_grid()
    away = to_world(grid.affine, np.moveaxis(np.indices(grid.shape), 0, -1)) - CENTER_MM
    length = np.maximum(np.linalg.norm(away, axis=-1), STEP_MM)
    around = np.degrees(np.arctan2(away[..., 1], away[..., 0])) % 360 / DEGREES
    up = (np.degrees(np.arcsin((away[..., 2] / length).clip(-1, 1))) + 90) / DEGREES
    radius = (shell.radius_mm[nearest] * weight).sum(axis=-1)
    surface = map_coordinates(np.concatenate([radius, radius[:1]]), [around, up], order=1)
    depth = (length - surface) / STEP_MM + (DEPTH - 1) / 2
    return nearest, weight, np.stack([around, up, depth]).astype(np.float32)


def _divided_icosahedron() -> tuple[NDArray[np.float64], tuple[Mesh, ...]]:
    """Directions (V, 3) of the finest mesh, and all meshes from the coarsest on."""
    points, faces = _icosahedron()
    meshes = [Mesh(_neighbors(faces, len(points)), _themselves(len(points)))]
    for _ in range(DIVIDED):
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]))
        edges, which = np.unique(edges, axis=0, return_inverse=True)
        middle = points[edges].sum(axis=1)
        ab, bc, ca = which.reshape(3, -1) + len(points)
        a, b, c = faces.T
        parents = np.concatenate([_themselves(len(points)), edges])
        points = np.concatenate([points, middle / np.linalg.norm(middle, axis=1, keepdims=True)])
        corners = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
        faces = np.concatenate([np.column_stack(corner) for corner in corners])
        meshes.append(Mesh(_neighbors(faces, len(points)), parents))
    return points, tuple(meshes)


def _icosahedron() -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    golden = (1 + 5**0.5) / 2
    flat = np.array([(s, t * golden, 0) for s in (-1, 1) for t in (-1, 1)])
    points = np.concatenate([np.roll(flat, turn, axis=1) for turn in range(3)])
    near = np.linalg.norm(points[:, None] - points, axis=-1) < 2.1  # an edge is 2 long
    faces = [
        (i, j, k)
        for i in range(12)
        for j in range(i + 1, 12)
        for k in range(j + 1, 12)
        if near[i, j] and near[j, k] and near[i, k]
    ]
    return points / np.linalg.norm(points, axis=1, keepdims=True), np.array(faces)


def _themselves(number: int) -> NDArray[np.intp]:
    return np.repeat(np.arange(number)[:, None], 2, axis=1)


def _neighbors(faces: NDArray[np.intp], number: int) -> NDArray[np.intp]:
    pairs = np.concatenate([faces[:, [i, j]] for i in range(3) for j in range(3) if i != j])
    pairs = np.unique(pairs, axis=0)
    around = _themselves(number)[:, :1].repeat(NEIGHBORS, axis=1)
    first = np.searchsorted(pairs[:, 0], np.arange(number))
    around[pairs[:, 0], np.arange(len(pairs)) - first[pairs[:, 0]]] = pairs[:, 1]
    return around
