"""Where the pictures are cut."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.core.geometry import to_world
from gliokit.core.vocabulary import MRSequence
from gliokit.reporting.stage import axial_index, focus, set_stage


def test_planes_run_through_the_labelled_voxel_nearest_to_the_center(case, tumor):
    stage = set_stage(case.study, case.labels)
    beside = to_world(case.labels.affine, (29.0, 40.0, 15.0))
    assert focus(stage, tuple(beside.tolist())) == (30, 40, 15)


def test_planes_run_through_the_tumor_when_no_center_is_known(case, tumor):
    voxel = focus(set_stage(case.study, case.labels), None)
    assert tumor[voxel] > 0


def test_planes_run_through_the_middle_of_the_head_when_there_is_no_tumor(make_case, tumor):
    case = make_case(np.zeros_like(tumor))
    assert focus(set_stage(case.study, case.labels), None) == (23, 27, 11)


def test_empty_image_is_shown_whole(case):
    image = case.study[MRSequence.T1C]
    images = {MRSequence.T1C: replace(image, array=np.zeros_like(image.array))}
    stage = set_stage(replace(case.study, images=images), case.labels)
    assert stage.head.tolist() == [[0, 0, 0], [47, 55, 23]]


@pytest.mark.parametrize("codes", ["RAS", "LPS", "LPI", "PIR"])
def test_measured_slice_is_the_same_however_it_is_counted(make_case, codes):
    case = make_case(codes=codes)
    stage = set_stage(case.study, case.labels)
    assert {axial_index(stage, lesion.slice_index) for lesion in case.findings.lesions} == {15}


def test_labels_on_another_grid_are_refused(case):
    labels = replace(case.labels, array=case.labels.array[:-1])
    with pytest.raises(GeometryError, match="P-007 and its labels differ: 48×56×24 against 47"):
        set_stage(case.study, labels)
