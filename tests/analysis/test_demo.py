"""The demo walks the path of real data and knows the truth."""

import json

import numpy as np
import pytest

from gliokit.analysis.demo import analyze_simulated
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Region
from gliokit.io.layouts import read_study
from gliokit.phantom.study import SimulatedStudy


@pytest.fixture
def demo(bright_study, fakes, tmp_path, monkeypatch):
    """Run the demo on the bright study; its truth is all but the last slice of the box."""
    labels = np.zeros(bright_study.reference.array.shape, np.uint8)
    labels[10:16, 26:31, 20:23] = 3
    simulated = SimulatedStudy(
        bright_study, LabelMap(labels, bright_study.reference.affine), tumor=None
    )
    monkeypatch.setattr("gliokit.analysis.demo.simulate_study", lambda seed: simulated)
    out = tmp_path / "demo"
    findings, agreement = analyze_simulated(
        7, out, segmenter=fakes.load(), force=False, on_stage=lambda _: None
    )
    return findings, agreement, out


def test_agreement_is_dice_with_the_simulated_truth(demo):
    _, agreement, _ = demo
    assert agreement[Region.ENHANCING_TUMOR] == pytest.approx(2 * 3 / (3 + 4))


def test_result_is_called_simulated(demo):
    findings, _, out = demo
    assert findings.warnings[0].code == "simulated"
    assert "simulated" in (out / "report.html").read_text()


def test_inputs_lie_beside_the_result_and_can_be_analyzed(demo, bright_study):
    findings, _, out = demo
    study = read_study(out / "inputs")
    assert set(study.images) == set(bright_study.images)
    assert {image.sha256 for image in findings.inputs} == {
        image.sha256 for image in study.images.values()
    }


def test_findings_stand_in_the_folder(demo):
    findings, _, out = demo
    record = json.loads((out / "findings.json").read_text())
    assert record["study_id"] == findings.study_id == "bright"
