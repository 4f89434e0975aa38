"""Semi-automatic volumetry of one study: from images and what a reader wants to a result folder.

Images on different grids are registered rigidly; those on one grid are taken as co-registered.
The brain is where stripped images are not constant, or is found, or given.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.analysis.output import LEFT_BY_DESKTOPS, whole_folder, write_whole
from gliokit.analysis.record_json import plain
from gliokit.core.errors import GeometryError, NotAssessableError, OutputError, SettingsError
from gliokit.core.findings import DISCLAIMER, Lesion
from gliokit.core.image import Image, Mask
from gliokit.io.nifti import write_label_map
from gliokit.io.pictures import write_png
from gliokit.measurement.volumetry.canvas import Canvas
from gliokit.measurement.volumetry.edit_log import EditLog, log_of, log_record
from gliokit.measurement.volumetry.kanaly import (
    relative_enhancement,
    volumes_by_threshold,
)
from gliokit.measurement.volumetry.result import VolumetryResult
from gliokit.measurement.volumetry.subtraction import Subtraction, subtract
from gliokit.preprocessing.brain import is_stripped, stripped_brain
from gliokit.preprocessing.carry import carry_image
from gliokit.preprocessing.registration import register_rigid
from gliokit.reporting.outline_picture import draw_outline

SEGMENTATION, MEASUREMENTS = "segmentation.nii.gz", "volumetry.json"
EDITS, PICTURE = "edit_log.json", "picture.png"
WRITTEN = (SEGMENTATION, MEASUREMENTS, EDITS, PICTURE)
KANALY_THRESHOLDS = (0.2, 0.3, 0.4)  # assumed, around the one that is assumed


@dataclass(frozen=True, slots=True)
class Given:
    """What a reader gives beside T1 and T1c.

    Attributes
    ----------
    brain, outline, reference : Mask or None
        Brain; rough outline; tissue that enhancement is measured in (Kanaly). On T1c's grid.
    keep_blood : bool
        What is bright before contrast may be tumor.
    """

    brain: Mask | None = None
    outline: Mask | None = None
    reference: Mask | None = None
    keep_blood: bool = False

    def masks(self) -> dict[str, Mask]:
        """Give the masks there are, by name."""
        named = {"brain": self.brain, "outline": self.outline, "reference": self.reference}
        return {name: mask for name, mask in named.items() if mask is not None}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A canvas, and what it was made of.

    Attributes
    ----------
    canvas : Canvas
        On the grid of T1c.
    subtraction : Subtraction
        T1c less T1.
    t1c : Image
        As read.
    inputs : mapping of str to str
        Hash of each file, and how they were used.
    registered : bool
        Whether T1 was moved to T1c.
    kanaly_ml : tuple of (threshold, mL)
        Volume above shares of the reference tissue's enhancement; empty without one.
    """

    canvas: Canvas
    subtraction: Subtraction = field(repr=False)
    t1c: Image
    inputs: Mapping[str, str]
    registered: bool
    kanaly_ml: tuple[tuple[float, float], ...] = ()


def prepare_canvas(t1: Image, t1c: Image, given: Given) -> Prepared:
    """Match and subtract the images, and mark where tumor may be.

    Raises
    ------
    GeometryError
        If a mask lies on another grid than T1c.
    NotAssessableError
        If the images do not fit each other, or show no brain.
    """
    for name, mask in given.masks().items():
        if difference := t1c.grid.difference(mask.grid):
            raise GeometryError(
                f"grids of t1c and the {name} mask differ: {difference}; resample it to t1c"
            )
    before, moved = on_grid_of(t1c, t1)
    brain = _brain(before, t1c, given)
    subtraction = subtract(before.array, t1c.array, brain)
    allowed = brain if given.keep_blood else brain & ~subtraction.blood
    outlined = allowed & given.outline.array if given.outline else allowed
    hashes = {"t1": t1.sha256, "t1c": t1c.sha256}
    hashes |= {name: mask.sha256 for name, mask in given.masks().items()}
    return Prepared(
        Canvas(subtraction.enhancement, outlined, t1c.affine),
        subtraction,
        t1c,
        hashes | {"blood": "kept" if given.keep_blood else "left out"},
        registered=moved,
        kanaly_ml=_kanaly(subtraction, outlined, given.reference, t1c),
    )


def on_grid_of(t1c: Image, t1: Image) -> tuple[Image, bool]:
    """Bring T1 to the grid of T1c; say whether it was registered.

    Raises
    ------
    NotAssessableError
        If it cannot be trusted to lie where it should.
    """
    if not t1c.grid.difference(t1.grid):
        return t1, False
    found = register_rigid(t1, t1c)
    if found.doubt:
        raise NotAssessableError(
            f"t1 and t1c have different grids, and registering them failed: {found.doubt}; "
            "give co-registered images"
        )
    carried = carry_image(t1, found.to_moving, t1c.grid)
    return replace(carried, sha256=t1.sha256), True


def check_log(log: EditLog, inputs: Mapping[str, str]) -> EditLog:
    """Give a log to go on with, if it was made on these files; an empty one takes them over.

    Raises
    ------
    SettingsError
        Naming what differs.
    """
    if not log.edits:
        return EditLog(dict(inputs))
    names = sorted({*log.inputs, *inputs})
    if other := [name for name in names if log.inputs.get(name) != inputs.get(name)]:
        raise SettingsError(
            f"the edit log was made with another {', '.join(other)}; give the same files and "
            "options"
        )
    return log


def read_log(path: Path | None) -> EditLog:
    """Read an edit log; an empty one without a file.

    Raises
    ------
    SettingsError
        If it is none.
    """
    return log_of(read_json(path)) if path else EditLog()


def read_json(path: Path) -> object:
    """Read a JSON file.

    Raises
    ------
    SettingsError
        If it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read as JSON ({error}); give another") from None


def check_folder(out: Path, *, force: bool) -> None:
    """Refuse a folder that holds anything that volumetry did not write.

    Raises
    ------
    OutputError
        Naming what stands there.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise OutputError(f"{out} is a file; a result needs a folder, choose another name")
    found = sorted(p.name for p in out.iterdir() if p.name not in LEFT_BY_DESKTOPS)
    if foreign := [name for name in found if name not in WRITTEN]:
        raise OutputError(
            f"{out} holds {foreign[0]}, which gliokit volumetry did not write; choose another "
            "folder"
        )
    if found and MEASUREMENTS not in found:
        raise OutputError(f"{out} holds {found[0]} of something else; choose another folder")
    if found and not force:
        raise OutputError(f"{out} holds a result already; replace it with --force")


def write_result(
    out: Path, prepared: Prepared, result: VolumetryResult, log: EditLog, *, force: bool
) -> None:
    """Write mask, measurements, edit log and picture, all or none.

    Raises
    ------
    OutputError
        If they may not, or cannot, be written there.
    """
    out = out.resolve()
    with whole_folder(out, check=partial(check_folder, out, force=force)) as folder:
        write_label_map(folder / SEGMENTATION, result.labels)
        _write_json(folder / MEASUREMENTS, result_record(prepared, result))
        _write_json(folder / EDITS, log_record(log))
        write_png(folder / PICTURE, draw_outline(prepared.t1c, result.mask))


def result_record(prepared: Prepared, result: VolumetryResult) -> dict[str, object]:
    """Arrange a result for JSON."""
    low, high = result.volume_when_shifted
    found = prepared.subtraction
    blood = np.count_nonzero(found.blood & found.brain)
    return {
        "gliokit_version": version("gliokit"),
        "inputs": dict(prepared.inputs),
        "t1_registered_to_t1c": prepared.registered,
        "voxels": int(np.count_nonzero(result.mask)),
        "volume_ml": result.volume.value,
        "volume_ml_if_one_noise_less_and_more": [low, high],
        "lesions": [_lesion_record(lesion) for lesion in result.lesions],
        "matching": {
            "slope": found.line.slope,
            "intercept": found.line.intercept,
            "noise": found.noise,
            "voxels_bright_before_contrast": int(blood),
        },
        "kanaly_ml_by_threshold": [
            {"threshold": threshold, "volume_ml": ml} for threshold, ml in prepared.kanaly_ml
        ],
        "disclaimer": DISCLAIMER,
    }


def _lesion_record(lesion: Lesion) -> dict[str, object]:
    return {
        "name": lesion.name,
        "voxels": lesion.voxels,
        "volume_ml": lesion.volume.value,
        "center_mm": list(lesion.center_mm),
        "longest": plain(lesion.longest),
        "perpendicular": plain(lesion.perpendicular),
        "product_mm2": lesion.product.value if lesion.product else None,
    }


def _brain(t1: Image, t1c: Image, given: Given) -> NDArray[np.bool_]:
    if given.brain:
        return given.brain.array
    if is_stripped([t1.array, t1c.array], t1c.affine):
        return stripped_brain([t1.array]) & stripped_brain([t1c.array])
    # the mean head takes its time, for which nobody need wait whose images are stripped
    from gliokit.preprocessing.brain_extraction import extract_brain

    return extract_brain(t1c)


def _kanaly(
    subtraction: Subtraction, allowed: NDArray[np.bool_], reference: Mask | None, t1c: Image
) -> tuple[tuple[float, float], ...]:
    if reference is None:
        return ()
    relative = relative_enhancement(subtraction, reference.array)
    volumes = volumes_by_threshold(relative, allowed, t1c.affine, KANALY_THRESHOLDS)
    return tuple(zip(KANALY_THRESHOLDS, volumes, strict=True))


def _write_json(path: Path, record: object) -> None:
    write_whole(path, json.dumps(record, indent=1) + "\n")
