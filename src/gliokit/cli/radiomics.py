"""`gliokit radiomics`: the features of one region, or of every tumor of a cohort."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from gliokit.analysis.evaluation_run import Execution
from gliokit.analysis.failure import FAILURE
from gliokit.analysis.feature_files import FAILURES, FEATURES, LEFT_OUT, ROBUSTNESS
from gliokit.analysis.feature_image import check_out, describe_one, write_one
from gliokit.analysis.feature_row import FeatureRun, StudyAnswer
from gliokit.analysis.feature_run import describe_cohort
from gliokit.analysis.feature_settings import read_feature_settings
from gliokit.cli import option
from gliokit.cli.progress import counter, progress, say
from gliokit.core.errors import NotAssessableError
from gliokit.core.image import Mask
from gliokit.features.robustness import LEAST_PATIENTS
from gliokit.features.study_features import part_mask
from gliokit.features.study_settings import Part
from gliokit.io.cohorts import read_cohort
from gliokit.io.conventions import LabelConvention
from gliokit.io.nifti import read_image, read_label_map, read_mask
from gliokit.io.parquet import check_parquet


def radiomics(  # noqa: PLR0913 - one parameter per option
    image: Annotated[
        Path | None, typer.Argument(metavar="IMAGE", help="NIfTI image, whole.")
    ] = None,
    mask: Annotated[
        Path | None, typer.Argument(metavar="MASK", help="NIfTI mask or label map on its grid.")
    ] = None,
    *,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Table (.csv, .parquet); with --cohort a folder."),
    ],
    cohort: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Table with a row per study, images and labels."),
    ] = None,
    label: Annotated[
        int | None, typer.Option(min=1, help="The number in MASK that is the region.")
    ] = None,
    part: Annotated[
        Part | None, typer.Option(help="The part of the tumor, where MASK is a label map of one.")
    ] = None,
    convention: Annotated[
        LabelConvention | None, typer.Option(help="How the numbers in MASK are meant, for --part.")
    ] = None,
    brain: Annotated[
        Path | None,
        typer.Option(help="Mask of the brain, to normalize by; by default it is found."),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Settings to change (.toml, .json), or of pyradiomics (.yaml)."
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting to change; repeat it."),
    ] = None,
    perturb: Annotated[
        int,
        typer.Option(
            min=0,
            help="Repeat so often with the region moved, redrawn and noisier; two at least, and "
            "three patients for an ICC. Maps are not repeated.",
        ),
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the changes of --perturb.")] = 0,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="With --cohort: write features.parquet too.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the table at OUT.")] = False,
    jobs: option.Jobs = 1,
    scheduler: option.Scheduler = None,
) -> None:
    """Compute the radiomic features of a region, or of all parts of the tumors of a cohort.

    Features are those of IBSI and some for glioma, with names, units and codes; settings and
    origin are written beside them. With --perturb a cohort gives the ICC of every feature.

    For example:

    gliokit radiomics t1c.nii.gz mask.nii.gz -o features.csv

    gliokit radiomics flair.nii.gz segmentation.nii.gz --part WT -o wt.csv

    gliokit radiomics --cohort cohort.csv -o features --jobs 2 --perturb 10

    gliokit radiomics t1c.nii.gz mask.nii.gz --set radiomics.discretization.bins=64 -o f.csv
    """
    if perturb == 1:
        raise typer.BadParameter("--perturb 1 shows no spread; give 2 or more")
    what, notes = read_feature_settings(settings, changes or [])
    for note in notes:
        say(note)
    run = FeatureRun(what, repeats=perturb, seed=seed)
    of_one: Mapping[str, object] = {
        "IMAGE": image,
        "--label": label,
        "--part": part,
        "--convention": convention,
        "--brain": brain,
        "--force": force,
    }
    if cohort:
        option.refuse(of_one, because="--cohort takes everything from the table")
        _describe_cohort(
            cohort, out, run, parquet=parquet, how=Execution(jobs, scheduler=scheduler)
        )
        return
    if not (image and mask):
        raise typer.BadParameter("give IMAGE and MASK, or --cohort")
    of_many = {"--parquet": parquet, "--jobs": jobs > 1, "--scheduler": scheduler}
    option.refuse(of_many, because="they are for --cohort")
    check_out(out, force=force)
    with progress() as on_stage:
        on_stage("reading images")
        whole = read_image(image)
        region = _region(mask, label=label, part=part, convention=convention)
        inside = read_mask(brain) if brain else None
        on_stage("computing features" + (f", {perturb} times again" if perturb else ""))
        values, changed = describe_one(whole, region, inside, run=run)
        inputs = {
            "image_sha256": whole.sha256,
            "mask_sha256": region.sha256,
            "region": part or (f"label {label}" if label else "all that is not 0"),
            "convention": convention or "",
            "brain_sha256": inside.sha256 if inside else "found in the image",
        }
        write_one(out, values, changed, run=run, inputs=inputs)
    say(f"{len(values)} features of {int(region.array.sum())} voxels")
    typer.echo(out)


def _region(
    path: Path, *, label: int | None, part: Part | None, convention: LabelConvention | None
) -> Mask:
    """Read the region; what several numbers in a file mean is never guessed."""
    if part and label:
        raise typer.BadParameter("--part and --label both say which region; drop one")
    if not part:
        if convention:
            raise typer.BadParameter("--convention tells what --part is; give both")
        return read_mask(path, value=label)
    labels = read_label_map(path, convention=convention)
    if labels.note:
        say(f"warning: {labels.note}")
    mask = part_mask(labels.array, part)
    if not mask.any():
        raise NotAssessableError(f"{path}: the tumor has no part {part}; choose another")
    return Mask(mask, labels.affine, labels.source, labels.sha256)


def _describe_cohort(
    table: Path, out: Path, run: FeatureRun, *, parquet: bool, how: Execution
) -> None:
    if parquet:
        check_parquet()
    studies, failed = read_cohort(table), 0
    patients = len({row.patient_id for row in studies.rows})
    if run.repeats and patients < LEAST_PATIENTS:
        say(f"warning: an ICC needs {LEAST_PATIENTS} patients, and the table has {patients}")
    answers = describe_cohort(studies, out, run=run, parquet=parquet, how=how)
    with closing(answers), counter("studies", len(studies)) as count:
        for answer in answers:
            failed += bool(answer.reason)
            count(f"{answer.study_id} {_state(answer)}")
    names = (FEATURES, LEFT_OUT, FAILURES, ROBUSTNESS)
    for path in (out / name for name in names):
        if path.exists():
            typer.echo(path)
    if failed:
        say(f"{failed} of {len(studies)} studies failed; the reasons are in {out / FAILURES}")
        raise typer.Exit(FAILURE)


def _state(answer: StudyAnswer) -> str:
    if answer.reason:
        return f"failed: {answer.reason}"
    return "is there already" if answer.reused else f"done, {len(answer.values)} features"
