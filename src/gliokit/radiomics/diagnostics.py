"""What the image and the masks are before and after each step, to compare a chain with IBSI's.

Limits: the whole image is interpolated, which features do not need.

Source: IBSI reference manual, arXiv:1612.07003, section 2.11 and the reference tables.
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import bounding_box, spacing_mm
from gliokit.core.image import Image
from gliokit.radiomics.region import region_of_interest
from gliokit.radiomics.settings import RadiomicsSettings

_AXES = "xyz"


def diagnose(
    image: Image,
    mask: NDArray[np.bool_],
    *,
    settings: RadiomicsSettings,
    brain: NDArray[np.bool_] | None = None,
) -> dict[str, float]:
    """Give the 60 diagnostic values by their IBSI tags.

    Parameters
    ----------
    image : Image
        The whole image.
    mask : (X, Y, Z)
        The region, not empty.
    settings : RadiomicsSettings
        Every choice.
    brain : (X, Y, Z), optional
        Voxels of the brain, for normalization.
    """
    roi = region_of_interest(image, mask, settings=settings, brain=brain, margin_mm=np.inf)
    region, counted = roi.morphological_mask, roi.intensity_mask
    return {
        **_image_values(image.array, spacing_mm(image.affine), "init_img"),
        **_image_values(roi.image, roi.spacing_mm, "interp_img"),
        **_mask_values(image.array, mask, mask, "init_roi"),
        **_mask_values(roi.image, region, region, "interp_roi"),
        **_mask_values(roi.image, counted, region, "reseg_roi"),
    }


def _image_values(
    image: NDArray[np.floating], spacing: NDArray[np.float64], stage: str
) -> dict[str, float]:
    return {
        **_by_axis("img_dim", image.shape, stage),
        **_by_axis("vox_dim", spacing.tolist(), stage),
        **_intensities("", image, stage),
    }


def _mask_values(
    image: NDArray[np.floating],
    intensity_mask: NDArray[np.bool_],
    morphological_mask: NDArray[np.bool_],
    stage: str,
) -> dict[str, float]:
    return {
        **_by_axis("int_mask_dim", intensity_mask.shape, stage),
        **_by_axis("int_mask_bb_dim", _extent(intensity_mask), stage),
        **_by_axis("morph_mask_bb_dim", _extent(morphological_mask), stage),
        f"int_mask_vox_count_{stage}": float(np.count_nonzero(intensity_mask)),
        f"morph_mask_vox_count_{stage}": float(np.count_nonzero(morphological_mask)),
        **_intensities("int_mask_", image[intensity_mask], stage),
    }


def _extent(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(part.stop - part.start for part in bounding_box(mask))


def _by_axis(name: str, values: tuple[int, ...] | list[float], stage: str) -> dict[str, float]:
    return {f"{name}_{axis}_{stage}": float(v) for axis, v in zip(_AXES, values, strict=True)}


def _intensities(prefix: str, values: NDArray[np.floating], stage: str) -> dict[str, float]:
    return {
        f"{prefix}mean_int_{stage}": float(values.mean(dtype=np.float64)),
        f"{prefix}min_int_{stage}": float(values.min()),
        f"{prefix}max_int_{stage}": float(values.max()),
    }
