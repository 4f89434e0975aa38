"""`gliokit phantom`: a cohort of simulated patients whose truth is known."""

from contextlib import closing
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gliokit.analysis.failure import FAILURE
from gliokit.analysis.simulated_files import Files
from gliokit.analysis.simulated_places import COHORT, FAILURES, Outcome
from gliokit.analysis.simulation_run import simulate_cohort
from gliokit.cli.progress import counter, say
from gliokit.core.vocabulary import Map
from gliokit.phantom.body.anatomy import find_anatomies
from gliokit.phantom.cohort import CohortSettings
from gliokit.phantom.dials import Dials

DIALS = "Dials, from 0 (no link) to 1 (as the review describes it)"


class DatasetLayout(StrEnum):
    """How the files are laid out."""

    BRATS = "brats"
    BIDS = "bids"


def _dial(text: str, default: float) -> Any:
    """Make the option of a dial."""
    usual = f"{default:g}, 0 with --null" if default else "0"
    return typer.Option(min=0, max=1, help=f"{text} [default: {usual}]", rich_help_panel=DIALS)


def phantom(  # noqa: PLR0913 - one parameter per option
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder of the cohort, new, or to go on with.")
    ],
    *,
    patients: Annotated[int, typer.Option(min=1, help="How many.")] = 10,
    visits: Annotated[
        int, typer.Option(min=1, help="At most so many per patient; 1 is the first scan alone.")
    ] = 1,
    sites: Annotated[int, typer.Option(min=1, help="Hospitals, each with its scanner.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another cohort.")] = 0,
    tiny: Annotated[bool, typer.Option("--tiny", help="64 voxels a side, in under 1 s.")] = False,
    null: Annotated[bool, typer.Option("--null", help="Set every dial to 0.")] = False,
    anatomy: Annotated[
        Path | None,
        typer.Option(help="Folder of label maps with FreeSurfer numbers; by default MNI152."),
    ] = None,
    core_ml: Annotated[
        float | None, typer.Option(help="Volume of every tumor's core; by default drawn.")
    ] = None,
    layout: Annotated[DatasetLayout, typer.Option(help="Names of files.")] = DatasetLayout.BRATS,
    maps: Annotated[
        list[Map] | None, typer.Option("--map", help="A map beside the four sequences; repeat it.")
    ] = None,
    tissues: Annotated[
        bool, typer.Option("--tissues", help="Write the map of all tissues, too.")
    ] = False,
    biopsies: Annotated[
        int, typer.Option(min=0, max=20, help="Specimens of each first scan, with tiles.")
    ] = 0,
    head: Annotated[
        bool, typer.Option("--head", help="Images of the whole head, not stripped.")
    ] = False,
    dicom: Annotated[
        bool, typer.Option("--dicom", help="Write the whole head as DICOM series, too.")
    ] = False,
    enhanced: Annotated[
        bool, typer.Option("--enhanced", help="DICOM as enhanced multi-frame files.")
    ] = False,
    burn_text: Annotated[
        bool, typer.Option("--burn-text", help="Burn invented names into DICOM pixels.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Patients at a time.")] = 1,
    idh_image: Annotated[float | None, _dial("IDH and enhancement, margins.", 1)] = None,
    codel_image: Annotated[float | None, _dial("1p/19q and lobe, uneven T2.", 1)] = None,
    mgmt_image: Annotated[float | None, _dial("MGMT and texture of the border.", 0)] = None,
    grade_image: Annotated[float | None, _dial("Grade and cells, blood volume.", 1)] = None,
    age_genotype: Annotated[float | None, _dial("Age and genotype.", 1)] = None,
    treatment: Annotated[float | None, _dial("Grade, age and treatment.", 1)] = None,
    survival: Annotated[float | None, _dial("Survival and the facts.", 1)] = None,
    survival_image: Annotated[float | None, _dial("Survival and blood volume.", 1)] = None,
    treatment_effect: Annotated[
        float | None, _dial("Pseudoprogression and ADC, blood volume.", 1)
    ] = None,
    cellularity: Annotated[float | None, _dial("Cell density and signal.", 1)] = None,
    signature: Annotated[float | None, _dial("A texture of the patient's own.", 0.5)] = None,
    site_prevalence: Annotated[float | None, _dial("Site and IDH, mildly.", 0.5)] = None,
    site_label: Annotated[float | None, _dial("Site and IDH, to confound.", 0)] = None,
) -> None:
    """Simulate a cohort into OUT: images, true labels, and the table OUT/cohort.csv.

    The same seed gives the same files on any number of processes. A run that was stopped
    goes on when it is started again; more patients extend a cohort.

    For example:

    gliokit phantom cohort --patients 200 --visits 3 --tiny --jobs 2

    gliokit phantom leaky --patients 50 --tiny --null --signature 1

    gliokit phantom heads --patients 3 --dicom --anatomy label_maps
    """
    dials = {
        "idh_image": idh_image,
        "codel_image": codel_image,
        "mgmt_image": mgmt_image,
        "grade_image": grade_image,
        "age_genotype": age_genotype,
        "treatment": treatment,
        "survival": survival,
        "survival_image": survival_image,
        "treatment_effect": treatment_effect,
        "cellularity": cellularity,
        "signature": signature,
        "site_prevalence": site_prevalence,
        "site_label": site_label,
    }
    turned = {name: value for name, value in dials.items() if value is not None}
    settings = CohortSettings(
        patients=patients,
        visits=visits,
        sites=sites,
        seed=seed,
        dials=replace(Dials.null() if null else Dials(), **turned),
        tiny=tiny,
        head=dicom or head,
        stripped=not head,
        anatomies=tuple(find_anatomies(anatomy)) if anatomy else (),
        maps=tuple(dict.fromkeys(maps or ())),
        core_ml=core_ml,
    )
    if (enhanced or burn_text) and not dicom:
        raise typer.BadParameter("--enhanced and --burn-text are of --dicom; give it, too")
    files = Files(layout.value, tissues, biopsies, dicom, enhanced, burn_text)
    failed = _run(out, settings, files, jobs)
    typer.echo(out / COHORT)
    typer.echo(out / FAILURES)
    if failed:
        say(f"{len(failed)} of {patients} patients failed; the reasons are in {out / FAILURES}")
        alike = len(failed) == patients and len(set(failed)) == 1
        raise typer.Exit(failed[0] if alike else FAILURE)


def _run(out: Path, settings: CohortSettings, files: Files, jobs: int) -> list[int]:
    """Simulate, show progress, and give the exit codes of the patients that failed."""
    failed = []
    if settings.anatomies:
        say(f"checking {len(settings.anatomies)} label maps")
    run = simulate_cohort(out, settings, files, jobs=jobs)
    with closing(run), counter("patients", settings.patients) as count:
        for outcome in run:
            if outcome.reason:
                failed.append(outcome.exit_code)
            count(f"{outcome.patient_id} {_state(outcome)}")
    return failed


def _state(outcome: Outcome) -> str:
    if outcome.reason:
        return f"failed: {outcome.reason}"
    studies = "1 study" if outcome.studies == 1 else f"{outcome.studies} studies"
    return "is there already" if outcome.reused else studies
