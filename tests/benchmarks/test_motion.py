"""The benchmark of motion: what is planted, and how verdicts are counted."""

import numpy as np
import pytest

from gliokit.core.findings import Verdict


@pytest.fixture
def benchmark(load):
    return load("motion")


@pytest.mark.parametrize("axis", [0, 1])
def test_lines_of_one_place_only_give_the_image_of_that_place(benchmark, axis):
    still, moved = np.random.default_rng(1).random((2, 16, 12, 3)).astype(np.float32)
    for lines, image in ((np.zeros, still), (np.ones, moved)):
        away = lines(still.shape[axis], dtype=bool)
        mixed = benchmark.mix_lines(still, moved, away, axis)
        np.testing.assert_allclose(np.abs(mixed), image, atol=1e-5)


def test_a_head_that_stays_where_it_is_has_no_ghost_whatever_lines_are_taken(benchmark):
    rng = np.random.default_rng(2)
    still = rng.random((16, 12, 3)).astype(np.float32)
    away = benchmark.lines_away(rng, 16, trains=True)
    np.testing.assert_allclose(np.abs(benchmark.mix_lines(still, still, away, 0)), still, atol=1e-5)


@pytest.mark.parametrize("trains", [False, True])
def test_about_a_fifth_to_a_half_of_the_lines_is_taken_in_the_other_place(benchmark, trains):
    rng = np.random.default_rng(3)
    shares = [benchmark.lines_away(rng, 256, trains=trains).mean() for _ in range(50)]
    assert 0.1 < min(shares) < 0.3
    assert 0.4 < max(shares) < 0.6


def test_a_step_of_motion_is_so_many_millimeters_and_degrees(benchmark):
    center = np.array([3.0, -20.0, 40.0])
    moved = benchmark.motion(np.random.default_rng(4).normal(size=(2, 3)), 3.0, center)
    there = moved[:3, :3] @ center + moved[:3, 3]
    assert np.linalg.norm(there - center) == pytest.approx(3)
    cosine = (np.trace(moved[:3, :3]) - 1) / 2
    assert np.degrees(np.arccos(cosine)) == pytest.approx(3)


def test_verdicts_are_counted_by_motion_and_sequence(benchmark):
    row = {
        "head": "01",
        "sequence": "t2",
        "verdict": Verdict.DOUBTFUL,
        "figure": 0.08,
        "rough": 0.07,
        "masked": "not assessable",
        "stripped": "not assessable",
        "chosen": "still",
        "check_s": 0.1,
        "rough_s": 0.2,
    }
    still = {"step": 0.0, "verdict": Verdict.FINE, "figure": 0.01, "rough": 0.01, "chosen": None}
    told = benchmark.summary([{**row, **still}, {**row, "step": 5.0}])
    assert told["by_motion"]["0"]["t2"] == {"fine": 1}
    assert told["by_motion"]["0"]["heads_doubtful"] == 0
    assert told["by_motion"]["5"]["heads_doubtful"] == told["by_motion"]["5"]["heads"] == 1
    assert told["by_motion"]["0"]["rough_doubtful"] == 0
    assert told["by_motion"]["5"]["t2"] == {"doubtful": 1}
    assert told["by_motion"]["5"]["chosen_of_two"] == {"still": 1}
    assert told["stripped"] == {"not assessable": 2}
