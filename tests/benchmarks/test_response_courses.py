"""The truth of the benchmark of response courses: sizes in closed form, and what they tell."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gliokit.core.vocabulary import Label
from gliokit.measurement.measurability import SIZE_RULES
from gliokit.measurement.response.facts import NewLesion, NonTarget

HERE = np.zeros(3)
PARTS = ("agreement", "bodies", "courses", "images", "patients", "plans", "truth")


@pytest.fixture
def made(load):
    return SimpleNamespace(**{name: load(f"response_{name}") for name in PARTS})


def test_an_ellipsoid_measures_as_its_ellipse_in_the_plane(made):
    turn = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1.0]])
    size = made.bodies.true_size(made.bodies.Ellipsoid(HERE, np.array([12.0, 8, 5]), turn))
    assert size.longest_mm == pytest.approx(24)
    # 5 degrees off the right angle a chord is a little longer
    assert size.shorter_mm == pytest.approx(
        2 / np.hypot(np.sin(0.0873) / 12, np.cos(0.0873) / 8), 1e-4
    )
    assert size.volume_ml == pytest.approx(4 / 3 * np.pi * 12 * 8 * 5 / 1000)


@pytest.mark.parametrize("hollow", [0.3, 0.6, 0.85])
def test_sampled_chords_of_a_ring_are_those_of_the_closed_form(made, hollow):
    ring = made.bodies.Bitten(HERE, 12.0, HERE, 12 * hollow, Label.NECROTIC_CORE)
    longest, shorter = made.bodies.widest(made.bodies.chords_of_bitten(ring))
    size = made.bodies.true_size(ring)
    assert size.longest_mm == pytest.approx(24 * np.sqrt(1 - hollow**2))
    assert longest * shorter == pytest.approx(size.product_mm2, rel=0.005)
    assert made.bodies.true_size(ring, filled=True).product_mm2 == pytest.approx(24**2)


def test_a_bumpy_body_without_bumps_is_a_ball(made):
    size = made.bodies.true_size(made.bodies.Bumpy(HERE, 10.0, np.zeros((0, 3)), np.zeros(0)))
    assert size.product_mm2 == pytest.approx(400, rel=0.005)
    assert size.volume_ml == pytest.approx(4 / 3 * np.pi, rel=0.001)


@pytest.mark.parametrize(("away", "share"), [(25.0, 1.0), (2.0, 0.0), (10.0, 11 / 16)])
def test_a_bitten_ball_lacks_the_lens_of_both_balls(made, away, share):
    bite = 10.0 if away > 5 else 13.0
    body = made.bodies.Bitten(HERE, 10.0, np.array([away, 0, 0]), bite)
    assert made.bodies.bitten_ml(body) == pytest.approx(share * 4 / 3 * np.pi, abs=1e-9)


def test_a_nodule_grows_on_a_wall_that_stays_and_a_crescent_with_its_bite(made):
    wall = made.bodies.Bitten(HERE, 8.0, np.array([14.0, 0, 0]), 14.0, Label.CAVITY, fixed=True)
    crescent = made.bodies.Bitten(HERE, 8.0, np.array([6.0, 0, 0]), 7.0)
    assert made.bodies.resized(wall, 2.0).bite_radius == 14
    grown = made.bodies.resized(crescent, 2.0)
    before, after = (made.bodies.true_size(body) for body in (crescent, grown))
    assert after.product_mm2 == pytest.approx(4 * before.product_mm2)


def test_voxels_hold_the_volume_of_every_body(made):
    rng = np.random.default_rng(5)
    affine = np.eye(4)
    affine[:3, 3] = -48.3
    for shape in made.plans.SHAPES:
        labels = np.zeros((98, 98, 98), dtype=np.uint8)
        bodies = made.plans.draw_lesions(shape, rng)
        rim = sum(getattr(body, "rim_mm", 0.0) for body in bodies)
        for body in bodies:
            made.bodies.paint(labels, affine, body)
        found = np.count_nonzero(labels == Label.ENHANCING) / 1000
        true = sum(made.bodies.body_ml(body) for body in bodies)
        assert rim or found == pytest.approx(true, rel=0.05)


def size(bodies, longest, shorter, volume=1.0):
    return bodies.Size(float(longest), float(shorter), volume)


def test_targets_are_the_largest_measurable_and_later_ones_join_the_sum(made):
    first = [size(made.bodies, *own) for own in ((20, 12), (15, 15), (30, 9), (11, 11), (14, 10))]
    now = [*first[:2], size(made.bodies, 30, 10), *first[3:]]
    told = made.truth.told_of([first, now], SIZE_RULES["rano2_2023"])
    assert [it.targets for it in told] == [3, 3]
    assert [it.product_mm2 for it in told] == [605, 605]  # the thin one is judged apart
    borrowed = replace(SIZE_RULES["mrano2017"], targets=3)
    told = made.truth.told_of([first, now], borrowed)
    assert [it.product_mm2 for it in told] == [240 + 225 + 140, 240 + 225 + 140 + 300]
    assert told[1].nontarget is NonTarget.STABLE  # 300 of 270 mm² is no quarter more
    assert {it.new_lesion for it in told} == {NewLesion.NONE}


def test_what_was_never_there_is_new_and_what_returns_is_not(made):
    gone, small = made.truth.NOTHING, size(made.bodies, 8, 8, 0.3)
    there = size(made.bodies, 15, 15)
    told = made.truth.told_of(
        [[there, gone], [gone, gone], [there, small]], SIZE_RULES["rano2_2023"]
    )
    assert [it.new_lesion for it in told][1:] == [NewLesion.NONE, NewLesion.NOT_MEASURABLE]
    assert [it.product_mm2 for it in told] == [225, 0, 225]


def test_sizes_are_drawn_at_the_thresholds_and_margins_that_are_stated(made):
    rng = np.random.default_rng(0)
    drawn = np.array([made.plans.draw_size([900.0, 700.0], rng) for _ in range(400)])
    grown = np.abs(np.log(drawn[drawn > 0] / (700 * 1.25)))
    assert np.mean(drawn == 0) == pytest.approx(0.06, abs=0.03)
    assert ((grown > 0.005) & (grown < 0.4)).sum() > 100
    assert drawn.max() <= 2.5 * 900


def test_a_course_of_one_ball_agrees_where_no_threshold_is_close(made):
    course = made.courses.judge_course(0, 0)
    rows = [made.agreement.Judged(0, course["shape"], *row) for row in course["visits"]]
    assert {row.criterion for row in rows} == set(made.truth.CRITERIA)
    assert {row.slices_mm for row in rows} == {1, 3, 5}
    assert all(row.same for row in rows if row.margin > 0.2 and row.cause != "earlier visit")
    json.dumps(made.agreement.report([course, {**course, "course": 1}]))


def test_the_phantom_is_told_in_its_own_words(made):
    words = {"preliminary PR": "PR", "MR": "SD", "not assessable": "NE", "PD": "PD"}
    assert {word: made.images.as_phantom(word) for word in words} == words
