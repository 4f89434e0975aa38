"""Visits at which nothing happens but a change of size, and their categories."""

from dataclasses import replace

import pytest

from gliokit.core.vocabulary import ClinicalChange
from gliokit.measurement.response.course import classify_course
from gliokit.measurement.response.facts import Enhancement, Flair, NewLesion, NonTarget
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.visit import Disease, Treatment, Visit

NEVER_IRRADIATED = Treatment(irradiated=False, immunotherapy=False)


@pytest.fixture(scope="session")
def visit():
    """Make a visit where both components have one size, and nothing else happens."""

    def make(day, size, *, dose=2.0, **facts):
        disease = Disease(size, None if size is None else size / 100, NonTarget.ABSENT)
        quiet = Visit(
            day=day,
            enhancing=disease,
            nonenhancing=disease,
            new_lesion=NewLesion.NONE,
            outside_field=False,
            flair=Flair.STABLE,
            enhancement=Enhancement.NOT_INCREASED,
            dexamethasone_mg_per_day=dose,
            clinical_change=ClinicalChange.STABLE,
        )
        return replace(quiet, **facts)

    return make


@pytest.fixture(scope="session")
def classify():
    """Classify visits, the first of which is the baseline; without radiation unless it is told."""

    def run(visits, criterion="rano2_2023", *, treatment=NEVER_IRRADIATED, **options):
        return classify_course(
            visits, criterion, treatment=treatment, options=Options(baseline=0, **options)
        )

    return run


@pytest.fixture(scope="session")
def categories(classify):
    """Give the words of the categories alone."""
    return lambda visits, criterion="rano2_2023", **settings: [
        str(it.category) for it in classify(visits, criterion, **settings)
    ]
