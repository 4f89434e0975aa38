"""What a command prints of a result: doubts and volumes to stderr, paths to stdout."""

from pathlib import Path

import typer

from gliokit.analysis.output import DICOM_OBJECTS, result_names
from gliokit.cli.progress import say
from gliokit.core.findings import Findings, Quantity
from gliokit.core.vocabulary import REGION_TERMS, Region
from gliokit.reporting.wording import interval_text

SUMMARY_REGIONS = (Region.WHOLE_TUMOR, Region.TUMOR_CORE, Region.ENHANCING_TUMOR)


def show_result(out: Path, findings: Findings) -> None:
    """Print what the reader must know, three volumes, and where the files are."""
    for notice in findings.warnings:
        say(f"warning: {notice.text}")
    for notice in findings.not_assessed:
        say(f"not assessed: {notice.text}")
    unseen = findings.unseen_regions
    for measured in findings.volumes_by_region:
        if measured.region in SUMMARY_REGIONS:
            size = "not assessed" if measured.region in unseen else _size(measured.volume)
            say(f"{REGION_TERMS[measured.region]:16s}{size}")
    if findings.detection_limit:
        say(f"detection limit: {findings.detection_limit.text}")
    objects = [name for name in DICOM_OBJECTS if (out / name).is_file()]
    for name in (*result_names(findings), *objects):
        typer.echo(out / name)


def _size(volume: Quantity) -> str:
    interval = interval_text(volume)
    return f"{volume.value:8.2f} mL" + (f"  {interval}" if interval else "")
