"""Simulated readers: no jitter gives the measure itself, and jitter is as large as said."""

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.measurement.diameters import measure_lesion
from gliokit.measurement.volumetry.readers import (
    JITTER,
    Jitter,
    Lines,
    Reader,
    caliper_target,
    draw_readers,
    jitter_box,
    jitter_seed,
    read_calipers,
)

STEADY = Jitter(seed_mm=0, box_margin_mm=5, box_mm=0, habit_mm=0, slice_mm=0, caliper_mm=0)
PLAIN = Reader("plain", 0.0)


def test_jitter_is_what_was_fixed_before_the_first_measurement():
    assert Jitter(2.0, 5.0, 2.0, 0.5, 3.0, 1.0) == JITTER


def test_steady_reader_reads_the_longest_diameter_and_its_perpendicular(scan):
    target = caliper_target(scan.tumor, scan.affine)
    reading = read_calipers(target, PLAIN, np.random.default_rng(0), jitter=STEADY)
    exact = measure_lesion(scan.tumor, scan.affine).diameters
    assert reading.longest_mm == pytest.approx(exact.longest.length_mm)
    assert reading.product_mm2 == pytest.approx(exact.product_mm2)


def test_steady_box_stands_off_the_lesion_by_its_margin(scan):
    sides = jitter_box(scan.tumor, scan.affine, PLAIN, np.random.default_rng(0), jitter=STEADY)
    places = np.argwhere(scan.tumor) + scan.affine[:3, 3]
    np.testing.assert_allclose(np.array(sides)[:, 0], places.min(axis=0) - 5.5)
    np.testing.assert_allclose(np.array(sides)[:, 1], places.max(axis=0) + 5.5)


def test_seeds_stray_as_far_as_said():
    rng = np.random.default_rng(0)
    seeds = np.array([jitter_seed((1, 2, 3), rng) for _ in range(4000)])
    np.testing.assert_allclose(seeds.std(axis=0), JITTER.seed_mm, rtol=0.05)
    np.testing.assert_allclose(seeds.mean(axis=0), [1, 2, 3], atol=0.15)


def test_habit_of_a_reader_shows_at_both_ends_of_a_caliper(scan):
    target = caliper_target(scan.tumor, scan.affine)
    wide, plain = (
        read_calipers(target, Reader("r", habit), np.random.default_rng(0), jitter=STEADY)
        for habit in (1.0, 0.0)
    )
    assert wide.longest_mm == pytest.approx(plain.longest_mm + 2)


def test_nobody_reads_less_than_a_pixel():
    dot = np.zeros((5, 5, 3), bool)
    dot[2, 2, 1] = True
    narrow = Reader("narrow", -4.0)
    target = caliper_target(dot, np.diag([0.8, 1.2, 3.0, 1.0]))
    for lines in Lines:
        rng = np.random.default_rng(0)
        reading = read_calipers(target, narrow, rng, jitter=STEADY, lines=lines)
        assert (reading.longest_mm, reading.perpendicular_mm) == (0.8, 0.8)


def test_readers_differ_and_are_drawn_again_from_the_same_seed():
    first, second = (draw_readers(6, np.random.default_rng(3)) for _ in range(2))
    assert first == second
    assert len({reader.habit_mm for reader in first}) == 6


def perpendiculars(caliper_mm):
    """Read a line of 40 mm, one of 39.6 at 45 degrees to it, and one of 20 across the first."""
    mask = np.zeros((60, 60, 1), bool)
    mask[:40, 0] = mask[50, 10:30] = True
    mask[np.arange(28), 20 + np.arange(28)] = True
    target = caliper_target(mask, np.diag([1.0, 1.0, 3.0, 1.0]))
    jitter = Jitter(slice_mm=0, caliper_mm=caliper_mm)
    rng = np.random.default_rng(0)
    return [
        read_calipers(target, PLAIN, rng, jitter=jitter, lines=Lines.CHOSEN).perpendicular_mm
        for _ in range(40)
    ]


def test_a_line_that_hands_can_tell_from_the_longest_is_never_chosen():
    assert min(perpendiculars(0.1)) > 19


def test_a_line_that_hands_cannot_tell_from_the_longest_is_chosen_and_another_perpendicular():
    across = np.array(perpendiculars(0.5))
    assert 0.2 < np.mean(across > 15) < 0.8
    assert across.min() < 4


def test_empty_lesion_is_refused(scan):
    with pytest.raises(NotAssessableError):
        caliper_target(np.zeros_like(scan.tumor), scan.affine)
