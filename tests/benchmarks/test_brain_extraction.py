"""The benchmark of brain extraction: what counts as found, and how heads are summed up."""

import numpy as np
import pytest

TOGETHER = "together"


@pytest.fixture
def benchmark(load):
    return load("brain_extraction")


def row(case: int, images: str, dice: float, share: float) -> dict[str, str]:
    return {
        "case": str(case),
        "images": images,
        "dice": str(dice),
        "kept": str(share),
        "seconds": "2.0",
    }


def test_the_share_of_a_tumor_that_is_kept(benchmark):
    tumor = np.array([True, True, True, True, False])
    assert benchmark.kept(tumor, np.array([True, True, True, False, True])) == 0.75
    assert benchmark.kept(np.zeros(5, dtype=bool), tumor) == 1


def test_heads_are_summed_up_by_image_and_by_surgery(benchmark):
    rows = [row(0, TOGETHER, 0.98, 1.0), row(1, TOGETHER, 0.96, 0.9), row(0, "t1", 0.9, 1.0)]
    found = benchmark.summaries(rows)
    assert found[TOGETHER]["dice_mean"] == pytest.approx(0.97)
    assert found[TOGETHER]["tumor_kept_worst"] == 0.9
    assert found["before_surgery"]["heads"] == found["after_surgery"]["heads"] == 1
    assert found["after_surgery"]["dice_worst"] == 0.96
    assert found["t1"]["heads"] == 1


def test_a_head_meets_the_aims_with_both_figures_only(benchmark):
    rows = [row(0, TOGETHER, 0.98, 0.9), row(2, TOGETHER, 0.9, 1.0), row(4, TOGETHER, 0.97, 0.995)]
    assert benchmark.summaries(rows)[TOGETHER]["heads_at_both_aims"] == 1
