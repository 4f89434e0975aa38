"""A simulated study through the whole path, beside its truth.

The study is written and read back as NIfTI, so that the demo walks the path of real data.
"""

from dataclasses import replace
from pathlib import Path

from gliokit.analysis.analyze import Origin, analyze_into
from gliokit.analysis.outline import OnStage, Segmenter
from gliokit.analysis.output import INPUTS, SEGMENTATION, TRUTH, result_folder
from gliokit.core.findings import Findings, Notice
from gliokit.core.image import region_mask
from gliokit.core.vocabulary import Region
from gliokit.evaluation.overlap import dice
from gliokit.io.layouts import read_study
from gliokit.io.nifti import read_label_map, write_image, write_label_map
from gliokit.phantom.study import SimulatedStudy, simulate_study
from gliokit.segmentation.default import OUTPUTS

SIMULATED = Notice("simulated", "This patient is simulated: the images were computed, not taken.")


def analyze_simulated(
    seed: int, out: Path, *, segmenter: Segmenter, force: bool, on_stage: OnStage
) -> tuple[Findings, dict[Region, float]]:
    """Simulate a patient, analyze it into `out`, and give findings and Dice per region there is.

    Raises
    ------
    OutputError
        If the result cannot be written there.
    """
    with result_folder(out, force=force) as folder:
        on_stage("simulating a patient")
        simulated = simulate_study(seed)
        _write_inputs(folder, simulated)
        read = read_study(folder / INPUTS, study_id=simulated.study.study_id)
        study = replace(read, phase=simulated.study.phase)
        analyzed = analyze_into(
            folder, study, segmenter=segmenter, origin=Origin((SIMULATED,)), on_stage=on_stage
        )
        prediction = read_label_map(folder / SEGMENTATION).array
    truth = simulated.labels.array
    return analyzed.findings, {
        region: dice(region_mask(truth, region), region_mask(prediction, region))
        for region in OUTPUTS
        if region_mask(truth, region).any()
    }


def _write_inputs(folder: Path, simulated: SimulatedStudy) -> None:
    (folder / INPUTS).mkdir()
    for sequence, image in simulated.study.images.items():
        write_image(folder / INPUTS / f"{sequence}.nii.gz", image)
    write_label_map(folder / TRUTH, simulated.labels)
