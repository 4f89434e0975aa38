"""Volumes of a visit: intervals of the findings that are of the same map, and a reason if none."""

import json
import shutil
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from gliokit.analysis.analyze import analyze
from gliokit.analysis.patient_visits import PatientVisit
from gliokit.analysis.visit_volumes import measure_volumes
from gliokit.core.cohort import Row
from gliokit.core.image import Image
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.io.nifti import read_label_map
from gliokit.measurement.change import volume_change

ET = Region.ENHANCING_TUMOR


@pytest.fixture(scope="module")
def analyzed(tmp_path_factory):
    """Analyze a round brain of 4 mm voxels with a bright box; give the study and the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[1])
        segmenter = import_module("fakes").load()
    grid = np.moveaxis(np.indices((36, 42, 33)), 0, -1)
    brain = np.linalg.norm((grid - [18, 21, 16]) / [16, 19, 15], axis=-1) < 1
    images = {}
    for number, sequence in enumerate((MRSequence.T1C, MRSequence.FLAIR)):
        array = np.where(brain, 100 + number + grid[..., 0] % 3, 0).astype(np.float32)
        array[8:14, 20:25, 14:18] = 200
        images[sequence] = Image(array, np.diag([4.0, 4.0, 4.0, 1.0]))
    study = Study("bright", images)
    folder = tmp_path_factory.mktemp("analyzed") / "result"
    analyze(study, folder, segmenter=segmenter)
    return study, folder


@pytest.fixture
def visit(analyzed, tmp_path):
    """Give the study as a visit, with a copy of the result."""
    study, folder = analyzed
    shutil.copytree(folder, tmp_path / "result")
    path = tmp_path / "result" / "segmentation.nii.gz"
    row = Row(2, "p", study.study_id, {"labels": str(path)})
    return PatientVisit(row, 0, study, read_label_map(path), np.eye(4))


def test_volumes_have_the_intervals_of_the_findings_beside_the_labels(visit):
    found = measure_volumes(visit)
    volume = found.volumes[ET]
    assert volume.interval == pytest.approx((0.9 * volume.value, 1.1 * volume.value))
    assert found.notes == ()
    assert found.detection_limit is not None
    assert measure_volumes(visit, millimeters=False).detection_limit is None


def test_findings_of_another_study_or_map_give_no_interval_and_the_reason(visit):
    other = replace(visit, row=replace(visit.row, study_id="other"))
    edited = visit.labels.array.copy()
    edited[8:14, 20:25, 14:18] = 0
    for changed in (other, replace(visit, labels=replace(visit.labels, array=edited))):
        found = measure_volumes(changed)
        assert found.volumes[ET].interval is None
        assert found.notes[0].endswith("is of another study or map")


def test_findings_that_cannot_be_read_are_told(visit, tmp_path):
    (tmp_path / "result" / "findings.json").write_text("{")
    (note,) = measure_volumes(visit).notes
    assert note.startswith("no intervals: the findings.json beside the labels cannot be read (")


def test_labels_of_a_person_need_no_reason(visit, tmp_path):
    (tmp_path / "result" / "findings.json").unlink()
    found = measure_volumes(visit)
    assert found.volumes[ET].interval is None
    assert found.notes == ()


def test_a_region_that_no_image_shows_has_no_volume(visit):
    images = {MRSequence.T1C: visit.study[MRSequence.T1C]}
    found = measure_volumes(replace(visit, study=replace(visit.study, images=images)))
    assert set(found.volumes) == {Region.TUMOR_CORE, ET}


def test_a_volume_that_rounding_puts_outside_its_interval_widens_it(visit, tmp_path):
    path = tmp_path / "result" / "findings.json"
    record = json.loads(path.read_text())
    for part in record["volumes_by_region"]:
        if part["region"] == ET:
            part["volume"]["interval"] = [part["volume"]["value"] + 1e-6, 9.0]
    path.write_text(json.dumps(record))
    volume = measure_volumes(visit).volumes[ET]
    assert volume.interval == (volume.value, 9.0)
    assert volume_change(volume, volume).relative.value == 0


def test_findings_in_false_millimeters_are_not_called_those_of_another_study_alone(visit):
    shrunk = replace(visit.labels, affine=np.eye(4))
    (note,) = measure_volumes(replace(visit, labels=shrunk), millimeters=False).notes
    assert note.endswith("or in the millimeters that are false")


def test_where_findings_stand_is_not_told(visit, tmp_path):
    (tmp_path / "result" / "findings.json").unlink()
    (tmp_path / "result" / "findings.json").mkdir()
    (note,) = measure_volumes(visit).notes
    assert note.endswith("cannot be read (Is a directory)")
