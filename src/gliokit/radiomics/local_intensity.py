"""Mean intensity around the brightest place of a region.

Means are taken in spheres of 1 cm³ around voxels of the region; all voxels of the image whose
center is in the sphere count, those outside the region too. Keep a margin of 6.2 mm around the
region when cropping: beyond the edge of the image nothing counts.

Source: IBSI reference manual, arXiv:1612.07003, section 3.2.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from gliokit.core.errors import ImageError, NotAssessableError
from gliokit.core.geometry import Box, bounding_box
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.roi import RegionOfInterest

RADIUS_MM = (3 / (4 * math.pi)) ** (1 / 3) * 10  # of 1 cm³

DEFINITIONS = (
    Definition("loc_peak_loc", "mean intensity around the brightest voxel", "intensity", "VJGA"),
    Definition("loc_peak_glob", "highest mean intensity around any voxel", "intensity", "0F91"),
)


def describe_local_intensity(roi: RegionOfInterest) -> dict[str, float]:
    """Find the local and the global intensity peak.

    Parameters
    ----------
    roi : RegionOfInterest
        Region; its intensity mask says where spheres are centered.

    Returns
    -------
    dict of str to float
        By name, in the order of `DEFINITIONS`. Of several voxels that are the brightest, the one
        with the highest mean counts.

    Raises
    ------
    NotAssessableError
        If the intensity mask is empty.
    ImageError
        If the image has a value that is not finite within 6.2 mm of the box around the region.
    """
    if not roi.intensity_mask.any():
        raise NotAssessableError(
            "the region has no voxels; needed one or more: widen the mask or the intensity range"
        )
    sphere = _sphere(roi.spacing_mm)
    reach = np.array(sphere.shape) // 2
    box = bounding_box(roi.intensity_mask)
    near = _widened(box, reach, roi.image.shape)
    image, inside = roi.image[near], roi.intensity_mask[near]
    if not np.isfinite(image).all():
        raise ImageError(
            "the image has values that are not finite in or around the region; mend it, 6.2 mm "
            "around the region are averaged"
        )
    middle = [part.stop - part.start for part in box]
    means = _means(image, inside, sphere, whole=image.shape == tuple(middle + 2 * reach))
    intensities = image[inside]
    brightest = intensities == intensities.max()
    return {"loc_peak_loc": float(means[brightest].max()), "loc_peak_glob": float(means.max())}


def _sphere(spacing_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Voxels whose center is in the sphere around the middle one, of odd size."""
    steps = [np.arange(-n, n + 1) for n in np.floor(RADIUS_MM / spacing_mm).astype(int)]
    offsets = np.meshgrid(*(s * mm for s, mm in zip(steps, spacing_mm, strict=True)), indexing="ij")
    return sum(offset**2 for offset in offsets) <= RADIUS_MM**2


def _widened(box: Box, margin: NDArray[np.int_], shape: tuple[int, ...]) -> Box:
    """Grow a box by a margin, as far as the image goes."""
    return tuple(
        slice(max(part.start - int(m), 0), min(part.stop + int(m), n))
        for part, m, n in zip(box, margin, shape, strict=True)
    )


def _means(
    image: NDArray[np.float64],
    inside: NDArray[np.bool_],
    sphere: NDArray[np.bool_],
    *,
    whole: bool,
) -> NDArray[np.float64]:
    """Mean around each voxel of a mask, (N,), of what lies in the image: `whole` if all spheres do.

    By circular convolution. What wraps around from one end of the image to the other reaches no
    voxel of the mask: either all spheres are whole, or zeros as wide as their reach are between.
    """
    reach = np.array(sphere.shape) // 2
    x, y, z = (
        fft.next_fast_len(n + (0 if whole else int(r)), real=True)
        for n, r in zip(image.shape, reach, strict=True)
    )
    # axis by axis: the lines that are empty yet cost nothing
    lines = fft.rfft(sphere.astype(np.float64), z, axis=2)
    kernel = fft.fft(fft.fft(lines, y, axis=1), x, axis=0)
    voxels = tuple(place + r for place, r in zip(np.nonzero(inside), reach, strict=True))

    def sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return fft.irfftn(fft.rfftn(values, s=(x, y, z)) * kernel, s=(x, y, z))[voxels]

    # sums are of differences to the middle of the range, so that large offsets cost no digits
    middle = (image.min() + image.max()) / 2
    counts = np.count_nonzero(sphere) if whole else np.round(sums(np.ones_like(image)))
    return middle + sums(image - middle) / counts
