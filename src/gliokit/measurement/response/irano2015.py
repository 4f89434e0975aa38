"""iRANO 2015: RANO under immunotherapy, where an early progression is confirmed after 3 months.

What a scan shows is judged by RANO 2010 (enhancing tumor) or RANO-LGG 2011 (non-enhancing
tumor). Within six months of the start of immunotherapy progression is preliminary, new lesions
included, unless the patient is significantly worse. The months are counted as 183 and 91 days.
The baseline is the scan before immunotherapy; a review (doi:10.1007/s11604-025-01821-6) says that
of newly diagnosed disease is the scan after surgery, which is the option `Baseline.POSTOPERATIVE`.

Source: Okada et al., Lancet Oncol 2015;16:e534-42, doi:10.1016/S1470-2045(15)00088-1 (abstract
read; the three months are from memory).
"""

from types import MappingProxyType

from gliokit.measurement.response.criterion import (
    AREA_THRESHOLDS,
    AREA_THRESHOLDS_MINOR,
    Baseline,
    Card,
    Criterion,
)
from gliokit.measurement.response.facts import Attendance, Clinical, OnImmunotherapy, Pending
from gliokit.measurement.response.rano_hgg2010 import EARLY_AFTER_RADIATION
from gliokit.measurement.response.rano_hgg2010 import FINDINGS as HIGH_GRADE
from gliokit.measurement.response.rano_lgg2011 import FINDINGS as LOW_GRADE
from gliokit.measurement.response.rules import Rule, Step
from gliokit.measurement.response.vocabulary import Component, Evidence, Measure, Response

CONFIRMED_AFTER_DAYS = 91  # 3 months

COURSE = (
    Rule(
        "iRANO 2",
        "significant clinical decline is progression without a second scan",
        (Evidence.ABSTRACT,),
        (Response.PROGRESSIVE, Attendance.TOO_ILL),
        None,
        "this needs no second scan",
    ),
    Rule(
        "iRANO 2",
        "significant clinical decline is progression without a second scan",
        (Evidence.ABSTRACT,),
        (Response.PROGRESSIVE, Clinical.WORSE),
        None,
        "with such a decline no second scan is awaited",
    ),
    Rule(
        "iRANO 3",
        "progression again 3 months later: confirmed, dated to the first",
        (Evidence.ABSTRACT, Evidence.MEMORY),
        (Pending.DUE, Response.PROGRESSIVE),
        Response.PROGRESSIVE,
        "this confirms the preliminary progression of day {pending_day}",
        Step.CONFIRM,
    ),
    Rule(
        "iRANO 4",
        "no progression 3 months later: pseudoprogression",
        (Evidence.MEMORY,),
        (
            Pending.DUE,
            Response.STABLE,
            Response.MINOR,
            Response.PARTIAL,
            Response.COMPLETE,
        ),
        None,
        "the preliminary progression of day {pending_day} was pseudoprogression",
        Step.REFUTE,
    ),
    Rule(
        "iRANO 3, waiting",
        "a second scan counts from 3 months after the first, if it can be assessed",
        (Evidence.MEMORY,),
        (Pending.TOO_SOON, Pending.DUE),
        Response.PRELIMINARY_PROGRESSIVE,
        "the preliminary progression of day {pending_day} stands until a scan {when} after "
        "it that can be assessed",
    ),
    Rule(
        "iRANO 1",
        "progression within six months of the start of immunotherapy, new lesions included, is "
        "to be confirmed unless the patient is significantly worse",
        (Evidence.ABSTRACT,),
        (Response.PROGRESSIVE, OnImmunotherapy.EARLY),
        Response.PRELIMINARY_PROGRESSIVE,
        "within six months of the start of immunotherapy this is preliminary until a scan "
        "{when} later",
        Step.START,
    ),
    *EARLY_AFTER_RADIATION,
    Rule(
        "iRANO 5",
        "after six months, or without immunotherapy, RANO holds as it is",
        (Evidence.ABSTRACT,),
        (),
        None,
        "",
    ),
)

IRANO_2015 = Criterion(
    name="irano2015",
    card=Card(
        title="iRANO 2015",
        source="Okada et al., Lancet Oncol 2015;16:e534-42, doi:10.1016/S1470-2045(15)00088-1",
        verified="abstract: confirmation within six months, new lesions included, not if the "
        "patient is significantly worse",
        from_memory="the three months, the reference of the second scan; its rules for "
        "corticosteroids are not coded",
        readings=(
            "growth_on_fewer_steroids",
            "response_on_more_steroids",
            "flair_progression",
            "early_decline",
            "confirm_against",
            "nadir_after_pseudoprogression",
            "small_growth",
        ),
    ),
    measure=Measure.AREA,
    findings=MappingProxyType({Component.ENHANCING: HIGH_GRADE, Component.NONENHANCING: LOW_GRADE}),
    course=COURSE,
    thresholds=MappingProxyType(
        {
            Component.ENHANCING: AREA_THRESHOLDS,
            Component.NONENHANCING: AREA_THRESHOLDS_MINOR,
        }
    ),
    baseline=Baseline.PRETREATMENT,
    progression_confirmed_after_days=CONFIRMED_AFTER_DAYS,
)
