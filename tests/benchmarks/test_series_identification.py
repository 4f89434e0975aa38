"""The benchmark of series: what counts as right, and how confidence is summed up."""

import numpy as np
import pytest

from gliokit.core.image import Image
from gliokit.core.series import AcquisitionFacts, Series
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.header_evidence import SeriesKind


@pytest.fixture
def benchmark(load):
    return load("series_identification")


@pytest.fixture
def case(benchmark):
    """Give a plain T1, one with agent, and a T2."""
    image = Image(np.zeros((2, 2, 2), np.float32), np.eye(4))
    kinds = (SeriesKind.T1, SeriesKind.T1C, SeriesKind.T2)
    series = [Series(n, image, AcquisitionFacts(kind)) for n, kind in enumerate(kinds, 1)]
    return benchmark.Case("one", tuple(series), dict(enumerate(kinds, 1)))


def described(case):
    return [one.facts.description for one in case.series]


def test_a_sequence_that_is_not_there_counts_only_if_it_is_chosen(benchmark, case):
    assert benchmark.outcome(case, MRSequence.FLAIR, None) is None
    assert benchmark.outcome(case, MRSequence.T2, None)["told"] == "left out"
    assert benchmark.outcome(case, MRSequence.T2, SeriesKind.T2)["told"] == "right"
    assert benchmark.outcome(case, MRSequence.FLAIR, SeriesKind.T2)["told"] == "wrong"


def test_descriptions_are_exchanged_and_nothing_else(benchmark, case):
    assert described(benchmark.exchanged(case)) == ["t1c", "t2", "t1"]
    assert described(benchmark.t1_exchanged(case)) == ["t1c", "t1", "t2"]
    assert benchmark.exchanged(case).truth == case.truth


def test_confidence_is_held_against_what_was_right(benchmark):
    rows = [
        {"confidence": 0.8, "told": "right"},
        {"confidence": 0.7, "told": "wrong"},
        {"confidence": 0.95, "told": "right"},
        {"confidence": None, "told": "left out"},
    ]
    assert benchmark.confidence(rows) == [
        {"from": 0.7, "n": 2, "stated": 0.75, "right": 0.5},
        {"from": 0.9, "n": 1, "stated": 0.95, "right": 1.0},
    ]
