"""The engine against the truth of simulated patients, which is a simpler telling of RANO 2.0."""

import numpy as np

from gliokit.core.vocabulary import ClinicalChange
from gliokit.measurement.response.course import classify_course
from gliokit.measurement.response.facts import NewLesion, NonTarget
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.readings import (
    GrowthOnFewerSteroids,
    Readings,
    ResponseOnMoreSteroids,
)
from gliokit.measurement.response.visit import Disease, Treatment, Visit
from gliokit.phantom.patients.response_truth import Assessment, categories

# that truth confirms nothing, knows no 12 weeks, and calls stable what is none of the others
OPTIONS = Options(
    baseline=0,
    confirm_responses=False,
    readings=Readings(
        growth_on_fewer_steroids=GrowthOnFewerSteroids.STABLE,
        response_on_more_steroids=ResponseOnMoreSteroids.STABLE,
    ),
)


def as_visit(number, truth):
    return Visit(
        40 * number,
        Disease(None, truth.volume_ml, NonTarget.ABSENT),
        new_lesion=NewLesion.MEASURABLE if truth.new_lesion else NewLesion.NONE,
        dexamethasone_mg_per_day=truth.dexamethasone_mg_per_day,
        clinical_change=ClinicalChange.WORSE if truth.declined else ClinicalChange.STABLE,
    )


def test_random_courses_get_the_categories_of_the_simulated_truth():
    rng = np.random.default_rng(3)
    for _ in range(300):
        truth = [
            Assessment(
                volume_ml=float(rng.choice([0, 0.4, 1, 2, 3, 5, 8])),
                dexamethasone_mg_per_day=float(rng.choice([0, 2, 4])),
                declined=bool(number and rng.random() < 0.1),
                new_lesion=bool(number and rng.random() < 0.1),
            )
            for number in range(6)
        ]
        visits = [as_visit(number, visit) for number, visit in enumerate(truth)]
        found = classify_course(
            visits, "rano2_2023-volume", treatment=Treatment(irradiated=False), options=OPTIONS
        )
        expected = ["not assessable" if it == "NE" else it for it in categories(truth)]
        assert [str(it.category) for it in found] == expected
