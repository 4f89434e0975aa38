"""`gliokit deidentify`: images without what identifies the patients."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from gliokit.analysis.deidentification import (
    check_places,
    find_faces,
    survey,
    write_deidentified,
)
from gliokit.cli.progress import counter, progress, say
from gliokit.core.image import Image
from gliokit.io.deidentification.files import WRITTEN
from gliokit.io.deidentification.key import read_key


def deidentify(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", exists=True, file_okay=False)],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="New folder.")],
    key: Annotated[
        Path | None,
        typer.Option(help="File of the secret key; by default OUT.key, made where missing."),
    ] = None,
    accept_pixels: Annotated[
        bool, typer.Option("--accept-pixels", help="You looked: no text in pixels identifies.")
    ] = False,
    deface: Annotated[
        bool, typer.Option("--deface", help="Remove faces; what shows no brain is not copied.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier result.")] = False,
) -> None:
    """Write DICOM and NIfTI files anew, under pseudonyms; the input is not altered.

    The same key gives the same pseudonyms, and moves all dates of a patient by the same days.
    Keep it, and keep it secret. Faces stay, unless --deface removes them; the brain is never
    changed.

    For example:

    gliokit deidentify exports -o shared --key ~/study.key --deface
    """
    place = key or out.resolve().with_name(f"{out.resolve().name}.key")
    check_places(folder, out, place)
    secret = read_key(place)
    with progress() as stage:
        stage("looking at files")
        found = survey(folder, accept_pixels=accept_pixels)
        if deface:
            found = find_faces(found, find_brain, told=stage)
    states = Counter(one.state for one in found.files)
    with counter("files", states[WRITTEN]) as count:
        write_deidentified(found, out, key=secret, force=force, told=count)
    for one in found.files:
        if one.state != WRITTEN:
            say(f"not copied: {one.path}: {one.state}")
        elif one.gone:
            say(f"keys not copied: {one.path}: {', '.join(one.gone)}")
    typer.echo(out)


def find_brain(image: Image) -> NDArray[np.bool_]:
    """Find the brain (X, Y, Z) in an image."""
    # OpenVINO takes its time, for which nobody need wait who leaves faces
    from gliokit.preprocessing.brain_extraction import extract_brain

    return extract_brain(image)
