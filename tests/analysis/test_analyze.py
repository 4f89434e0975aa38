"""A study to the folder of its result."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from gliokit.analysis.analyze import analyze
from gliokit.analysis.given_labels import GivenLabels
from gliokit.analysis.options import Options
from gliokit.core.errors import NotAssessableError
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.evaluation.overlap import dice
from gliokit.io.nifti import read_label_map


@pytest.fixture
def segmenter(fakes):
    return fakes.load()


def test_result_holds_report_segmentation_and_findings(bright_study, segmenter, tmp_path):
    analyze(bright_study, tmp_path / "out", segmenter=segmenter)
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == ["findings.json", "report.html", "segmentation.nii.gz"]


def test_segmentation_lies_on_the_grid_of_the_reference(bright_study, segmenter, tmp_path):
    analyze(bright_study, tmp_path / "out", segmenter=segmenter)
    written = read_label_map(tmp_path / "out" / "segmentation.nii.gz")
    assert written.grid.difference(bright_study.reference.grid) is None


def test_two_runs_differ_only_in_their_time(bright_study, segmenter, tmp_path):
    texts = []
    for name in ("one", "two"):
        analyze(bright_study, tmp_path / name, segmenter=segmenter)
        texts.append((tmp_path / name / "findings.json").read_text())
    one, two = (json.loads(text) for text in texts)
    assert one | {"created": ""} == two | {"created": ""}
    maps = [(tmp_path / name / "segmentation.nii.gz").read_bytes() for name in ("one", "two")]
    assert maps[0] == maps[1]


def test_any_number_of_threads_gives_the_same_files(bright_study, segmenter, tmp_path):
    written = []
    for threads in (1, 2):
        segmenter.threads = threads
        out = tmp_path / str(threads)
        findings = analyze(bright_study, out, segmenter=segmenter)
        written.append((replace(findings, created=""), (out / "segmentation.nii.gz").read_bytes()))
    assert written[0] == written[1]


def test_one_thread_stays_one(bright_study, segmenter, tmp_path, monkeypatch):
    sizes = []

    class Counted(ThreadPoolExecutor):
        def __init__(self, most):
            sizes.append(most)
            super().__init__(most)

    monkeypatch.setattr("gliokit.analysis.analyze.ThreadPoolExecutor", Counted)
    segmenter.threads = 1
    analyze(bright_study, tmp_path / "out", segmenter=segmenter)
    assert sizes == [1]


def test_nothing_is_loaded_that_a_registered_study_does_not_need():
    told = "import gliokit.analysis.analyze, sys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert not {"pydicom", "scipy.optimize"} & set(ran.stdout.split())


def test_stages_are_reported_in_order(bright_study, segmenter, tmp_path):
    stages = []
    analyze(bright_study, tmp_path / "out", segmenter=segmenter, on_stage=stages.append)
    assert stages == ["outlining the tumor", "measuring", "writing the report"]


def test_an_image_on_another_grid_is_registered_and_its_labels_stand_beside(
    bright_study, segmenter, tmp_path
):
    flair = bright_study[MRSequence.FLAIR]
    mirrored = np.ascontiguousarray(flair.array[::-1])
    affine = flair.affine @ [[-1, 0, 0, 47], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    moved = replace(flair, array=mirrored, affine=affine)  # stored the other way round
    study = replace(bright_study, images={**bright_study.images, MRSequence.FLAIR: moved})
    analyze(study, tmp_path / "out", segmenter=segmenter)
    whole = nib.load(tmp_path / "out/segmentation.nii.gz")
    native = nib.load(tmp_path / "out/native/flair.nii.gz")
    assert np.allclose(native.affine, affine)
    there = np.asarray(native.dataobj)[::-1]
    assert dice(np.asarray(whole.dataobj) > 0, there > 0) > 0.8


def test_detection_limit_stands_in_findings_and_report(bright_study, segmenter, tmp_path):
    analyze(bright_study, tmp_path / "out", segmenter=segmenter)
    limit = json.loads((tmp_path / "out/findings.json").read_text())["detection_limit"]
    assert limit["region"] == Region.ENHANCING_TUMOR
    assert limit["images"]["unit"] == "mL"
    assert limit["volume"] is limit["model"] is None  # nobody measured this segmenter
    assert limit["text"] in (tmp_path / "out/report.html").read_text()


def test_study_that_cannot_be_assessed_leaves_nothing(bright_study, segmenter, tmp_path):
    with pytest.raises(NotAssessableError):
        analyze(replace(bright_study, study_id="no-brain"), tmp_path / "out", segmenter=segmenter)
    assert list(tmp_path.iterdir()) == []


def test_probabilities_are_written_for_every_region_on_the_grid_of_the_segmentation(
    bright_study, segmenter, tmp_path
):
    out = tmp_path / "out"
    analyze(bright_study, out, segmenter=segmenter, options=Options(probabilities=True))
    maps = [nib.load(out / f"probabilities_{region}.nii.gz") for region in Region]
    affine = nib.load(out / "segmentation.nii.gz").affine
    assert all(np.allclose(own.affine, affine) for own in maps)
    image = bright_study.reference.array
    expected = np.where(image > 150, 0.9, np.where(image > 0, 0.1, 0))
    for own in maps[:3]:
        np.testing.assert_allclose(own.get_fdata(), expected, atol=0.002)
    np.testing.assert_allclose(maps[3].get_fdata(), np.where(image > 0, 0.1, 0), atol=0.002)


def test_probabilities_of_another_storage_orientation_lie_on_its_grid(
    bright_study, segmenter, tmp_path
):
    turned = {
        sequence: replace(
            image,
            array=np.ascontiguousarray(image.array.transpose(1, 0, 2)[::-1]),
            affine=image.affine @ [[0, 1, 0, 0], [-1, 0, 0, 55], [0, 0, 1, 0], [0, 0, 0, 1]],
        )
        for sequence, image in bright_study.images.items()
    }
    out, study = tmp_path / "out", replace(bright_study, images=turned)
    analyze(study, out, segmenter=segmenter, options=Options(probabilities=True))
    likely = nib.load(out / "probabilities_ET.nii.gz").get_fdata() > 0.5
    assert np.array_equal(likely, read_label_map(out / "segmentation.nii.gz").array == 3)
    assert likely.any()


def test_probabilities_of_labels_that_a_person_gave_are_refused(bright_study, tmp_path):
    reference = bright_study.reference
    labels = LabelMap(np.zeros(reference.array.shape, np.uint8), reference.affine)
    with pytest.raises(NotAssessableError, match="outlined without probabilities"):
        analyze(
            bright_study,
            tmp_path / "out",
            segmenter=GivenLabels(labels),
            options=Options(probabilities=True),
        )
    assert list(tmp_path.iterdir()) == []


def test_checks_of_the_images_stand_in_the_findings_and_in_the_report(
    bright_study, segmenter, tmp_path
):
    findings = analyze(bright_study, tmp_path / "out", segmenter=segmenter)
    told = {check.code: check.figure.value for check in findings.quality if check.figure}
    assert told["slice-spacing"] == 3
    assert told["brain-volume"] == pytest.approx(4 / 3 * np.pi * 0.66 * 0.78 * 0.6, rel=0.02)
    written = json.loads((tmp_path / "out" / "findings.json").read_text())
    assert len(written["quality"]) == len(findings.quality)
    assert "Quality of the images" in (tmp_path / "out" / "report.html").read_text()


def test_study_of_one_gray_ends_without_numbers(bright_study, segmenter, tmp_path):
    gray = {
        s: replace(image, array=np.where(image.array > 0, 100, 0).astype(np.float32))
        for s, image in bright_study.images.items()
    }
    with pytest.raises(NotAssessableError, match="no image of study bright shows anything"):
        analyze(replace(bright_study, images=gray), tmp_path / "out", segmenter=segmenter)
    assert list(tmp_path.iterdir()) == []
