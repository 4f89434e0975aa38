"""A smooth outline between two intensities: the level set of Chan and Vese, by threshold dynamics.

The outline divides a domain into an inside and an outside of one mean each, and is short. It
moves by turns: blur the inside, add how much each voxel looks like the inside rather than the
outside, and cut at one half. Blurring and cutting is motion by curvature, so thin bridges and
specks go; means and outline are renewed until nothing moves. All is done within the domain alone:
what lies outside it is neither inside nor outside.

Unlike the morphological snakes of scikit-image it can be kept to a domain of any shape, knows
millimeters, and gives the same answer every time (theirs alternates an operator over all calls
within a process).

Source: Chan and Vese, IEEE Trans Image Process 2001;10:266-77, doi:10.1109/83.902291; Esedoglu
and Tsai, J Comput Phys 2006;211:367-84, doi:10.1016/j.jcp.2005.05.027 (threshold dynamics for
it). The weight and the blur are assumed.
"""

from dataclasses import dataclass

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Point
from gliokit.core.geometry import bounding_box, spacing_mm
from gliokit.measurement.volume import voxels_ml
from gliokit.measurement.volumetry.canvas import Canvas, Sides, box_of, near
from gliokit.measurement.volumetry.region_growing import SMALLEST_ML, SNAP_MM

STRONGEST = 1.0  # pull, in differences of the means from half-way: what is brighter pulls no more


@dataclass(frozen=True, slots=True)
class Contour:
    """A level set that starts from the outline as it stands.

    Attributes
    ----------
    seeds_mm : tuple of Point
        RAS+ mm; where there are any, parts that lie further from all than `SNAP_MM` are dropped.
    box_mm : Sides or None
        It stays within; by default within `margin_mm` of where it starts.
    image_weight : float
        Of the image against a short outline (assumed).
    smooth_mm : float
        Blur between two cuts (assumed); below a voxel nothing is smoothed along that axis.
    margin_mm : float
        How far it may go from where it starts, where there is no box (assumed).
    smallest_ml : float
        Smaller parts are dropped.
    most_rounds : int
        It stops then, if it moves still.
    """

    seeds_mm: tuple[Point, ...] = ()
    box_mm: Sides | None = None
    image_weight: float = 0.5
    smooth_mm: float = 1.0
    margin_mm: float = 10.0
    smallest_ml: float = SMALLEST_ML
    most_rounds: int = 100


def move_contour(canvas: Canvas, mask: NDArray[np.bool_], contour: Contour) -> NDArray[np.bool_]:
    """Move the outline of a mask to where it divides the image best, (X, Y, Z).

    What the mask has outside the domain stays, unless it is a part to be dropped.

    Raises
    ------
    NotAssessableError
        If the mask is empty or fills the domain, or nothing is left of it.
    GeometryError
        If a seed or the box lies outside the image.
    """
    box = _domain_box(canvas, mask, contour)
    domain = canvas.allowed[box]
    if contour.box_mm is not None:
        domain = domain & box_of(canvas.affine, mask.shape, contour.box_mm)[box]
    sigma = contour.smooth_mm / spacing_mm(canvas.affine)
    moved = divide(canvas.enhancement[box], domain, mask[box], contour, sigma)
    result = mask.copy()
    result[box] = np.where(domain, moved, mask[box])
    return _kept(canvas, result, contour)


def divide(
    image: NDArray[np.float32],
    domain: NDArray[np.bool_],
    start: NDArray[np.bool_],
    contour: Contour,
    sigma: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Divide a domain into two, starting from a mask.

    Parameters
    ----------
    image, domain, start : (X, Y, Z)
        Intensities, what is to be divided, and the first inside.
    sigma : (3,)
        Blur in voxels.

    Raises
    ------
    NotAssessableError
        If either side of the start is empty, or becomes so.
    """
    inside = start & domain
    share = np.maximum(_blurred(domain, sigma), 1e-6)
    for _ in range(contour.most_rounds):
        outside = domain & ~inside
        if not (inside.any() and outside.any()):
            raise NotAssessableError(
                "a contour needs tumor and surroundings, and one of them is empty; grow a region "
                "first, or enlarge the outline"
            )
        means = float(image[inside].mean()), float(image[outside].mean())
        if means[0] <= means[1]:
            raise NotAssessableError(
                f"the inside enhances no more than the outside ({means[0]:.2f} against "
                f"{means[1]:.2f} times the noise); start from a region that enhances"
            )
        like = (image - means[1]) / (means[0] - means[1]) - 0.5
        pull = 2 * contour.image_weight * like.clip(-STRONGEST, STRONGEST)
        renewed = domain & (_blurred(inside, sigma) / share + pull > 0.5)
        if np.array_equal(renewed, inside):
            break
        inside = renewed
    return inside


def _domain_box(canvas: Canvas, mask: NDArray[np.bool_], contour: Contour) -> tuple[slice, ...]:
    if not mask.any():
        raise NotAssessableError(
            "a contour needs a start, found an empty mask; grow a region first"
        )
    if contour.box_mm is not None:
        return bounding_box(box_of(canvas.affine, mask.shape, contour.box_mm))
    margin = np.ceil(contour.margin_mm / spacing_mm(canvas.affine)).astype(int).tolist()
    return tuple(
        slice(max(side.start - more, 0), min(side.stop + more, size))
        for side, more, size in zip(bounding_box(mask), margin, mask.shape, strict=True)
    )


def _kept(canvas: Canvas, mask: NDArray[np.bool_], contour: Contour) -> NDArray[np.bool_]:
    """Drop parts that are too small, or far from every seed where there are seeds."""
    numbers = cc3d.connected_components(mask, connectivity=26)
    kept = np.bincount(numbers.ravel()) * voxels_ml(1, canvas.affine) >= contour.smallest_ml
    if contour.seeds_mm:
        around = near(canvas.affine, mask.shape, contour.seeds_mm, SNAP_MM)
        kept &= np.isin(np.arange(kept.size), numbers[around])
    kept[0] = False
    if not kept.any():
        raise NotAssessableError(
            "the contour shrank to nothing that a seed points at; point at larger tumor, or take "
            "growth by threshold alone"
        )
    return kept[numbers]


def _blurred(mask: NDArray[np.bool_], sigma: NDArray[np.float64]) -> NDArray[np.float32]:
    blurred: NDArray[np.float32] = ndimage.gaussian_filter(
        mask.astype(np.float32), sigma, mode="constant"
    )
    return blurred
