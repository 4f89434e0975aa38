"""Words of surgery in descriptions are found; those of the contrast agent are not taken for it."""

import pytest
from pydicom import Dataset

from gliokit.analysis.dicom_course import described_phase
from gliokit.core.vocabulary import Phase


def header(**texts):
    dataset = Dataset()
    for keyword, value in texts.items():
        setattr(dataset, keyword, value)
    return dataset


def phase_of(text):
    phase, notices = described_phase({1: (header(StudyDescription=text),)})
    return phase, [notice.code for notice in notices]


@pytest.mark.parametrize(
    "text",
    [
        "MR BRAIN POST-OP DAY 1",
        "postoperative MRI",
        "Schädel postop",
        "T1_postOP_ax",
        "status post resection 2011",
        "S/P craniotomy",
        "post surgical",
    ],
)
def test_after_surgery_is_found(text):
    assert phase_of(text) == (Phase.POSTOPERATIVE, ["phase-from-description"])


@pytest.mark.parametrize("text", ["PRE-OP STEALTH", "preoperative", "Kopf präoperativ", "pre surg"])
def test_before_surgery_is_found(text):
    assert phase_of(text) == (Phase.PREOPERATIVE, ["phase-from-description"])


@pytest.mark.parametrize(
    "text",
    ["", "T1 POST", "AX T1 PRE", "T1 post gd", "post optic nerve", "PRE OPTHAL", "tumor follow up"],
)
def test_words_of_something_else_are_no_phase(text):
    assert phase_of(text) == (Phase.UNKNOWN, [])


def test_both_are_neither_and_said():
    assert phase_of("s/p craniotomy, preop planning") == (Phase.UNKNOWN, ["phase-contradicted"])


def test_the_place_is_said_and_nothing_else_is_quoted():
    headers = {
        3: (header(SeriesDescription="AX T1"),),
        4: (header(SeriesDescription="T1 Quillory postop"),),
    }
    phase, (notice,) = described_phase(headers)
    assert phase is Phase.POSTOPERATIVE
    assert "'postop' in the description of series 4" in notice.text
    assert "Quillory" not in notice.text
