"""`gliokit volumetry`: enhancing tumor outlined from a seed or a box, and corrected by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from gliokit.analysis.volumetry_run import (
    Given,
    check_folder,
    check_log,
    prepare_canvas,
    read_json,
    read_log,
    write_result,
)
from gliokit.cli.progress import progress, say
from gliokit.core.findings import Point
from gliokit.core.geometry import Affine, to_world
from gliokit.core.image import Mask
from gliokit.core.vocabulary import MRSequence
from gliokit.io.layouts import find_sequences
from gliokit.io.nifti import read_image, read_mask
from gliokit.measurement.volumetry.canvas import Sides
from gliokit.measurement.volumetry.edit_log import Edit, make_edits
from gliokit.measurement.volumetry.level_set import Contour
from gliokit.measurement.volumetry.region_growing import (
    HIGH,
    LOW,
    REACH_MM,
    GrowAbove,
    GrowAlike,
)
from gliokit.measurement.volumetry.result import VolumetryResult, measure_outline
from gliokit.measurement.volumetry.strokes import Add, Remove, strokes_of

T1_PAIR = (MRSequence.T1, MRSequence.T1C)


class Method(StrEnum):
    """How the tumor is outlined before strokes."""

    THRESHOLD = "threshold"
    ALIKE = "alike"
    CONTOUR = "contour"


def volumetry(  # noqa: PLR0913 - one parameter per option
    study: Annotated[
        Path | None,
        typer.Argument(metavar="STUDY", help="Folder of NIfTI files that holds both T1 images."),
    ] = None,
    *,
    t1: Annotated[Path | None, typer.Option(help="T1 before contrast, wherever it lies.")] = None,
    t1c: Annotated[
        Path | None, typer.Option(help="T1 after contrast; its grid is that of the result.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the result, new or empty.")],
    seed: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y,Z",
            help="A point in the tumor, RAS mm; repeat it. Without --box nothing is outlined "
            f"farther than {REACH_MM:g} mm from one.",
        ),
    ] = None,
    box: Annotated[
        str | None,
        typer.Option(metavar="X0,X1,Y0,Y1,Z0,Z1", help="A box around the tumor, RAS mm."),
    ] = None,
    outline: Annotated[
        Path | None, typer.Option(help="Mask of a rough outline; nothing is found outside it.")
    ] = None,
    voxels: Annotated[
        bool,
        typer.Option("--voxels", help="--seed and --box count voxels of T1c, from 0, not mm."),
    ] = False,
    method: Annotated[
        Method,
        typer.Option(
            help="Above thresholds; alike what lies at the seeds; or a smooth contour that starts "
            "from what is above thresholds."
        ),
    ] = Method.THRESHOLD,
    low: Annotated[
        float, typer.Option(help="Tumor enhances more than so many times the noise.")
    ] = LOW,
    high: Annotated[
        float, typer.Option(help="And each part, or a seed, somewhere more than that.")
    ] = HIGH,
    add: Annotated[
        Path | None,
        typer.Option(metavar="STROKES", help="JSON of strokes to add, in RAS mm."),
    ] = None,
    remove: Annotated[
        Path | None,
        typer.Option(metavar="STROKES", help="JSON of strokes to remove, after those to add."),
    ] = None,
    log: Annotated[
        Path | None, typer.Option(help="Do the edits of this edit_log.json again first.")
    ] = None,
    reader: Annotated[str, typer.Option(help="Id of who edits, for the log; no name.")] = "reader",
    brain: Annotated[
        Path | None, typer.Option(help="Mask of the brain; by default it is found.")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="Mask of a reference tissue, such as nasal mucosa: volumes by Kanaly."),
    ] = None,
    keep_blood: Annotated[
        bool, typer.Option("--keep-blood", help="Bright before contrast may be tumor.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the volumetry that stands in OUT.")
    ] = False,
) -> None:
    """Outline enhancing tumor from a seed or a box, and measure it.

    T1 is matched to T1c and subtracted. Points are world coordinates in RAS mm (x to the right, y
    to the front, z to the head; where a viewer shows LPS, x and y change signs), or with --voxels
    indices of voxels. OUT gets the mask, measurements, the log of edits, and a picture.

    STROKES is [{"points_mm": [[x, y, z], ...], "radius_mm": 2}, ...].

    For example:

    gliokit volumetry patient7 --seed=-31,20,44 -o tumor

    gliokit volumetry --t1 t1.nii.gz --t1c gd.nii.gz --box=-50,-10,0,40,20,60 -o tumor

    gliokit volumetry patient7 --log tumor/edit_log.json --remove vessel.json -o corrected
    """
    if not (seed or box or outline or log):
        raise typer.BadParameter("say where the tumor is: --seed, --box, --outline or --log")
    paths = _two_images(study, t1, t1c)
    check_folder(out, force=force)
    earlier = read_log(log)
    with progress() as on_stage:
        on_stage("reading images")
        before, image = (read_image(path) for path in paths)
        given = Given(_mask(brain), _mask(outline), _mask(reference), keep_blood)
        affine = image.affine if voxels else np.eye(4)
        seeds, sides = tuple(_point(one, affine) for one in seed or []), _sides(box, affine)
        edits = _outlining(method, seeds, sides, low=low, high=high, anew=not log)
        edits += [Add(stroke) for stroke in strokes_of(read_json(add))] if add else []
        edits += [Remove(stroke) for stroke in strokes_of(read_json(remove))] if remove else []
        on_stage("subtracting t1 from t1c")
        prepared = prepare_canvas(before, image, given)
        on_stage("outlining")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        mask, done = make_edits(
            prepared.canvas,
            check_log(earlier, prepared.inputs),
            edits,
            reader=reader,
            at=now,
        )
        on_stage("measuring")
        result = measure_outline(prepared.canvas, mask, [one.edit for one in done.edits])
        write_result(out, prepared, result, done, force=force)
    if prepared.registered:
        say("t1 lay on another grid and was registered to t1c: look whether it fits")
    _show(result)
    typer.echo(out)


def _two_images(study: Path | None, t1: Path | None, t1c: Path | None) -> tuple[Path, Path]:
    """Find T1 before and after contrast; what is named goes before what the folder holds."""
    named = {sequence: path for sequence, path in zip(T1_PAIR, (t1, t1c), strict=True) if path}
    found = find_sequences(study, overrides=named) if study else named
    missing = " and ".join(f"--{sequence}" for sequence in T1_PAIR if sequence not in found)
    if missing and study:
        raise typer.BadParameter(f"{study} lacks T1 before or after contrast; give {missing} too")
    if missing:
        raise typer.BadParameter("give STUDY, a folder with both T1 images, or --t1 and --t1c")
    return found[MRSequence.T1], found[MRSequence.T1C]


def _outlining(
    method: Method,
    seeds: tuple[Point, ...],
    sides: Sides | None,
    *,
    low: float,
    high: float,
    anew: bool,
) -> list[Edit]:
    """List the edits before strokes; after a log nothing grows unless it is said where."""
    if not (anew or seeds or sides):
        return [Contour()] if method is Method.CONTOUR else []
    if low > high:
        raise typer.BadParameter(f"--low {low:g} is above --high {high:g}; swap them")
    if method is Method.ALIKE:
        if not seeds:
            raise typer.BadParameter("--method alike needs a --seed that it is to be alike to")
        return [GrowAlike(seeds, sides, high=high)]
    above = GrowAbove(seeds, sides, low=low, high=high)
    return [above, Contour(seeds, sides)] if method is Method.CONTOUR else [above]


def _mask(path: Path | None) -> Mask | None:
    return read_mask(path) if path else None


def _point(text: str, affine: Affine) -> Point:
    x, y, z = to_world(affine, _numbers(text, 3, "--seed")).tolist()
    return x, y, z


def _sides(text: str | None, affine: Affine) -> Sides | None:
    """Give the box along R, A and S around the corners; whole voxels with --voxels."""
    if text is None:
        return None
    ends = np.sort(np.reshape(_numbers(text, 6, "--box"), (3, 2)), axis=1)
    corners = to_world(affine, [[ends[k, i[k]] for k in range(3)] for i in np.ndindex(2, 2, 2)])
    x, y, z = zip(corners.min(axis=0).tolist(), corners.max(axis=0).tolist(), strict=True)
    return x, y, z


def _numbers(text: str, count: int, option: str) -> Sequence[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise typer.BadParameter(f"{option}: found {text!r}; needed {count} numbers with commas")
    return numbers


def _show(result: VolumetryResult) -> None:
    low, high = ("none" if ml is None else f"{ml:.2f}" for ml in result.volume_when_shifted)
    parts = "1 part" if len(result.lesions) == 1 else f"{len(result.lesions)} parts"
    say(
        f"enhancing tumor {result.volume.value:.2f} mL in {parts}; were all enhancement one noise "
        f"weaker or stronger: {low} or {high} mL (no confidence interval)"
    )
    largest = result.lesions[0] if result.lesions else None
    if largest and largest.longest and largest.perpendicular and largest.product:
        say(
            f"largest part {largest.longest.length.value:.1f} × "
            f"{largest.perpendicular.length.value:.1f} mm, {largest.product.value:.0f} mm²"
        )
