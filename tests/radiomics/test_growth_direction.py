"""Growth of spheres, boxes and ellipsoids, whose change of radius and shift are known."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, SettingsError
from gliokit.radiomics.growth_direction import DEFINITIONS, describe_growth, sector_directions
from gliokit.radiomics.location import Anatomy

SHAPE = (60, 56, 52)
MIDDLE = (30, 28, 26)
GRID = np.moveaxis(np.indices(SHAPE), 0, -1)


def ellipsoid(radii, center=MIDDLE):
    return (((GRID - center) / np.broadcast_to(radii, 3)) ** 2).sum(axis=-1) <= 1


@pytest.fixture(scope="module")
def anatomy():
    """Give a brain that fills the image, its midline at x 20, ventricles around x 18 to 21."""
    brain = np.ones(SHAPE, dtype=bool)
    right = np.zeros(SHAPE, dtype=bool)
    right[20:] = True
    ventricles = np.zeros(SHAPE, dtype=bool)
    ventricles[18:22, 10:46, 10:42] = True
    return Anatomy(np.eye(4), brain, ventricles, right)


def values(described, start):
    return np.array([value for name, value in described.items() if name.startswith(start)])


def test_features_come_in_the_order_of_their_definitions(anatomy):
    after = ellipsoid(9, np.add(MIDDLE, 1))
    described = describe_growth(ellipsoid(6), after, anatomy, days=90)
    assert list(described) == [definition.name for definition in DEFINITIONS]
    assert np.isfinite(list(described.values())).all()


def test_sectors_are_20_unit_vectors_of_equal_distance():
    directions = sector_directions()
    assert directions.shape == (20, 3)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    cosines = directions @ directions.T - 2 * np.eye(20)
    np.testing.assert_allclose(cosines.max(axis=1), 5**0.5 / 3)


def test_growing_sphere_grows_alike_in_all_directions(anatomy):
    described = describe_growth(ellipsoid(10), ellipsoid(15), anatomy, days=50)
    assert described["growth_radius"] == pytest.approx(5, rel=0.01)
    assert described["growth_radius_per_day"] == pytest.approx(0.1, rel=0.01)
    assert described["growth_volume_relative"] == pytest.approx(1.5**3 - 1, rel=0.02)
    assert described["growth_sector_mean"] == pytest.approx(5, rel=0.02)
    assert described["growth_sector_standard_deviation"] < 0.1
    assert described["growth_shift"] == pytest.approx(0, abs=1e-9)
    assert described["growth_anisotropy"] == pytest.approx(0, abs=1e-9)
    octants = values(described, "growth_octant")
    np.testing.assert_allclose(octants, described["growth_volume"] / 8)
    np.testing.assert_allclose(values(described, "growth_axis"), 1.5, rtol=0.01)
    assert described["growth_reach_max"] == pytest.approx(5, abs=0.5)


def test_moved_sphere_shifts_and_keeps_its_volume(anatomy):
    moved = np.add(MIDDLE, (3, -4, 0))
    described = describe_growth(ellipsoid(10), ellipsoid(10, moved), anatomy, days=20)
    assert described["growth_volume"] == described["growth_radius"] == 0
    np.testing.assert_allclose(values(described, "growth_shift")[:3], [3, -4, 0], atol=1e-9)
    assert described["growth_shift"] == pytest.approx(5)
    assert described["growth_shift_per_day"] == pytest.approx(0.25)
    np.testing.assert_allclose(values(described, "growth_direction"), [0.6, -0.8, 0], atol=0.05)
    # growth goes with the cosine of the angle: mean square over mean size is 2/3
    assert described["growth_anisotropy"] == pytest.approx(2 / 3, abs=0.05)
    # a sphere moved by 5 mm reaches 5 mm further ahead, and less far behind
    assert described["growth_sector_max"] == pytest.approx(5, abs=0.7)
    assert described["growth_sector_min"] == pytest.approx(-5, abs=0.7)
    np.testing.assert_allclose(values(described, "growth_axis"), 1)


def test_ellipsoid_grows_along_its_axes(anatomy):
    described = describe_growth(ellipsoid((12, 8, 6)), ellipsoid((15, 16, 6)), anatomy, days=30)
    np.testing.assert_allclose(values(described, "growth_axis"), [1.25, 2, 1], rtol=0.02)
    assert described["growth_anisotropy"] == pytest.approx(0, abs=1e-9)
    assert np.isnan(values(described, "growth_direction")).all()


def test_box_that_grows_into_one_octant_is_found_there(anatomy):
    before, after = np.zeros(SHAPE, dtype=bool), np.zeros(SHAPE, dtype=bool)
    before[26:34, 24:32, 22:30] = after[26:34, 24:32, 22:30] = True
    after[34:40, 24:28, 26:30] = True  # right, back, head
    described = describe_growth(before, after, anatomy, days=30)
    octants = values(described, "growth_octant")
    assert described["growth_octant_rps"] == described["growth_volume"] == 96
    assert np.count_nonzero(octants) == 1
    right, front, head = values(described, "growth_direction")
    assert right > 0.7
    assert front < 0
    assert head > 0


def test_shrinking_is_negative_growth(anatomy):
    described = describe_growth(ellipsoid(15), ellipsoid(10), anatomy, days=50)
    assert described["growth_radius_per_day"] == pytest.approx(-0.1, rel=0.01)
    assert described["growth_sector_max"] < -4.5
    assert np.isnan(values(described, "growth_reach")).all()


def test_growth_to_the_left_leads_toward_midline_and_ventricles(anatomy):
    before = np.zeros(SHAPE, dtype=bool)
    before[34:40, 24:32, 22:30] = True
    toward, away, along = before.copy(), before.copy(), before.copy()
    toward[30:34, 24:32, 22:30] = True
    away[40:44, 24:32, 22:30] = True
    along[34:40, 32:34, 22:30] = True
    for after, shares in ((toward, (1, 0)), (away, (0, 1)), (along, (0, 0))):
        described = describe_growth(before, after, anatomy, days=30)
        assert tuple(values(described, "growth_toward")) == (shares[0],) * 2
        assert tuple(values(described, "growth_away")) == (shares[1],) * 2


def test_patient_counts_not_the_direction_of_the_axes(anatomy):
    before, after = ellipsoid(8), ellipsoid((8, 10, 9), np.add(MIDDLE, (4, 1, -2)))
    flipped = np.diag([-1.0, 1.0, 1.0, 1.0])
    masks = (anatomy.brain, anatomy.ventricles, anatomy.right)
    there = Anatomy(flipped, *(mask[::-1] for mask in masks))
    np.testing.assert_allclose(
        list(describe_growth(before[::-1], after[::-1], there, days=10).values()),
        list(describe_growth(before, after, anatomy, days=10).values()),
        atol=1e-9,
    )


def test_growth_is_in_millimeters(anatomy):
    before, after = ellipsoid(8), ellipsoid((8, 10, 9), np.add(MIDDLE, (4, 1, -2)))
    wide = replace(anatomy, affine=np.diag([2.0, 2.0, 2.0, 1.0]))
    here = describe_growth(before, after, anatomy, days=10)
    there = describe_growth(before, after, wide, days=10)
    factors = {"mm": 2, "mm/day": 2, "mm³": 8, "1": 1}
    for definition in DEFINITIONS:
        scaled = factors[definition.unit] * here[definition.name]
        assert there[definition.name] == pytest.approx(scaled, abs=1e-9)


def test_no_growth_has_no_direction(anatomy):
    described = describe_growth(ellipsoid(8), ellipsoid(8), anatomy, days=10)
    assert described["growth_shift"] == described["growth_sector_max"] == 0
    nowhere = ("growth_anisotropy", "growth_direction", "growth_reach", "growth_toward")
    for start in nowhere:
        assert np.isnan(values(described, start)).all()


def test_tumor_that_is_new_or_gone_has_a_volume_only(anatomy):
    none = np.zeros(SHAPE, dtype=bool)
    new = describe_growth(none, ellipsoid(10), anatomy, days=10)
    gone = describe_growth(ellipsoid(10), none, anatomy, days=10)
    assert new["growth_volume"] == -gone["growth_volume"] > 4000
    assert gone["growth_volume_relative"] == -1
    assert np.isnan(new["growth_volume_relative"])
    for described in (new, gone):
        assert np.isnan(list(described.values())[4:]).all()


def test_flat_region_has_no_growth_factor_across(anatomy):
    before = np.zeros(SHAPE, dtype=bool)
    before[20:40, 24:32, 26] = True
    described = describe_growth(before, ellipsoid(10), anatomy, days=10)
    assert np.array_equal(np.isnan(values(described, "growth_axis")), [False, False, True])


def test_without_ventricles_and_halves_nothing_leads_there(anatomy):
    alone = Anatomy(np.eye(4), anatomy.brain)
    described = describe_growth(ellipsoid(8), ellipsoid(10), alone, days=10)
    for start in ("growth_toward", "growth_away"):
        assert np.isnan(values(described, start)).all()


def test_bad_input_is_refused(anatomy):
    with pytest.raises(GeometryError, match="register and resample"):
        describe_growth(ellipsoid(8), ellipsoid(10)[1:], anatomy, days=10)
    for days in (0, -3, np.nan):
        with pytest.raises(SettingsError, match="between the visits"):
            describe_growth(ellipsoid(8), ellipsoid(10), anatomy, days=days)
