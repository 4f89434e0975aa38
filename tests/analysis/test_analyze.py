"""A study to the folder of its result."""

import json
from dataclasses import replace

import numpy as np
import pytest

from gliokit.analysis.analyze import analyze
from gliokit.core.errors import GeometryError, NotAssessableError
from gliokit.core.vocabulary import MRSequence
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


def test_stages_are_reported_in_order(bright_study, segmenter, tmp_path):
    stages = []
    analyze(bright_study, tmp_path / "out", segmenter=segmenter, on_stage=stages.append)
    assert stages == ["outlining the tumor", "measuring", "writing the report"]


def test_images_on_two_grids_are_refused_and_nothing_is_written(bright_study, segmenter, tmp_path):
    flair = bright_study[MRSequence.FLAIR]
    turned = replace(flair, affine=flair.affine @ np.diag([-1.0, 1, 1, 1]))
    study = replace(bright_study, images={**bright_study.images, MRSequence.FLAIR: turned})
    with pytest.raises(GeometryError, match="bright t1c and bright flair differ: orientation"):
        analyze(study, tmp_path / "out", segmenter=segmenter)
    assert list(tmp_path.iterdir()) == []


def test_study_that_cannot_be_assessed_leaves_nothing(bright_study, segmenter, tmp_path):
    with pytest.raises(NotAssessableError):
        analyze(replace(bright_study, study_id="no-brain"), tmp_path / "out", segmenter=segmenter)
    assert list(tmp_path.iterdir()) == []
