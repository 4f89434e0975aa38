"""Edges of known width."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import Label, MRSequence
from gliokit.measurement.vasari.answers import MarginDefinition
from gliokit.measurement.vasari.evidence import Evidence, look_at
from gliokit.measurement.vasari.margins import find_edge, score_margins
from gliokit.measurement.vasari.necrosis import Split, split_core

CENTER = np.array([30, 28, 26])


def ramp(width_mm, *, label=Label.ENHANCING, sequence=MRSequence.T1C, spacing=1.0):
    """Draw a bright ball of 15 mm whose signal falls by 100 over a width."""
    grid = np.moveaxis(np.indices((61, 57, 53)), 0, -1)
    radius = np.linalg.norm(grid - CENTER, axis=-1) * spacing
    shown = 200 - 100 * np.clip((radius - 15) / width_mm + 0.5, 0, 1)
    affine = np.diag([spacing, spacing, spacing, 1.0])
    labels = LabelMap(np.where(radius <= 15, np.uint8(label), np.uint8(0)), affine)
    image = Image(shown.astype(np.float32), affine)
    return Evidence(labels, {sequence: image}, brain=np.ones(radius.shape, dtype=bool))


def margins(evidence, split=None):
    scene = look_at(evidence)
    return score_margins(scene, split_core(scene) if split is None else split)


@pytest.mark.parametrize("width", [2.0, 3.0, 4.0, 5.0])
@pytest.mark.parametrize("spacing", [0.8, 1.0])
def test_width_of_a_ramp_is_found(width, spacing):
    scene = look_at(ramp(width, spacing=spacing))
    at = scene.solid & (distance_transform_edt(scene.solid) <= 1)
    edge = find_edge(scene.images[MRSequence.T1C], scene.solid, at, scene)
    assert edge.width_mm == pytest.approx(width, abs=0.5)


@pytest.mark.parametrize(
    ("width", "value"),
    [(1.0, MarginDefinition.WELL), (3.5, MarginDefinition.WELL), (6.0, MarginDefinition.POOR)],
)
def test_narrow_margins_are_well_defined(width, value):
    assert margins(ramp(width))[0].value is value


def test_margin_without_contrast_is_poorly_defined():
    evidence = ramp(2.0)
    flat = Image(np.full_like(evidence.images[MRSequence.T1C].array, 100), evidence.labels.affine)
    assert (
        margins(replace(evidence, images={MRSequence.T1C: flat}))[0].value is MarginDefinition.POOR
    )


def test_outside_of_the_brain_is_no_margin():
    evidence = ramp(2.0)
    labels = evidence.labels.array > 0
    found = margins(replace(evidence, brain=distance_transform_edt(~labels) < 4))[0]
    assert found.value is None
    assert "only 0 places" in found.reason


def test_nonenhancing_margin_is_looked_for_on_flair_where_ncet_is():
    sharp = ramp(2.0, label=Label.NECROTIC_CORE, sequence=MRSequence.FLAIR)
    blurred = ramp(7.0, label=Label.NECROTIC_CORE, sequence=MRSequence.FLAIR)
    assert margins(sharp)[1].value is MarginDefinition.WELL
    assert margins(blurred)[1].value is MarginDefinition.POOR


def test_margins_of_what_is_not_there_do_not_apply():
    assert margins(ramp(2.0))[1].value is MarginDefinition.NOT_APPLICABLE
    core = ramp(2.0, label=Label.NECROTIC_CORE)
    assert margins(core)[0].value is MarginDefinition.NOT_APPLICABLE


def test_core_that_could_not_be_split_has_no_nonenhancing_margin():
    assert margins(ramp(2.0), split="no t2 image")[1].reason == "no t2 image"


def test_margins_need_their_images():
    evidence = replace(ramp(2.0), images={})
    scene = look_at(evidence)
    split = Split(~scene.whole, scene.whole, 0.0)
    assert [score.value for score in score_margins(scene, split)] == [None, None]
