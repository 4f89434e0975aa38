"""Maps of a cohort's row as images to describe: diffusion, uptake, and blood volume from DSC.

Maps lie in the space of the reference image, as the cohort table asks for; they are carried to its
grid and nothing is registered. A DSC series becomes relative blood volume: processed on its own
grid, divided by the median of white matter on the side away from the tumor, then carried. The
echo time, which NIfTI does not hold, scales blood volume and cancels in the ratio.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.cohort import Row
from gliokit.core.errors import GliokitError, ImageError, NotAssessableError
from gliokit.core.geometry import Grid
from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import Map
from gliokit.features.study_features import RCBV
from gliokit.io.nifti import read_frames, read_image
from gliokit.preprocessing.carry import carry_image, carry_labels
from gliokit.preprocessing.perfusion import process_dsc
from gliokit.preprocessing.prepare import UNMOVED
from gliokit.preprocessing.relative_to_white_matter import relative_to_white_matter

SCALARS = (Map.ADC, Map.FA, Map.MD, Map.AD, Map.RD, Map.FET_PET)
ANY_ECHO_MS = 30.0  # it cancels
WHOLLY = 0.999  # share of known voxels; less is an edge of the map


def read_maps(
    row: Row,
    grid: Grid,
    *,
    brain: NDArray[np.bool_],
    tumor: NDArray[np.bool_],
    white: NDArray[np.bool_] | None,
) -> tuple[dict[str, Image], dict[str, str]]:
    """Read the maps that a row names.

    Parameters
    ----------
    row : Row
        Of a table that `read_cohort` has read.
    grid : Grid
        Of the reference image.
    brain, tumor : (X, Y, Z)
        On this grid.
    white : (X, Y, Z) or None
        White matter on the other side; None if it is not known.

    Returns
    -------
    maps, reasons
        By name, on the grid, nan where a map shows nothing; and why those that cannot be used
        cannot.
    """
    maps: dict[str, Image] = {}
    reasons: dict[str, str] = {}
    for kind in SCALARS:
        if kind in row.cells:
            try:
                maps[kind] = _on_grid(read_image(Path(row.cells[kind])), grid)
            except GliokitError as error:
                reasons[kind] = str(error)
    if Map.DSC in row.cells:
        try:
            masks = {"brain": brain, "tumor": tumor, "white": white}
            maps[RCBV] = relative_blood_volume(Path(row.cells[Map.DSC]), grid, masks)
        except GliokitError as error:
            reasons[RCBV] = str(error)
    return maps, reasons


def relative_blood_volume(
    path: Path, grid: Grid, masks: Mapping[str, NDArray[np.bool_] | None]
) -> Image:
    """Compute relative blood volume of a DSC series on another grid; nan where it is not known.

    Parameters
    ----------
    path : Path
        NIfTI, the fourth axis time.
    grid : Grid
        Where it is wanted, and where the masks are.
    masks : mapping of str to (X, Y, Z)
        `brain`, `tumor` and `white`.

    Raises
    ------
    ImageError, GeometryError
        If the series cannot be read, or does not say its time step.
    NotAssessableError
        If there is no bolus, or white matter of the other side is not known.
    """
    first, frames, step_s = read_frames(path)
    if not step_s > 0:
        raise ImageError(f"{path}: no time between volumes; needed pixdim[4] and its unit: set it")
    white = masks["white"]
    if white is None:
        raise NotAssessableError(
            "blood volume is relative to white matter of the other side, which was not found"
        )
    there = {
        name: _mask_on(mask, grid, first.grid) for name, mask in masks.items() if mask is not None
    }
    maps = process_dsc(frames, there["brain"], tr_s=step_s, te_ms=ANY_ECHO_MS, tumor=there["tumor"])
    relative = relative_to_white_matter(maps.cbv, there["white"])
    return _carried(Image(relative, first.affine, str(path), first.sha256), grid)


def _on_grid(image: Image, grid: Grid) -> Image:
    return _carried(image, grid) if grid.difference(image.grid) else image


def _carried(image: Image, grid: Grid) -> Image:
    """Carry a map to a grid; nan where any of the voxels that it is made of is not known."""
    known = np.isfinite(image.array)
    values = replace(image, array=np.where(known, image.array, np.float32(0)))
    share = carry_image(replace(image, array=known.astype(np.float32)), UNMOVED, grid).array
    carried = carry_image(values, UNMOVED, grid)
    whole = share > WHOLLY
    return replace(carried, array=np.where(whole, carried.array, np.float32(np.nan)))


def _mask_on(mask: NDArray[np.bool_], grid: Grid, wanted: Grid) -> NDArray[np.bool_]:
    labels = LabelMap(mask.astype(np.uint8), grid.affine)
    return carry_labels(labels, UNMOVED, wanted).array > 0
