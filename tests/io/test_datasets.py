"""Where the files of a written dataset lie, and that our reader finds them there."""

from itertools import product

import numpy as np
import pytest

from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import Map, MRSequence
from gliokit.io.datasets import DATASET_LAYOUTS, Extra
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import write_image, write_label_map

ITEMS = [*MRSequence, *Map, *Extra]


@pytest.mark.parametrize("layout", DATASET_LAYOUTS)
def test_no_two_files_share_a_place(layout):
    places = [
        DATASET_LAYOUTS[layout](patient, f"{patient}-{visit:03d}", item)
        for patient, visit, item in product(("SIM-00000", "SIM-00001"), range(2), ITEMS)
    ]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("layout", DATASET_LAYOUTS)
def test_our_reader_finds_each_sequence(layout, tmp_path):
    for number, sequence in enumerate(MRSequence):
        path = tmp_path / DATASET_LAYOUTS[layout]("P-1", "P-1-000", sequence)
        path.parent.mkdir(parents=True, exist_ok=True)
        array = np.full((4, 4, 4), number, dtype=np.float32)
        array[0] = 9
        write_image(path, Image(array, np.eye(4)))
    study = read_study(path.parent)
    assert study.missing == []
    assert study[MRSequence.T2].array[1, 0, 0] == list(MRSequence).index(MRSequence.T2)


def test_our_reader_finds_the_labels_of_a_brats_folder(tmp_path):
    path = tmp_path / DATASET_LAYOUTS["brats"]("P-1", "P-1-000", Extra.LABELS)
    path.parent.mkdir(parents=True)
    write_label_map(path, LabelMap(np.ones((4, 4, 4), np.uint8), np.eye(4)))
    assert find_labels(path.parent) == path


def test_truth_lies_among_the_derivatives_of_a_bids_dataset():
    for item in (Extra.LABELS, Extra.TRUTH, Extra.TISSUES):
        assert DATASET_LAYOUTS["bids"]("P-1", "P-1-000", item).parts[0] == "derivatives"
    image = DATASET_LAYOUTS["bids"]("P-1", "P-1-002", MRSequence.T1C)
    assert str(image) == "sub-P1/ses-002/anat/sub-P1_ses-002_ce-gadolinium_T1w.nii.gz"
