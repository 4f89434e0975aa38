"""Fluid is ventricle where it hangs together with their usual place."""

import numpy as np

from gliokit.preprocessing.tissue_ventricles import find_ventricles

SPACING = np.array([1.0, 1.0, 1.0])
SHAPE = (40, 24, 24)


def case():
    """Give fluid of a ventricle that is usual at its left and unusual at its right."""
    fluid, chance = np.zeros(SHAPE, bool), np.full(SHAPE, 0.5, np.float32)
    fluid[4:24, 8:16, 8:16] = True
    chance[4:12] = 0.95
    return fluid, chance, np.zeros(SHAPE, bool)


def test_a_ventricle_that_was_pushed_away_is_followed():
    fluid, chance, inner = case()
    assert np.array_equal(find_ventricles(fluid, chance, SPACING, inner=inner), fluid)


def test_a_sulcus_that_touches_by_a_bridge_stays_outside():
    fluid, chance, inner = case()
    fluid[24:28, 12, 12] = True
    fluid[28:38, 4:20, 4:20] = True
    chance[28:] = 0.02
    found = find_ventricles(fluid, chance, SPACING, inner=inner)
    assert found[4:22].sum() == fluid[4:22].sum()
    assert not found[30:].any()


def test_fluid_of_another_place_is_no_ventricle():
    fluid, chance, inner = case()
    chance[:] = 0.05
    assert not find_ventricles(fluid, chance, SPACING, inner=inner).any()


def test_choroid_plexus_inside_is_added_and_brain_beside_is_not():
    fluid, chance, inner = case()
    fluid[8:10, 11:13, 11:13] = False
    inner[8:10, 11:13, 11:13] = True
    inner[:, :4] = True
    found = find_ventricles(fluid, chance, SPACING, inner=inner)
    assert found[8:10, 11:13, 11:13].all()
    assert not found[:, :4].any()


def test_without_fluid_there_is_none():
    _, chance, inner = case()
    assert not find_ventricles(np.zeros(SHAPE, bool), chance, SPACING, inner=inner).any()


def test_thick_slices_change_nothing_of_the_rule():
    fluid, chance, inner = case()
    thick = np.array([1.0, 1.0, 5.0])
    assert np.array_equal(find_ventricles(fluid, chance, thick, inner=inner), fluid)
