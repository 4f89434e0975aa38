"""The DICOM objects of one result, for those that are to read and keep them."""

from datetime import datetime

import numpy as np
import pytest

from gliokit.analysis.dicom_analysis import analyze_dicom
from gliokit.analysis.dicom_input import DicomInput
from gliokit.analysis.given_labels import GivenLabels
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import Label, MRSequence
from gliokit.io.dicom_writer import Element, SliceOrder, StudyFacts

AFFINE = np.array([[-1.0, 0, 0, 24], [0, -1, 0, 28], [0, 0, 2, -24], [0, 0, 0, 1]])
SHAPE = (48, 56, 24)
STUDY = StudyFacts(
    "archive test",
    datetime(2014, 3, 9, 8, 30),
    "SIEMENS",
    "Skyra",
    "E11",
    3.0,
    elements=(Element(0x00100010, "PN", "Müller^Jörg"), Element(0x00100020, "LO", "12345")),
)


@pytest.fixture(scope="session")
def analyze_labels(tmp_path_factory, write_headers):
    """Give a function that analyzes a series with these labels, and tells where the result is."""
    folder = tmp_path_factory.mktemp("archive")
    place = np.moveaxis(np.indices(SHAPE), 0, -1)
    brain = np.linalg.norm((place - [24, 28, 12]) / [21, 25, 11], axis=-1) < 1
    head = np.where(brain, 100 + place[..., 0] % 3, 0).astype(np.float32)
    headers = tuple(
        write_headers(
            folder / "in", head, AFFINE, STUDY, thickness_mm=2.0, order=SliceOrder.ASCENDING
        )
    )
    study = Study("P-007", {MRSequence.T1C: Image(head, AFFINE, source="t1c")})

    def run(labels, name):
        segmenter = GivenLabels(LabelMap(labels, AFFINE, source="edited"))
        analyze_dicom(DicomInput(study, {}, headers), folder / name, segmenter=segmenter)
        return folder / name

    return run


@pytest.fixture(scope="session")
def objects(analyze_labels):
    """Give the DICOM files of a result with a tumor."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[26:38, 30:44, 10:17] = Label.EDEMA
    labels[28:36, 32:42, 11:16] = Label.ENHANCING
    labels[31:34, 35:39, 12:15] = Label.NECROTIC_CORE
    return sorted(analyze_labels(labels, "tumor").glob("*.dcm"))
