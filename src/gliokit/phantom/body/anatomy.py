"""Tissue maps of healthy people.

From label maps with FreeSurfer numbers (whole head where they hold skull and scalp), or,
where there are none, from the MNI152 2009a gray and white matter maps that nilearn ships.

Limits: MNI-based brains have one cerebellar gray and white, and no head of their own
(`gliokit.phantom.body.head` grows shells).

Source: FreeSurferColorLUT, and for tissue outside the brain the numbers of SimNIBS charm
(Puonti et al., NeuroImage 2020;219:117044, doi:10.1016/j.neuroimage.2020.117044);
Fonov et al., NeuroImage 2011;54:313-27, doi:10.1016/j.neuroimage.2010.07.033
"""

from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing

from gliokit.core.errors import SimulationError
from gliokit.core.geometry import Affine, bounding_box, spacing_mm, to_world
from gliokit.io.nifti import read_image
from gliokit.phantom.body.compartments import compartments_of
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, Tissue
from gliokit.preprocessing.orientation import grid_in_ras, turn_to_ras

FREESURFER: dict[Tissue, tuple[int, ...]] = {
    Tissue.WHITE_MATTER: (2, 41, 85, 251, 252, 253, 254, 255),
    Tissue.CORTEX: (3, 42, 17, 53, 18, 54, 136, 137, 163, 164),
    Tissue.VENTRICLE: (4, 5, 14, 15, 43, 44, 72),
    Tissue.CSF: (24,),
    Tissue.DEEP_GRAY: (10, 11, 12, 13, 26, 28, 49, 50, 51, 52, 58, 60),
    Tissue.CEREBELLAR_WHITE: (7, 46),
    Tissue.CEREBELLAR_CORTEX: (8, 47),
    Tissue.BRAINSTEM: (16,),
    Tissue.WHITE_MATTER_LESION: (25, 57, 77),
    Tissue.VESSEL: (30, 62),
    Tissue.CHOROID_PLEXUS: (31, 63),
}
HEAD: dict[Tissue, tuple[int, ...]] = {
    Tissue.BONE: (515,),
    Tissue.MARROW: (516,),
    Tissue.FAT: (507,),
    Tissue.MUSCLE: (508,),
    Tissue.MUCOSA: (509,),
    Tissue.SKIN: (511,),
    Tissue.EYE: (506,),
    Tissue.OPTIC_NERVE: (530, 512),  # and the spinal cord
    Tissue.SINUS: (502, 514),
}
LARGEST_NUMBER = 14_175  # in FreeSurferColorLUT, as far as gray and white matter go
RIGHT_WHITE, LEFT_WHITE = 41, 2
MARGIN_MM = 12  # of background around a brain
SMALLEST_ML = 400  # of brain tissue that a map must hold


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A healthy person's brain or head.

    Attributes
    ----------
    tissues : (X, Y, Z)
        `Tissue` per voxel, axes running to R, A and S.
    compartments : (X, Y, Z)
        `gliokit.phantom.body.compartments.Compartment` per voxel.
    affine : (4, 4)
        Voxel index to RAS+ mm; isotropic.
    """

    tissues: NDArray[np.uint8] = field(repr=False)
    compartments: NDArray[np.uint8] = field(repr=False)
    affine: Affine

    @property
    def spacing_mm(self) -> float:
        """Side of a voxel."""
        return float(spacing_mm(self.affine)[0])

    @property
    def has_head(self) -> bool:
        """Whether there is tissue outside the dura."""
        return bool((self.tissues >= FIRST_OUTSIDE).any())


def find_anatomies(folder: Path) -> list[Path]:
    """List the label maps of a folder, by name.

    Raises
    ------
    SimulationError
        If there is none.
    """
    if not folder.is_dir():
        raise SimulationError(
            f"{folder}: no such folder; needed one with label maps (.nii, .nii.gz)"
        )
    maps = sorted(
        path
        for path in folder.iterdir()
        if path.name.endswith((".nii", ".nii.gz")) and path.is_file()
    )
    if not maps:
        raise SimulationError(
            f"{folder} holds no label map (.nii, .nii.gz); add maps with FreeSurfer numbers at "
            "1 mm, or leave --anatomy out to use the MNI152 brain"
        )
    return maps


def check_label_map(path: Path) -> None:
    """Refuse a label map that no person can be made of, without making one.

    Raises
    ------
    SimulationError
        Naming the map, and what is wrong with it.
    """
    _read_numbers(path)


@cache
def anatomy_of(path: Path | None, *, head: bool = False) -> Anatomy:
    """Give the anatomy of a label map, or the MNI152 brain; kept for the next call."""
    return mni_anatomy() if path is None else read_anatomy(path, head=head)


def read_anatomy(path: Path, *, head: bool = False) -> Anatomy:
    """Read a label map with FreeSurfer numbers.

    Parameters
    ----------
    head : bool
        Keep what lies outside the brain, where the map has it.

    Raises
    ------
    SimulationError
        If the map holds too little of a brain, or its voxels are not 1 mm.
    """
    numbers, affine = _read_numbers(path)
    tissues = _translated(numbers, FREESURFER)
    brain = cc3d.largest_k((tissues > 0).view(np.uint8), k=1, connectivity=6) > 0
    tissues[~brain] = 0
    if head:
        around = _translated(numbers, HEAD)
        tissues = np.where(brain, tissues, around)
    middle = (_center_x(numbers == RIGHT_WHITE) + _center_x(numbers == LEFT_WHITE)) / 2
    right = np.broadcast_to(_columns(tissues.shape) > middle, tissues.shape).copy()
    right[numbers == RIGHT_WHITE] = True
    right[numbers == LEFT_WHITE] = False
    return _trimmed(tissues, right, affine)


def mni_anatomy() -> Anatomy:
    """Make a brain from the MNI152 2009a maps in the installed nilearn package."""
    package = find_spec("nilearn")
    if package is None or package.origin is None:
        raise SimulationError("nilearn is not installed; run `pip install nilearn`")
    folder = Path(package.origin).parent / "datasets" / "data"
    stem = "mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz"
    gray, white = (read_image(folder / stem.format(kind)) for kind in ("gm", "wm"))
    gm, wm = (
        np.ascontiguousarray(turn_to_ras(image.array / image.array.max(), image.affine))
        for image in (gray, white)
    )
    affine = grid_in_ras(gray.grid).affine
    tissues = np.zeros(gm.shape, dtype=np.uint8)
    tissues[_filled(gm + wm > 0.3)] = Tissue.CSF
    solid = gm + wm > 0.5
    tissues[solid & (gm >= wm)] = Tissue.CORTEX
    tissues[solid & (gm < wm)] = Tissue.WHITE_MATTER
    _name_parts(tissues, affine)
    middle = -affine[0, 3] / affine[0, 0]  # x = 0 mm
    right = np.broadcast_to(_columns(tissues.shape) > middle, tissues.shape)
    return _trimmed(tissues, right, affine)


def _read_numbers(path: Path) -> tuple[NDArray[np.int32], Affine]:
    """Read a label map, axes running to R, A and S, and see that it is one."""
    image = read_image(path)
    if not np.allclose(spacing_mm(image.affine), 1, atol=0.01):
        found = " × ".join(f"{step:.3g}" for step in spacing_mm(image.affine))
        raise SimulationError(f"{path} has voxels of {found} mm; resample it to 1 mm")
    _check_numbers(image.array, path)
    numbers = turn_to_ras(image.array, image.affine).astype(np.int32)
    _check_brain(numbers, path)
    return numbers, grid_in_ras(image.grid).affine


def _translated(
    numbers: NDArray[np.int32], meanings: dict[Tissue, tuple[int, ...]]
) -> NDArray[np.uint8]:
    table = np.zeros(int(numbers.max()) + 1, dtype=np.uint8)
    for tissue, known in meanings.items():
        table[[number for number in known if number < len(table)]] = tissue
    return table[numbers]


def _check_numbers(array: NDArray[np.float32], path: Path) -> None:
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > LARGEST_NUMBER or not np.array_equal(array, np.rint(array)):
        raise SimulationError(
            f"{path} holds values from {low:g} to {high:g}; needed whole numbers from 0 to "
            f"{LARGEST_NUMBER}: give a label map with FreeSurfer numbers, not an image"
        )


def _check_brain(numbers: NDArray[np.int32], path: Path) -> None:
    white = [int(np.count_nonzero(numbers == side)) for side in (LEFT_WHITE, RIGHT_WHITE)]
    if not all(white):
        raise SimulationError(
            f"{path} has {white[0]} voxels of left and {white[1]} of right cerebral white matter "
            "(2 and 41); needed both: give a label map with FreeSurfer numbers"
        )
    brain_ml = np.count_nonzero(_translated(numbers, FREESURFER)) / 1000
    if brain_ml < SMALLEST_ML:
        raise SimulationError(
            f"{path} holds {brain_ml:.0f} mL of brain; needed at least {SMALLEST_ML}, "
            "a whole brain with FreeSurfer numbers"
        )


def _columns(shape: tuple[int, ...]) -> NDArray[np.intp]:
    return np.arange(shape[0])[:, None, None]


def _center_x(mask: NDArray[np.bool_]) -> float:
    """Mean index along x; where a side is missing the middle of the volume."""
    counts = mask.sum(axis=(1, 2))
    return float((counts * np.arange(len(counts))).sum() / max(counts.sum(), 1)) or len(counts) / 2


def _filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close gaps up to 8 voxels wide, and fill what is then enclosed."""
    box = bounding_box(mask)
    padded = np.pad(mask[box], 6)
    closed = binary_closing(padded, iterations=4)
    outside = cc3d.largest_k((~closed).view(np.uint8), k=1, connectivity=6) > 0
    whole = np.zeros_like(mask)
    whole[box] = ~outside[6:-6, 6:-6, 6:-6]
    return whole


def _trimmed(tissues: NDArray[np.uint8], right: NDArray[np.bool_], affine: Affine) -> Anatomy:
    """Cut to what is there, with a margin; pad where the map ends sooner."""
    box = bounding_box(tissues)
    low = np.array([part.start for part in box]) - MARGIN_MM
    moved = affine.copy()
    moved[:3, 3] = to_world(affine, low)
    tissues = np.pad(tissues[box], MARGIN_MM)
    right = np.pad(right[box], MARGIN_MM, mode="edge")
    return Anatomy(tissues, compartments_of(tissues, right), moved)


def _name_parts(tissues: NDArray[np.uint8], affine: Affine) -> None:
    """Split MNI gray, white and CSF by rough boxes in MNI space (mm); in place."""
    x, y, z = (
        (affine[w, w] * np.arange(n) + affine[w, 3]).reshape(
            [-1 if w == a else 1 for a in range(3)]
        )
        for w, n in enumerate(tissues.shape)
    )  # the MNI affine is diagonal
    central = (np.abs(x) < 40) & (y > -60) & (y < 40) & (z > -20) & (z < 35)
    parts = cc3d.largest_k(((tissues == Tissue.CSF) & central).view(np.uint8), k=1, connectivity=6)
    deep_csf = (parts > 0) & (np.abs(x) < 32) & (z > -12)
    tissues[deep_csf] = Tissue.VENTRICLE
    basal = (np.abs(x) > 5) & (np.abs(x) < 33) & (np.abs(y + 4) < 24) & (np.abs(z - 4) < 14)
    tissues[basal & (tissues == Tissue.CORTEX)] = Tissue.DEEP_GRAY
    stem = (np.abs(x) < 13) & (y > -44) & (y < -14) & (z < -12)
    hind = (y < -38) & (z < -14 - 0.25 * (y + 60)) & (z < -10)
    tissues[hind & (tissues == Tissue.CORTEX)] = Tissue.CEREBELLAR_CORTEX
    tissues[hind & (tissues == Tissue.WHITE_MATTER)] = Tissue.CEREBELLAR_WHITE
    solid = (tissues == Tissue.CORTEX) | (tissues == Tissue.WHITE_MATTER)
    tissues[stem & (solid | (tissues == Tissue.CEREBELLAR_WHITE))] = Tissue.BRAINSTEM
