"""Chords of large regions: what is ruled out by blocks of pixels holds no chord."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gliokit.measurement import chords
from gliokit.measurement.chords import Ends, PlanarRegion, all_steps, line_across


def blobs(shape, seed, share):
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 2)
    return noise > np.quantile(noise, 1 - share)


def some_chords(mask):
    """Find the chords of every third step, to be quick."""
    steps = all_steps(mask.shape, np.array([1.0, 1.3])).by_falling_length()
    return list(PlanarRegion(mask).chords(steps[slice(None, None, 3)]))


@pytest.mark.parametrize(
    ("shape", "share"), [((60, 50), 0.3), ((50, 55), 0.8), ((12, 300), 0.4), ((280, 9), 0.9)]
)
def test_blocks_rule_out_no_chord(shape, share, monkeypatch):
    mask = blobs(shape, 1, share)
    found = some_chords(mask)
    monkeypatch.setattr(chords, "_BLOCKS", ())
    assert found == some_chords(mask)
    assert len(found) > 100


def test_second_search_of_a_region_finds_the_same():
    mask = blobs((60, 50), 2, 0.5)
    steps = all_steps(mask.shape, np.array([1.0, 1.0])).by_falling_length()
    region = PlanarRegion(mask)
    assert list(region.chords(steps)) == list(region.chords(steps))


def test_chords_come_in_the_order_of_the_steps():
    lengths = [chord.length_mm for chord in some_chords(blobs((20, 20), 3, 0.5))]
    assert lengths == sorted(lengths, reverse=True)


def test_line_across_a_pixel_ends_on_its_edge_or_midway_to_it():
    assert line_across(np.array([1.0, -4.0])).tolist() == [0.25, -1]
    assert line_across(np.array([1.0, -4.0]), Ends.MIDWAY).tolist() == [0.125, -0.5]
