"""A treated tumor, visit by visit."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import Label, Progression
from gliokit.phantom.body.tissue import Tissue, labels_of
from gliokit.phantom.tumor.grown import GrownTumor, grow_tumor
from gliokit.phantom.tumor.parameters import Kind, TumorParameters
from gliokit.phantom.tumor.treatment import (
    Recurrence,
    Treated,
    measured_tissue,
    paint_treated,
    plan_recurrence,
    resected_tissue,
)

TUMOR = TumorParameters(Kind.RING, core_ml=8, edema_ml=12, rim_mm=3, roughness=0.3, seed=4)
AFTER_SURGERY = Treated(True, left_ml=0.5, residual_ml=0.5, blood=0.4)
LATER = replace(AFTER_SURGERY, blood=0.0, collapse=0.8, gliosis=0.5)


@pytest.fixture(scope="module")
def grown(small_brain) -> GrownTumor:
    return grow_tumor(small_brain, TUMOR)


@pytest.fixture(scope="module")
def recurrence(grown) -> Recurrence:
    return plan_recurrence(grown, AFTER_SURGERY, largest_ml=6.0)


def enhancing_ml(grown: GrownTumor, treated: Treated, recurrence: Recurrence) -> float:
    labels = labels_of(paint_treated(grown, treated, recurrence).tissues)
    return float((labels == Label.ENHANCING).sum() / 1000)


def test_as_much_enhancement_is_left_as_the_visit_says(grown, recurrence):
    assert enhancing_ml(grown, AFTER_SURGERY, recurrence) == pytest.approx(0.5, abs=0.01)
    gone = replace(AFTER_SURGERY, left_ml=0.0, residual_ml=0.0)
    assert enhancing_ml(grown, gone, recurrence) == 0


def test_a_fresh_cavity_holds_blood_and_a_later_one_has_collapsed(grown, recurrence):
    fresh, late = (
        paint_treated(grown, treated, recurrence).tissues for treated in (AFTER_SURGERY, LATER)
    )
    assert (fresh == Tissue.CAVITY_BLOOD).sum() > 100
    assert not (late == Tissue.CAVITY_BLOOD).any()
    cavity = [(labels_of(tissues) == Label.CAVITY).sum() for tissues in (fresh, late)]
    assert 0.3 * cavity[0] < cavity[1] < 0.8 * cavity[0]


def test_blood_fades_where_it_was(grown, recurrence):
    early, late = (
        paint_treated(
            grown, replace(AFTER_SURGERY, blood=blood, gliosis=gliosis), recurrence
        ).tissues
        == Tissue.CAVITY_BLOOD
        for blood, gliosis in ((0.6, 0.0), (0.2, 0.5))
    )
    assert late.any()
    assert np.all(late <= early)


def test_a_margin_is_taken_on_the_tumors_own_side_alone(small_brain):
    grown = grow_tumor(small_brain, replace(TUMOR, core_ml=3, edema_ml=0))
    taken = resected_tissue(grown, replace(AFTER_SURGERY, left_ml=0, residual_ml=0))
    reached = np.unique(small_brain.compartments[grown.core])
    assert taken.sum() > grown.core.sum()
    assert np.isin(small_brain.compartments[taken], reached).all()


def test_new_enhancement_that_finds_no_room_is_refused(grown, recurrence):
    with pytest.raises(SimulationError, match="found no room"):
        paint_treated(grown, replace(LATER, new_ml=60.0, cause=Progression.TRUE), recurrence)


@pytest.mark.parametrize("cause", [Progression.TRUE, Progression.PSEUDO])
def test_new_enhancement_has_the_volume_and_the_tissue_of_its_cause(grown, recurrence, cause):
    treated = replace(LATER, new_ml=4.0, cause=cause)
    assert enhancing_ml(grown, treated, recurrence) == pytest.approx(4.5, abs=0.02)
    tissues = paint_treated(grown, treated, recurrence).tissues
    assert (tissues == Tissue.TREATMENT_EFFECT).any() == (cause is Progression.PSEUDO)


def test_what_is_new_early_is_still_there_later(grown, recurrence):
    early, late = (
        paint_treated(
            grown, replace(LATER, new_ml=ml, cause=Progression.PSEUDO), recurrence
        ).tissues
        == Tissue.TREATMENT_EFFECT
        for ml in (1.0, 3.0)
    )
    assert np.all(early <= late)


def test_residual_tumor_can_shrink(grown, recurrence):
    less = replace(LATER, residual_ml=0.2)
    assert enhancing_ml(grown, less, recurrence) == pytest.approx(0.2, abs=0.01)


def test_a_biopsy_leaves_the_tumor_where_it_is(grown):
    whole = float(measured_tissue(grown).sum() / 1000)
    biopsied = Treated(False, left_ml=whole, residual_ml=whole)
    tissues = paint_treated(grown, biopsied, plan_recurrence(grown, biopsied, largest_ml=0)).tissues
    assert not (labels_of(tissues) == Label.CAVITY).any()
    assert (tissues == Tissue.ENHANCING_TUMOR).sum() == measured_tissue(grown).sum()


def test_more_than_there_was_cannot_be_left(grown, recurrence):
    with pytest.raises(SimulationError, match="resection leaves 50"):
        paint_treated(grown, replace(AFTER_SURGERY, left_ml=50.0), recurrence)
