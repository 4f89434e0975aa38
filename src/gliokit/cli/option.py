"""Options of `gliokit analyze`: their words on the command line, and what each does."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, TypeAlias

import typer

from gliokit.core.course import MOST_DAYS
from gliokit.core.vocabulary import MRSequence, Phase
from gliokit.io.conventions import LabelConvention
from gliokit.preprocessing.bias_field import BiasField


class PhaseWord(StrEnum):
    """A phase as it is typed."""

    PRE = "pre"
    POST = "post"


class Device(StrEnum):
    """Where the model runs."""

    CPU = "cpu"
    CUDA = "cuda"


PHASES: MappingProxyType[PhaseWord, Phase] = MappingProxyType(
    {PhaseWord.PRE: Phase.PREOPERATIVE, PhaseWord.POST: Phase.POSTOPERATIVE}
)


def _image(sequence: MRSequence) -> Any:
    """Make the option of a sequence."""
    words = f"The {sequence} image, wherever it lies; of DICOM, the number of its series."
    return typer.Option(f"--{sequence}", metavar="PATH|SERIES", help=words)


# what goes in
StudyFolder: TypeAlias = Annotated[
    Path | None,
    typer.Argument(
        metavar="STUDY",
        help="One study, or all studies of one patient: a folder of NIfTI files or of such "
        "folders, or a folder or zip archive of DICOM.",
    ),
]
T1: TypeAlias = Annotated[Path | None, _image(MRSequence.T1)]
T1c: TypeAlias = Annotated[Path | None, _image(MRSequence.T1C)]
T2: TypeAlias = Annotated[Path | None, _image(MRSequence.T2)]
Flair: TypeAlias = Annotated[Path | None, _image(MRSequence.FLAIR)]
StudyId: TypeAlias = Annotated[
    str | None, typer.Option(help="Name of the study in the result; by default a hash.")
]
WhichPhase: TypeAlias = Annotated[
    PhaseWord | None,
    typer.Option(
        help="Before or after surgery; by default the images must show a cavity, or the "
        "descriptions of DICOM say it."
    ),
]
SinceSurgery: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--days-since-surgery",
        min=-MOST_DAYS,
        max=MOST_DAYS,
        help="Days from surgery to the study, or to the first of several studies of DICOM, whose "
        "dates tell those of the others; negative before it.",
    ),
]
SinceRtStart: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--days-since-rt-start",
        min=-MOST_DAYS,
        max=MOST_DAYS,
        help="The same, from the start of radiotherapy.",
    ),
]
SinceRtEnd: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--days-since-rt-end",
        min=-MOST_DAYS,
        max=MOST_DAYS,
        help="The same, from the end of radiotherapy.",
    ),
]
Labels: TypeAlias = Annotated[
    Path | None, typer.Option(help="Measure this (edited) label map: no model is run.")
]
Convention: TypeAlias = Annotated[
    LabelConvention | None, typer.Option(help="How the numbers in --labels are meant.")
]
CohortTable: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        help="CSV with a row per study, whose phase column rules; results in OUT/STUDY_ID."
    ),
]

WhichBiasField: TypeAlias = Annotated[
    BiasField,
    typer.Option(
        help="Divide the coil's brightness out of the images before the model sees them; it was "
        "trained without."
    ),
]

# what comes out
Out: TypeAlias = Annotated[
    Path, typer.Option("--out", "-o", help="Folder of the result, new or empty.")
]
Force: TypeAlias = Annotated[
    bool, typer.Option("--force", help="Replace the gliokit result that stands in OUT.")
]
Probabilities: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--probabilities",
        help="Also write probabilities_WT.nii.gz and so on for TC, ET and RC, calibrated: a byte "
        "per voxel that reads as 0-1 in any viewer, in steps of 1/255 (scl_slope).",
    ),
]
MinimumLesion: TypeAlias = Annotated[
    float, typer.Option(min=0, help="Smaller lesions get no diameters.")
]

# how it is run
ModelBundle: TypeAlias = Annotated[
    Path | None, typer.Option(help="Model bundle in the place of the one that is built in.")
]
OnDevice: TypeAlias = Annotated[
    Device, typer.Option(help="Where the model runs; cuda needs torch and an NVIDIA GPU.")
]
Threads: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, help="Threads in all, or of each worker; by default one per core."),
]
Jobs: TypeAlias = Annotated[int, typer.Option(min=1, help="Studies at a time.")]
Scheduler: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Work on the workers of this dask scheduler, which must see the same files.",
    ),
]


def refuse(given: Mapping[str, object], *, because: str) -> None:
    """Refuse those of the options that were given.

    Raises
    ------
    BadParameter
        Naming them and the reason.
    """
    if names := [name for name, value in given.items() if value]:
        raise typer.BadParameter(f"{because}: drop {', '.join(names)}")
