"""What a command prints of a result: doubts and volumes to stderr, paths to stdout."""

from pathlib import Path

import typer

from gliokit.analysis.output import FINDINGS, REPORT, SEGMENTATION
from gliokit.cli.progress import say
from gliokit.core.findings import Findings
from gliokit.core.vocabulary import REGION_TERMS, Region

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
            size = f"{measured.volume.value:8.2f} mL"
            say(
                f"{REGION_TERMS[measured.region]:16s}"
                f"{'not assessed' if measured.region in unseen else size}"
            )
    for name in (REPORT, SEGMENTATION, FINDINGS):
        typer.echo(out / name)
