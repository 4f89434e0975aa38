"""The benchmark of quality: what is planted, and how verdicts are counted."""

import numpy as np
import pytest

from gliokit.core.findings import Limit
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.quality.judgment import Question


@pytest.fixture
def benchmark(load):
    return load("quality_faults")


@pytest.fixture
def case(benchmark):
    """Give a block of brain with a tumor, in voxels of 1 mm."""
    brain = np.zeros((12, 14, 60), bool)
    brain[2:-2, 2:-2, 5:50] = True
    labels = np.zeros(brain.shape, np.uint8)
    labels[5:8, 5:8, 10:21] = 1
    image = Image(np.where(brain, 100, 0).astype(np.float32), np.eye(4))
    images = dict.fromkeys(MRSequence, image)
    return benchmark.Case(Study("block", images), brain, LabelMap(labels, np.eye(4)))


def test_the_top_is_cut_off_by_twenty_five_millimeters(benchmark, case):
    assert case.top == 25
    whole = benchmark.topless_t2(case)[0].figure.value
    assert whole == pytest.approx(25 / 45)


def test_the_volume_ends_in_the_middle_of_the_tumor(benchmark, case):
    tumor = benchmark.cut_through_tumor(case)[1]
    assert tumor.figure.value == 9  # mm² of a slice


def test_doubts_are_counted_by_check_and_fault(benchmark):
    question = Question("likeness", Limit(0.05, None, "1", "assumed"))
    words = {"fine": "", "doubtful": ""}
    right = [question.judge(figure, **words) for figure in (0.3, 0.04)]
    cases = [(check, "") for check in [*right, question.unanswered("")]]
    told = benchmark.summary([*cases, (question.judge(0.01, **words), "noise")])
    assert told["checks"]["likeness"] == {
        "right": {"doubtful": 1, "not_assessable": 1, "of": 3, "figures": [0.04, 0.3]},
        "noise": {"doubtful": 1, "not_assessable": 0, "of": 1, "figures": [0.01, 0.01]},
    }


def test_every_fault_names_the_check_that_is_to_find_it(benchmark):
    codes = {code for code, _ in benchmark.FAULTS.values()}
    assert codes == {
        "brain-cut-off",
        "brain-volume",
        "contrast-agent",
        "contrast-to-noise",
        "field-of-view",
        "left-right",
        "likeness",
        "registration",
        "slice-spacing",
        "tumor-cut-off",
    }
