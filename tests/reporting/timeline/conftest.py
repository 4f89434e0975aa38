"""A patient through four visits: response, an unknown dose, then progression with a new lesion."""

from dataclasses import replace

import pytest

from gliokit.core.findings import Diameter, Quantity
from gliokit.core.vocabulary import ClinicalChange, Region
from gliokit.measurement.lesion_matching import State
from gliokit.measurement.lesion_size import LesionSize
from gliokit.measurement.measurability import Measurability
from gliokit.measurement.response.assessment import Assessment
from gliokit.measurement.response.comparison import Comparison
from gliokit.measurement.response.facts import NewLesion, NonTarget
from gliokit.measurement.response.visit import Treatment
from gliokit.measurement.response.vocabulary import Component, Measure, Response
from gliokit.measurement.targets import VisitSizes
from gliokit.measurement.timeline import PatientTimeline, TimelineVisit, Verdicts
from gliokit.measurement.volume_course import changes_through_time

PRODUCTS = {0: 800.0, 56: 500.0, 112: 300.0, 168: 600.0}
NAMES = dict(zip(PRODUCTS, ("baseline", "second", "third", "fourth"), strict=True))


@pytest.fixture(scope="session")
def timeline():
    """Give the patient."""
    visits = [visit(day) for day in PRODUCTS]
    changes = changes_through_time(list(PRODUCTS), [own.volumes for own in visits], baseline=0)
    return PatientTimeline(
        patient_id="P-007",
        visits=tuple(replace(own, changes=it) for own, it in zip(visits, changes, strict=True)),
        treatment=Treatment(
            surgery_day=-60, radiation_start_day=-40, radiation_end_day=0, treatment_start_day=14
        ),
        therapy="temozolomide",
        verdicts=(
            Verdicts("rano2_2023", tuple(map(assessment, PRODUCTS))),
            Verdicts("rano_lgg2011", reason="T2/FLAIR cannot be seen at every visit"),
        ),
    )


def visit(day):
    """Give a visit: volumes have intervals but for the last, and the third lacks its facts."""
    product = PRODUCTS[day]
    interval = None if day == 168 else (product / 200, product / 50)
    known = day != 112
    return TimelineVisit(
        study_id=NAMES[day],
        day=day,
        enhancing=sizes(day),
        whole=None,
        volumes={
            Region.ENHANCING_TUMOR: Quantity(product / 100, "mL", interval),
            Region.WHOLE_TUMOR: Quantity(product / 20, "mL"),
        },
        dexamethasone_mg_per_day=(4.0 if day < 100 else 0.0) if known else None,
        kps=90.0 if known else None,
        clinical_change=ClinicalChange.STABLE if known else None,
        notes=("slices 5 mm apart",) if day == 56 else (),
    )


def sizes(day):
    """Give the lesions of a visit: one target, and a small new one at the last."""
    lesions = [lesion("L1", PRODUCTS[day] / 20, 20.0)]
    if day == 168:
        lesions.append(lesion("L2", 8.0, 5.0, measurable=False))
    return VisitSizes(
        day=day,
        product_mm2=PRODUCTS[day],
        target_product_mm2=PRODUCTS[day],
        volume_ml=PRODUCTS[day] / 100,
        nontarget=NonTarget.ABSENT,
        nontarget_by_volume=NonTarget.ABSENT,
        new_lesion=NewLesion.NOT_MEASURABLE if day == 168 else NewLesion.NONE,
        lesions=tuple(lesions),
        targets=("L1",),
        states=(
            ("L1", State.PRESENT if day else State.FIRST),
            ("L2", State.NEW if day == 168 else State.NOT_YET),
        ),
    )


def lesion(name, longest, perpendicular, *, measurable=True):
    """Give a lesion of two diameters in mm."""
    return LesionSize(
        number=1,
        name=name,
        longest=Diameter(Quantity(longest, "mm"), (0.0, 0.0, 5.0), (longest, 0.0, 5.0)),
        perpendicular=Diameter(
            Quantity(perpendicular, "mm"), (0.0, 0.0, 5.0), (0.0, perpendicular, 5.0)
        ),
        product_mm2=longest * perpendicular,
        volume_ml=longest * perpendicular / 100,
        measurability=Measurability(
            measurable, None, "large enough" if measurable else "5 mm, needed 10 mm"
        ),
        measured_on="measured on the acquired slices, 5 mm apart",
    )


def assessment(day):
    """Give the category of a visit."""
    category = {
        0: Response.BASELINE,
        56: Response.STABLE,
        112: Response.NOT_ASSESSABLE,
        168: Response.PROGRESSIVE,
    }[day]
    open_ways = (Response.PRELIMINARY_PARTIAL, Response.STABLE)
    possible = open_ways if day == 112 else (category,)
    nadir_day = 112 if day == 168 else 0
    compared = Comparison(
        Component.ENHANCING,
        Measure.AREA,
        PRODUCTS[day],
        PRODUCTS[0],
        0,
        PRODUCTS[nadir_day],
        nadir_day,
    )
    return Assessment(
        day=day,
        category=category,
        possible=possible,
        counted_as=(Response.STABLE,) if day == 112 else possible,
        reason=f"enhancing tumor measures {PRODUCTS[day]:g} mm², or {PRODUCTS[day] / 100:g} mL",
        clauses=("RANO 2.0 7",) if day == 168 else (),
        unknown=("steroid dose",) if day == 112 else (),
        sizes=(compared,) if day else (),
        progression_day=168 if day == 168 else None,
    )
