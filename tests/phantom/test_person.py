"""A patient's body, visit by visit."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import Label, Progression, Resection
from gliokit.phantom.body.individual import TINY
from gliokit.phantom.body.tissue import Tissue, labels_of
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.patient import Patient, draw_patient
from gliokit.phantom.patients.population import make_population
from gliokit.phantom.person import Making, Person, looks, make_person
from gliokit.phantom.scan.scanner import draw_scanner
from gliokit.phantom.tumor.parameters import Kind

DIALS = Dials()
POPULATION = make_population(1, dials=DIALS)
MAKING = Making(TINY, visits=6)


def drawn(number: int) -> Patient:
    return draw_patient(7, number, population=POPULATION, dials=DIALS)


def made(patient: Patient, making: Making = MAKING) -> Person:
    return make_person(patient, draw_scanner(np.random.default_rng(0)), making, dials=DIALS)


@pytest.fixture(scope="module")
def operated() -> Person:
    """Make a patient with an enhancing tumor that was operated on and came back."""
    for number in range(200):
        patient = drawn(number)
        seen = patient.resection is Resection.SUBTOTAL and patient.tumor.kind is Kind.RING
        if seen and patient.rt_end_day and patient.os_days > 400:
            person = made(patient)
            if any(visit.new_ml > 0.5 for visit in person.visits):
                return person
    raise AssertionError("no such patient among 200")


def enhancing_ml(person: Person) -> list[float]:
    return [
        float((labels_of(look.body.tissues) == Label.ENHANCING).sum() * person.grown.voxel_ml)
        for look in looks(person)
    ]


def test_images_show_as_much_enhancement_as_the_facts_say(operated):
    facts = [visit.residual_ml + visit.new_ml for visit in operated.visits]
    assert enhancing_ml(operated) == pytest.approx(facts, abs=1.5 * operated.grown.voxel_ml)


def test_the_cavity_is_there_after_surgery_alone(operated):
    for look in looks(operated):
        cavity = (labels_of(look.body.tissues) == Label.CAVITY).any()
        assert cavity == (look.visit.number > 0)


def test_a_tiny_cavity_holds_blood_at_first(operated):
    first = list(looks(operated))[1].body.tissues
    assert (first == Tissue.CAVITY_BLOOD).any()


def test_no_cell_is_left_where_tumor_has_answered(operated):
    for look in list(looks(operated))[2:]:
        answered = operated.grown.core & (look.body.tissues == Tissue.GLIOSIS)
        assert answered.any()
        assert look.density[answered].max() == 0


def test_without_its_dial_treatment_effect_relaxes_like_tumor():
    dials = Dials(treatment_effect=0.0)
    person = make_person(drawn(0), draw_scanner(np.random.default_rng(0)), MAKING, dials=dials)
    alike = person.relaxation[[Tissue.ENHANCING_TUMOR, Tissue.TREATMENT_EFFECT]]
    assert np.array_equal(*alike)
    linked = made(drawn(0)).relaxation[[Tissue.ENHANCING_TUMOR, Tissue.TREATMENT_EFFECT]]
    assert not np.array_equal(*linked)


def test_resected_cells_are_gone(operated):
    before, after = [look.density.sum() for look in looks(operated)][:2]
    assert after < 0.9 * before


def test_a_person_does_not_depend_on_who_was_made_before(operated):
    made(drawn(0))
    again = made(operated.patient)
    for one, two in zip(looks(operated), looks(again), strict=True):
        assert np.array_equal(one.body.tissues, two.body.tissues)


def test_more_visits_leave_the_earlier_ones_alone(operated):
    fewer = made(operated.patient, replace(MAKING, visits=2))
    for one, two in zip(looks(fewer), looks(operated), strict=False):
        assert np.array_equal(one.body.tissues, two.body.tissues)


def test_new_enhancement_outside_the_field_lies_apart_from_the_cavity(operated):
    end = operated.visits[-1]
    far = replace(end, cause=Progression.TRUE, new_ml=4.0, in_radiation_field=False)
    from gliokit.phantom.person import _recurrences

    visits = (*operated.visits[:-1], far)
    order = _recurrences(operated.grown, operated.patient, visits, operated.biology)
    order = order[Progression.TRUE].order
    first = np.array(np.unravel_index(order.argmin(), order.shape))
    away = np.linalg.norm(np.argwhere(operated.grown.core) - first, axis=1).min()
    assert away * operated.grown.healthy.spacing_mm > 15


def test_a_tumor_without_room_is_refused_with_its_patient():
    patient = drawn(1)
    huge = replace(patient, tumor=replace(patient.tumor, core_ml=2000))
    with pytest.raises(SimulationError, match=r"SIM-00001: a tumor core of 2000.0 mL was not"):
        made(huge, replace(MAKING, fixed_volume=True))


def test_a_tumor_that_finds_no_room_is_made_smaller_unless_its_volume_is_fixed():
    patient = drawn(1)
    large = replace(patient, tumor=replace(patient.tumor, core_ml=1800))
    assert made(large, replace(MAKING, visits=1)).grown.parameters.core_ml < 1800
