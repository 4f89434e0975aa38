"""Growth by threshold and by likeness on images whose parts are known."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, NotAssessableError
from gliokit.measurement.volumetry.canvas import Canvas
from gliokit.measurement.volumetry.region_growing import (
    GrowAbove,
    GrowAlike,
    grow_above,
    grow_alike,
)

TUMOR_SEED = (15.0, -4.0, 12.0)


def overlap(mask, reference):
    return 2 * np.sum(mask & reference) / (mask.sum() + reference.sum())


def blocks():
    """Give a strong block with a weak rim, a weak block, and a strong speck."""
    image = np.zeros((20, 20, 20), np.float32)
    image[2:9, 2:9, 2:9] = 3
    image[4:7, 4:7, 4:7] = 8
    image[12:18, 12:18, 12:18] = 3
    image[2, 17, 2] = 9
    return Canvas(image, np.ones(image.shape, bool), np.eye(4))


def test_part_is_kept_whole_if_it_holds_something_strong():
    grown = grow_above(blocks(), GrowAbove())
    expected = np.zeros_like(grown)
    expected[2:9, 2:9, 2:9] = True
    np.testing.assert_array_equal(grown, expected)


def test_speck_is_kept_where_a_seed_lies_in_it():
    grown = grow_above(blocks(), GrowAbove(seeds_mm=((2, 17, 2),)))
    assert np.argwhere(grown).tolist() == [[2, 17, 2]]


def test_seed_beside_the_tumor_moves_to_it():
    grown = grow_above(blocks(), GrowAbove(seeds_mm=((9, 5, 5),)))
    assert grown.sum() == 7**3


def test_seed_far_from_anything_strong_is_refused():
    with pytest.raises(NotAssessableError, match=r"seed 15,15,15 nothing enhances: at most 3.0"):
        grow_above(blocks(), GrowAbove(seeds_mm=((15, 15, 15),)))


def test_seed_outside_the_image_is_refused():
    with pytest.raises(GeometryError, match="outside the image"):
        grow_above(blocks(), GrowAbove(seeds_mm=((15, 15, 99),)))


def test_growth_stays_in_the_box():
    grown = grow_above(blocks(), GrowAbove(box_mm=((0, 6), (0, 20), (0, 20))))
    assert grown[:7].sum() == 5 * 7 * 7
    assert not grown[7:].any()


def test_growth_stays_within_what_is_allowed():
    canvas = blocks()
    allowed = np.ones_like(canvas.allowed)
    allowed[:, :5] = False
    grown = grow_above(replace(canvas, allowed=allowed), GrowAbove())
    assert grown.sum() == 7 * 4 * 7


def test_nothing_strong_is_no_empty_answer():
    canvas = blocks()
    weak = replace(canvas, enhancement=canvas.enhancement / 4)
    with pytest.raises(NotAssessableError, match="reaches 4 times the noise"):
        grow_above(weak, GrowAbove())


def test_outline_without_brain_is_refused():
    nowhere = replace(blocks(), allowed=np.zeros((20, 20, 20), bool))
    with pytest.raises(NotAssessableError, match="no brain without blood"):
        grow_above(nowhere, GrowAbove())


def test_tumor_is_found_and_the_clot_is_not(scan):
    grown = grow_above(scan.canvas, GrowAbove())
    assert overlap(grown, scan.tumor) > 0.95
    assert not (grown & scan.clot).any()


def test_seeds_all_over_the_tumor_give_the_same_outline(scan):
    seeds = [(15.0, -4.0, 12.0), (10.0, 1.0, 12.0), (10.0, -4.0, 17.0)]
    masks = [grow_above(scan.canvas, GrowAbove((seed,))) for seed in seeds]
    assert all(np.array_equal(mask, masks[0]) for mask in masks)


def test_likeness_finds_the_tumor_too(scan):
    grown = grow_alike(scan.canvas, GrowAlike((TUMOR_SEED,)))
    assert overlap(grown, scan.tumor) > 0.9


def test_likeness_leaves_out_what_is_much_brighter():
    image = np.zeros((20, 10, 10), np.float32)
    image[:10] = 6
    image[10:] = 30
    canvas = Canvas(image, np.ones(image.shape, bool), np.eye(4))
    grown = grow_alike(canvas, GrowAlike(seeds_mm=((4, 5, 5),)))
    assert grown[:10].all()
    assert not grown[10:].any()


def test_likeness_without_a_seed_is_refused():
    with pytest.raises(NotAssessableError, match="needs a seed"):
        grow_alike(blocks(), GrowAlike())
