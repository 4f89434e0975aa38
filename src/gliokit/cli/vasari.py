"""`gliokit vasari`: the 30 features of the lexicon, computed, or a form for a reader."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gliokit.analysis.output import explained, write_whole
from gliokit.analysis.vasari_run import Beside, VasariScores, score_study
from gliokit.cli import option
from gliokit.cli.progress import progress, say
from gliokit.core.errors import LayoutError, OutputError
from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import Side
from gliokit.io.conventions import LabelConvention
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import read_image, read_label_map
from gliokit.measurement.vasari.form import form_text
from gliokit.measurement.vasari.lexicon import FEATURES
from gliokit.measurement.vasari.scores import Score

PROGRAM = "gliokit"  # the reader of a form that was computed
WIDTH = 33  # of an answer on the screen, as two parts of deep white matter have it
HEAD = f"{'':4s}{'feature':42s} {'answer':{WIDTH}s} trust  how it was decided, or why not"


class Hemisphere(StrEnum):
    """Where speech is."""

    LEFT = "left"
    RIGHT = "right"


def vasari(  # noqa: PLR0913 - one parameter per option
    study: Annotated[
        Path | None, typer.Argument(metavar="STUDY", help="Folder of NIfTI files of one study.")
    ] = None,
    *,
    labels: Annotated[
        Path | None, typer.Option(help="Label map of the tumor; by default that in STUDY.")
    ] = None,
    convention: option.Convention = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Form with the answers, JSON.")],
    adc: Annotated[Path | None, typer.Option(help="ADC map on the grid of the labels.")] = None,
    head: Annotated[
        Path | None, typer.Option(help="T1 before contrast with the skull, on that grid.")
    ] = None,
    dominant_side: Annotated[
        Hemisphere | None, typer.Option(help="Hemisphere of speech; never taken for granted.")
    ] = None,
    before: Annotated[
        Path | None, typer.Option(help="Folder of the study before surgery, for F26 to F28.")
    ] = None,
    before_labels: Annotated[
        Path | None, typer.Option(help="Its label map; by default that in its folder.")
    ] = None,
    study_id: option.StudyId = None,
    empty: Annotated[
        str | None,
        typer.Option(metavar="READER", help="Write an empty form for this reader; score nothing."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the form at OUT.")] = False,
) -> None:
    """Score the 30 features of VASARI, each with how it was decided and how far to trust it.

    What masks, images and an atlas cannot tell has no value, and says why. Trust, 0 to 1, is a
    judgment on the rule, no probability. The rules have been compared with no reader.

    For example:

    gliokit vasari patient7 --labels OUT/segmentation.nii.gz -o vasari.json

    gliokit vasari visit2 --before visit1 -o vasari.json

    gliokit vasari --empty reader1 --study-id P7 -o form.json
    """
    _check_out(out, force=force)
    if empty:
        _write_empty(out, reader=empty, study_id=study_id, given=bool(study or labels))
        return
    if not study:
        raise typer.BadParameter("give STUDY, the folder of its images, or --empty READER")
    with progress() as on_stage:
        on_stage("reading images")
        own = read_study(study, study_id=study_id)
        tumor = read_label_map(_labels(study, labels, "--labels"), convention=convention)
        earlier = _earlier(before, before_labels, convention)
        beside = Beside(
            read_image(adc) if adc else None,
            read_image(head) if head else None,
            Side(dominant_side) if dominant_side else None,
            earlier,
        )
        on_stage("finding tissues, scoring")
        found = score_study(own, tumor, beside=beside)
    notes = [tumor.note, earlier[1].note if earlier else ""]
    for notice in (*filter(None, notes), *found.notices):
        say(f"warning: {notice}")
    write_whole(out, form_text(own.study_id, PROGRAM, found.scores))
    for line in (HEAD, *as_lines(found)):
        typer.echo(line)
    typer.echo(out)


def _check_out(out: Path, *, force: bool) -> None:
    """See before the work that the form can be written."""
    if out.is_dir():
        raise OutputError(f"{out} is a folder; give the name of a file")
    if out.exists() and not force:
        raise OutputError(f"{out} is there already; choose another name, or give --force")
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)


def _write_empty(out: Path, *, reader: str, study_id: str | None, given: bool) -> None:
    if given:
        raise typer.BadParameter("--empty scores nothing: drop STUDY and --labels")
    if not study_id:
        raise typer.BadParameter("--empty needs --study-id, the study that is to be read")
    write_whole(out, form_text(study_id, reader))
    typer.echo(out)


def _labels(study: Path, given: Path | None, option: str) -> Path:
    """Give the label map that is named, else the only one in the folder of the images."""
    path = given or find_labels(study)
    if path is None:
        raise LayoutError(f"{study}: no label map lies there; give {option} PATH")
    return path


def _earlier(
    study: Path | None, labels: Path | None, convention: LabelConvention | None
) -> tuple[Study, LabelMap] | None:
    if study:
        path = _labels(study, labels, "--before-labels")
        return read_study(study), read_label_map(path, convention=convention)
    if labels:
        raise typer.BadParameter("--before-labels needs --before, the folder of that study")
    return None


def as_lines(found: VasariScores) -> list[str]:
    """Give a line per feature: its answer, how far to trust it, and how it was decided."""
    return [_line(score) for score in found.scores.values()]


def _line(score: Score) -> str:
    title = FEATURES[score.feature].title
    if score.value is None:
        return f"{score.feature:4s}{title:42.42s} {'-':{WIDTH}s}        {score.reason}"
    value = score.value
    if isinstance(value, tuple):
        shown = ", ".join(str(answer) for answer in value)
    else:
        shown = f"{value:.0f} mm" if isinstance(value, float) else str(value)
    trust = "" if score.confidence is None else f"{score.confidence:.2f}"
    return f"{score.feature:4s}{title:42.42s} {shown:{WIDTH}s} {trust:5s}  {score.how}"
