"""`gliokit demo`: the main job on a simulated study, whose truth is known."""

from pathlib import Path
from typing import Annotated

import typer

from gliokit.analysis.demo import analyze_simulated
from gliokit.cli.progress import progress, say
from gliokit.cli.result import show_result
from gliokit.core.vocabulary import REGION_TERMS
from gliokit.segmentation.default import load_segmenter


def demo(
    out: Annotated[Path, typer.Argument(help="Folder of the result, new or empty.")] = Path("demo"),
    *,
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another patient.")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the gliokit result that stands in OUT.")
    ] = False,
) -> None:
    """Simulate a study, analyze it into OUT, and compare with the truth.

    The images and the true labels are written to OUT/inputs.

    For example:

    gliokit demo
    """
    with progress() as on_stage:
        on_stage("loading the model")
        segmenter = load_segmenter()
        findings, agreement = analyze_simulated(
            seed, out, segmenter=segmenter, force=force, on_stage=on_stage
        )
    show_result(out, findings)
    for region, dice in agreement.items():
        say(f"Dice against the simulated truth, {REGION_TERMS[region]}: {dice:.2f}")
