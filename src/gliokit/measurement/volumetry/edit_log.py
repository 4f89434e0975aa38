"""Every edit of an outline: what, where, by whom, with which version, and what it changed.

A log is replayed on the images it was made on and gives the same mask, voxel by voxel; a replay
that departs from the log, as another version or other images may make it, is refused at the edit
where it departs. Growth starts the outline anew or adds to it, as all edits do in their order:
growth and strokes that add make a union with what is there, a contour moves it.

As JSON a log is one object; an edit is its kind and its settings, which are those of the dataclass.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import NotAssessableError, SettingsError
from gliokit.core.settings import as_mapping, changed
from gliokit.measurement.volumetry.canvas import Canvas
from gliokit.measurement.volumetry.level_set import Contour, move_contour
from gliokit.measurement.volumetry.region_growing import (
    GrowAbove,
    GrowAlike,
    grow_above,
    grow_alike,
)
from gliokit.measurement.volumetry.strokes import Add, Remove, paint

Edit: TypeAlias = GrowAbove | GrowAlike | Contour | Add | Remove
KINDS: MappingProxyType[str, type[Edit]] = MappingProxyType(
    {
        "grow above a threshold": GrowAbove,
        "grow alike": GrowAlike,
        "contour": Contour,
        "add": Add,
        "remove": Remove,
    }
)
NAMES = MappingProxyType({kind: name for name, kind in KINDS.items()})
FORMAT = 1


@dataclass(frozen=True, slots=True)
class LoggedEdit:
    """An edit that was made.

    Attributes
    ----------
    edit : Edit
        What and where.
    reader : str
        Who, by an id that is no name.
    at : str
        When (ISO 8601), empty where nobody said so.
    version : str
        Of gliokit.
    added, removed : int
        Voxels that came and went.
    sha256 : str
        Of the mask after it.
    """

    edit: Edit
    reader: str
    at: str
    version: str
    added: int
    removed: int
    sha256: str


@dataclass(frozen=True, slots=True)
class EditLog:
    """The edits of one outline in their order.

    Attributes
    ----------
    inputs : mapping of str to str
        Hash of each file that the outline was made on, and what else decides.
    edits : tuple of LoggedEdit
        From the first.
    """

    inputs: Mapping[str, str] = field(default_factory=dict)
    edits: tuple[LoggedEdit, ...] = ()


def apply_edit(canvas: Canvas, mask: NDArray[np.bool_], edit: Edit) -> NDArray[np.bool_]:
    """Give the mask (X, Y, Z) after an edit; the one given stays as it is."""
    match edit:
        case GrowAbove():
            return mask | grow_above(canvas, edit)
        case GrowAlike():
            return mask | grow_alike(canvas, edit)
        case Contour():
            return move_contour(canvas, mask, edit)
        case Add():
            return mask | paint(canvas.affine, mask.shape, edit.stroke)
        case Remove():
            return mask & ~paint(canvas.affine, mask.shape, edit.stroke)


def make_edit(
    canvas: Canvas,
    mask: NDArray[np.bool_],
    log: EditLog,
    edit: Edit,
    *,
    reader: str,
    at: str = "",
) -> tuple[NDArray[np.bool_], EditLog]:
    """Apply an edit and write it down.

    Parameters
    ----------
    mask : (X, Y, Z)
        As the log so far leaves it; all False before the first edit.
    reader : str
        Id of who makes it.
    at : str
        When, ISO 8601.

    Returns
    -------
    tuple
        The mask after it, and the longer log.
    """
    after = apply_edit(canvas, mask, edit)
    logged = LoggedEdit(
        edit,
        reader,
        at,
        version("gliokit"),
        added=int(np.count_nonzero(after & ~mask)),
        removed=int(np.count_nonzero(mask & ~after)),
        sha256=mask_sha256(after),
    )
    return after, EditLog(log.inputs, (*log.edits, logged))


def make_edits(
    canvas: Canvas, log: EditLog, edits: Sequence[Edit], *, reader: str, at: str = ""
) -> tuple[NDArray[np.bool_], EditLog]:
    """Replay a log, which may be empty, and go on with further edits.

    Returns
    -------
    tuple
        As `make_edit`.
    """
    mask = replay(canvas, log)
    for edit in edits:
        mask, log = make_edit(canvas, mask, log, edit, reader=reader, at=at)
    return mask, log


def replay(canvas: Canvas, log: EditLog) -> NDArray[np.bool_]:
    """Make all edits of a log again, (X, Y, Z); nothing is outlined if there are none.

    Raises
    ------
    NotAssessableError
        If the mask after an edit is not the one of the log.
    """
    mask = np.zeros(canvas.allowed.shape, dtype=bool)
    for number, logged in enumerate(log.edits, start=1):
        mask = apply_edit(canvas, mask, logged.edit)
        if mask_sha256(mask) != logged.sha256:
            raise NotAssessableError(
                f"edit {number} ({NAMES[type(logged.edit)]}, by {logged.reader}, gliokit "
                f"{logged.version}) gives another mask than the log says; replay it with that "
                "version, on the images and outline that it was made on"
            )
    return mask


def mask_sha256(mask: NDArray[np.bool_]) -> str:
    """Hash a mask: its shape and its voxels."""
    shape = ",".join(map(str, mask.shape)).encode()
    return hashlib.sha256(shape + np.packbits(mask).tobytes()).hexdigest()


def log_record(log: EditLog) -> dict[str, object]:
    """Arrange a log for JSON."""
    edits = [
        {
            "number": number,
            "kind": NAMES[type(logged.edit)],
            "settings": as_mapping(logged.edit),
            "reader": logged.reader,
            "at": logged.at,
            "gliokit_version": logged.version,
            "voxels_added": logged.added,
            "voxels_removed": logged.removed,
            "mask_sha256": logged.sha256,
        }
        for number, logged in enumerate(log.edits, start=1)
    ]
    return {"format": FORMAT, "inputs": dict(log.inputs), "edits": edits}


def log_of(record: object) -> EditLog:
    """Read a log from what JSON holds.

    Raises
    ------
    SettingsError
        If it is no log, or of another format.
    """
    if not isinstance(record, Mapping) or record.get("format") != FORMAT:
        raise SettingsError(f"no edit log of format {FORMAT}; give the file that volumetry wrote")
    try:
        return EditLog(dict(record["inputs"]), tuple(map(_logged, record["edits"])))
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, SettingsError):
            raise
        raise SettingsError(f"the edit log is damaged: {error!r}; copy it again") from None


def _logged(record: Mapping[str, object]) -> LoggedEdit:
    kind = KINDS[str(record["kind"])]
    settings = record["settings"]
    if not isinstance(settings, Mapping):
        raise TypeError("settings are no object")
    return LoggedEdit(
        edit=changed(kind(), settings),
        reader=str(record["reader"]),
        at=str(record["at"]),
        version=str(record["gliokit_version"]),
        added=int(str(record["voxels_added"])),
        removed=int(str(record["voxels_removed"])),
        sha256=str(record["mask_sha256"]),
    )
