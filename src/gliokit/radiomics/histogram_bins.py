"""Coarse intensity histogram of a region, as CaPTk gives it to its survival predictor.

The whole image is scaled from 0 to 255 between its least and greatest value, then cut into bins
of equal width. By default each bin holds its share of the region (the TCGA tables: percent).
CaPTk's released code counts voxels, so that the volume of the region leaks into every bin; ask for
that with `counts`.

One bright vessel sets the greatest value, and with it all bins: scale the image robustly before.

Source: Macyszyn et al., Neuro Oncol 2016;18:417-25, doi:10.1093/neuonc/nov127; Davatzikos et al.,
J Med Imaging 2018;5:011018, doi:10.1117/1.JMI.5.1.011018 (CaPTk)
"""

import math

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError, ImageError, SettingsError
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.perfusion_histogram import histogram_shares

BINS = 10


def definitions(bins: int = BINS) -> tuple[Definition, ...]:
    """Define as many bins, the darkest first."""
    title = "Share of the region in intensity bin {} of the scaled image"
    return tuple(
        Definition(f"histogram_bin_{k}", title.format(k), "1", source="CaPTk")
        for k in range(1, bins + 1)
    )


DEFINITIONS = definitions()


def describe_histogram_bins(
    image: NDArray[np.floating],
    mask: NDArray[np.bool_],
    *,
    within: NDArray[np.bool_] | None = None,
    bins: int = BINS,
    counts: bool = False,
) -> dict[str, float]:
    """Describe the intensities of a region in few bins.

    `nan` if the region is empty or the image is flat.

    Parameters
    ----------
    image : (X, Y, Z)
        Intensities.
    mask : (X, Y, Z)
        Region.
    within : (X, Y, Z), optional
        Voxels between whose least and greatest value the image is scaled, the brain for instance;
        by default all.
    bins : int
        Number of bins.
    counts : bool
        Whether voxels are counted, as CaPTk does, instead of shares.

    Raises
    ------
    GeometryError
        If shapes differ.
    ImageError
        If an intensity that is used is not finite.
    SettingsError
        If there is no bin.
    """
    for other in (mask, within):
        if other is not None and other.shape != image.shape:
            raise GeometryError(
                f"the image has shape {image.shape}, a mask {other.shape}; resample the mask"
            )
    if bins < 1:
        raise SettingsError(f"{bins} bins make no histogram; give at least 1")
    names = [definition.name for definition in definitions(bins)]
    values, scale = image[mask], image if within is None else image[within]
    if not (np.isfinite(values).all() and np.isfinite(scale).all()):
        raise ImageError("the image has intensities that are not finite; repair or mask them")
    lower, upper = (float(scale.min()), float(scale.max())) if scale.size else (0.0, 0.0)
    if not values.size or upper <= lower:
        return dict.fromkeys(names, math.nan)
    shares = histogram_shares(values.astype(np.float64), lower, upper, bins)
    described = np.rint(shares * values.size) if counts else shares
    return dict(zip(names, described.tolist(), strict=True))
