"""Place and side of the center."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.measurement.vasari.answers import Location, TumorSide
from gliokit.measurement.vasari.evidence import look_at
from gliokit.measurement.vasari.location import score_location
from gliokit.preprocessing.tissue_midline import Midline


def at(head, center, radius=8, **changes):
    labels = head.labels(enhancing=head.ball(center, radius))
    place, side = score_location(look_at(replace(head.evidence(labels), **changes)))
    return place, side


@pytest.mark.parametrize(
    ("center", "value"),
    [
        ((30, 40, 20), Location.FRONTAL),
        ((-50, -10, -20), Location.TEMPORAL),
        ((40, -45, 45), Location.PARIETAL),
        ((-20, -88, 5), Location.OCCIPITAL),
        ((36, 5, 2), Location.INSULAR),
        ((0, -28, -30), Location.BRAINSTEM),
        ((25, -65, -35), Location.CEREBELLUM),
        ((25, 5, 2), Location.BASAL_GANGLIA),
        ((-12, -20, 8), Location.THALAMUS),
        ((0, 29, 10), Location.CORPUS_CALLOSUM),
        ((0, 0, 26), Location.CORPUS_CALLOSUM),
    ],
)
def test_centers_in_known_places(brain, center, value):
    assert at(brain, center, 5)[0].value is value


@pytest.mark.parametrize(
    ("x", "midline_mm", "value"),
    [
        (40.5, 0, TumorSide.RIGHT),
        (7.5, 2.4, TumorSide.RIGHT),
        (7.5, 2.5, TumorSide.CENTER),
        (-7.5, -2.5, TumorSide.CENTER),
        (-7.5, -2.4, TumorSide.LEFT),
    ],
)
def test_side_at_the_edges_of_the_middle(brain, x, midline_mm, value):
    evidence = brain.evidence(brain.labels(enhancing=brain.ball((x, -46.5, 46.5), 1)))
    anatomy = replace(evidence.anatomy, midline=Midline((1.0, 0.0, 0.0), midline_mm))
    side = score_location(look_at(replace(evidence, anatomy=anatomy)))[1]
    assert side.value is value


def test_largest_part_decides(brain):
    tumor = brain.ball((-40, 20, 20), 12) | brain.ball((40, -45, 45), 10)
    place, side = score_location(look_at(brain.evidence(brain.labels(enhancing=tumor))))
    assert (place.value, side.value) == (Location.FRONTAL, TumorSide.LEFT)


def test_edema_has_no_say_where_there_is_tumor(brain):
    labels = brain.labels(
        edema=brain.ball((-40, 20, 20), 25), enhancing=brain.ball((40, -45, 45), 8)
    )
    assert score_location(look_at(brain.evidence(labels)))[1].value is TumorSide.RIGHT


def test_edema_alone_is_located(brain):
    labels = brain.labels(edema=brain.ball((40, -45, 45), 8))
    assert score_location(look_at(brain.evidence(labels)))[0].value is Location.PARIETAL


def test_center_in_a_corner_of_its_lobe_is_trusted_less(brain):
    assert at(brain, (30, 40, 20))[0].confidence > at(brain, (40, -24, 45), 15)[0].confidence


def test_without_anatomy_the_brain_still_has_sides(brain):
    place, side = at(brain, (40, -45, 45), anatomy=None)
    assert (place.value, side.value) == (None, TumorSide.RIGHT)
    assert side.confidence < at(brain, (40, -45, 45))[1].confidence


def test_without_anatomy_and_brain_there_is_no_side(brain):
    assert at(brain, (40, -45, 45), anatomy=None, brain=None)[1].value is None


def test_center_outside_the_lobes_has_no_place(brain):
    evidence = brain.evidence(brain.labels(enhancing=brain.ball((40, -45, 45), 8)))
    nowhere = replace(evidence.anatomy, lobes=np.zeros_like(evidence.anatomy.lobes))
    assert score_location(look_at(replace(evidence, anatomy=nowhere)))[0].value is None
