"""Findings of a study whose sizes are known by construction."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.analysis.assess import assess, midline_mm, with_quality
from gliokit.analysis.options import Options
from gliokit.core.findings import Limit, Model, Notice, QualityCheck, Quantity, Verdict
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label, MRSequence, Phase, Region, Side
from gliokit.segmentation.default import Segmentation

MODEL = Model("none", "1", "0" * 64, "CPU", "f32")


@pytest.fixture
def segmentation(bright_study):
    reference = bright_study.reference
    labels = np.zeros(reference.array.shape, np.uint8)
    labels[9:17, 25:32, 19:25] = Label.EDEMA
    labels[10:16, 26:31, 20:24] = Label.ENHANCING
    labels[30, 30, 30] = Label.EDEMA  # 0.027 mL
    said = (Notice("said", "By the segmenter."),)
    return Segmentation(LabelMap(labels, reference.affine), reference.array > 0, said)


@pytest.fixture
def assessed(bright_study, segmentation):
    def run(study=bright_study, model=MODEL, options=None, intervals=None):
        return assess(
            study,
            replace(segmentation, intervals=intervals or {}),
            model=model,
            options=options or Options(),
            created="2026-01-01",
        )

    return run


def test_volumes_are_voxels_times_voxel_volume(assessed):
    volumes = {entry.region: entry.volume.value for entry in assessed().volumes_by_region}
    assert volumes[Region.ENHANCING_TUMOR] == pytest.approx(6 * 5 * 4 * 0.027)
    assert volumes[Region.WHOLE_TUMOR] == pytest.approx((8 * 7 * 6 + 1) * 0.027)


def test_lesions_are_those_of_core_and_whole_tumor(assessed):
    assert [lesion.name for lesion in assessed().lesions] == ["TC-1", "WT-1", "WT-2"]


def test_lesion_below_the_minimum_is_listed_without_diameters(assessed):
    small = assessed().lesions[-1]
    assert small.voxels == 1
    assert small.longest is None


def test_minimum_is_stated_and_can_be_chosen(assessed):
    findings = assessed(options=Options(minimum_lesion_ml=0.02))
    assert findings.minimum_lesion_ml.value == 0.02
    assert ("minimum_lesion_ml", "0.02") in findings.options
    assert findings.lesions[-1].longest is not None


def test_side_is_judged_by_the_center_of_the_brain(assessed):
    assert assessed().lesions[0].side is Side.LEFT


def test_midline_is_the_center_of_the_brain_in_world_coordinates():
    brain = np.zeros((10, 4, 4), bool)
    brain[2:6] = True  # center at index 3.5
    affine = np.diag([-2.0, 1, 1, 1])
    affine[0, 3] = 30
    assert midline_mm(brain, affine) == pytest.approx(23)


def test_inputs_carry_hash_grid_and_no_name(assessed):
    findings = assessed()
    assert [image.sequence for image in findings.inputs] == list(MRSequence)
    assert findings.inputs[0].shape == (48, 56, 44)
    assert findings.inputs[0].spacing_mm == (3, 3, 3)
    assert findings.inputs[0].orientation == "RAS"


def test_warnings_of_the_segmenter_are_passed_on(assessed):
    assert [notice.code for notice in assessed().warnings] == ["said"]


def test_what_a_model_cannot_judge_is_no_matter_for_labels_of_the_user(assessed, bright_study):
    study = type(bright_study)("s", {MRSequence.T1: bright_study[MRSequence.T1]})
    assert [n.code for n in assessed(study).not_assessed] == ["enhancement", "edema"]
    assert assessed(study, model=None).not_assessed == ()


def test_same_input_gives_equal_findings(assessed):
    assert assessed() == assessed()


def test_lesions_that_cannot_be_seen_are_not_measured(assessed, bright_study):
    fluid = {s: bright_study[s] for s in (MRSequence.FLAIR, MRSequence.T2)}
    findings = assessed(type(bright_study)("s", fluid))
    assert [lesion.name for lesion in findings.lesions] == ["WT-1", "WT-2"]
    assert findings.unseen_regions == {Region.TUMOR_CORE, Region.ENHANCING_TUMOR}
    assert findings.unseen_labels == {Label.NECROTIC_CORE, Label.ENHANCING}


def test_edema_is_unseen_without_a_fluid_sensitive_image_though_the_core_is_seen(
    assessed, bright_study
):
    findings = assessed(type(bright_study)("s", {MRSequence.T1C: bright_study[MRSequence.T1C]}))
    assert [lesion.name for lesion in findings.lesions] == ["TC-1"]
    assert findings.unseen_labels == {Label.EDEMA}


def intervals_of(findings):
    return {entry.region: entry.volume.interval for entry in findings.volumes_by_region}


def test_interval_of_the_segmenter_stands_beside_its_volume(assessed):
    intervals = intervals_of(assessed(intervals={Region.WHOLE_TUMOR: (7.5, 11.0)}))
    assert intervals.pop(Region.WHOLE_TUMOR) == (7.5, 11.0)
    assert set(intervals.values()) == {None}


@pytest.mark.parametrize(
    ("given", "expected"), [((4.0, 5.0), (3.24, 5.0)), ((1.0, 2.0), (1.0, 3.24))]
)
def test_interval_is_widened_to_hold_the_measured_volume(assessed, given, expected):
    found = intervals_of(assessed(intervals={Region.ENHANCING_TUMOR: given}))
    assert found[Region.ENHANCING_TUMOR] == pytest.approx(expected)


def test_region_that_was_not_assessed_gets_no_interval(assessed, bright_study):
    flair = type(bright_study)("s", {MRSequence.FLAIR: bright_study[MRSequence.FLAIR]})
    intervals = intervals_of(assessed(flair, intervals=dict.fromkeys(Region, (0.0, 20.0))))
    assert {region for region, interval in intervals.items() if interval is None} == {
        Region.TUMOR_CORE,
        Region.ENHANCING_TUMOR,
    }


def test_phase_and_probabilities_stand_among_the_options(assessed, bright_study):
    study = replace(bright_study, phase=Phase.POSTOPERATIVE)
    options = dict(assessed(study, options=Options(probabilities=True)).options)
    assert options["phase"] == "post-operative"
    assert options["probabilities"] == "yes"
    options = dict(assessed().options)
    assert options["phase"] == "unknown"
    assert options["probabilities"] == "no"


def check_of(code, sequence, verdict, figure=1.0):
    quantity = None if figure is None else Quantity(figure, "mm")
    limit = Limit(None, 0.5, "mm", "assumed")
    return QualityCheck(code, sequence, quantity, limit, verdict, f"{code} text.")


def test_doubtful_images_are_among_the_warnings_once_for_each_kind_of_check():
    checks = (
        check_of("brain-cut-off", None, Verdict.DOUBTFUL),
        check_of("registration", MRSequence.T1, Verdict.DOUBTFUL),
        check_of("registration", MRSequence.T2, Verdict.FINE),
        check_of("registration", MRSequence.FLAIR, Verdict.DOUBTFUL),
        check_of("contrast-to-noise", MRSequence.T2, Verdict.NOT_ASSESSABLE),
        check_of("ghosting", MRSequence.T2, Verdict.NOT_ASSESSABLE, figure=None),
    )
    said = (Notice("said", "By the segmenter."),)
    assert with_quality(said, checks) == (
        *said,
        Notice("brain-cut-off", "brain-cut-off text."),
        Notice("registration", "t1: registration text. flair: registration text."),
        Notice("contrast-to-noise", "t2: contrast-to-noise text."),
    )


def test_spacing_that_was_said_already_is_not_said_twice():
    said = (Notice("coarse-spacing", "Said."),)
    assert with_quality(said, (check_of("slice-spacing", MRSequence.T2, Verdict.DOUBTFUL),)) == said
