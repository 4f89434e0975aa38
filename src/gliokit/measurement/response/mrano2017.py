"""Modified RANO 2017: enhancing tumor only, and every change is preliminary at first.

The baseline is the scan after radiation; a scan at least 4 weeks later confirms or refutes.

A preliminary progression is confirmed if the second scan exceeds the first by the threshold
again; else it was pseudoprogression. A response that is lost before it was confirmed was
pseudoresponse. Growth counts whatever the steroid dose; a raised dose alone never does.

Source: Ellingson et al., Neurotherapeutics 2017;14:307-20, doi:10.1007/s13311-016-0507-6
(abstract read; the tables are from memory).
"""

from types import MappingProxyType

from gliokit.measurement.response.criterion import AREA_THRESHOLDS, Baseline, Card, Criterion
from gliokit.measurement.response.facts import (
    CLINICALLY_FIT,
    DOSE_NOT_RAISED,
    HALVED,
    NON_TARGET_NOT_WORSE,
    Attendance,
    BaselineDisease,
    Clinical,
    Growth,
    NewLesion,
    NonTarget,
    Pending,
    ResponseSoFar,
    Shrinkage,
    Steroids,
)
from gliokit.measurement.response.rules import Rule, Step
from gliokit.measurement.response.vocabulary import Component, Evidence, Measure, Response

FINDINGS = (
    Rule(
        "mRANO 1a",
        "death or decline that keeps the patient away is progression",
        (Evidence.MEMORY,),
        (Attendance.TOO_ILL,),
        Response.PROGRESSIVE,
        "the patient died of the tumor or was too ill from it to come",
    ),
    Rule(
        "mRANO 1b",
        "clear clinical deterioration that has no other cause (of the Karnofsky status alone: for "
        "a week, after RANO 2010)",
        (Evidence.MEMORY, Evidence.REASONED),
        (Clinical.WORSE,),
        Response.PROGRESSIVE,
        "the patient is worse because of the tumor",
    ),
    Rule(
        "mRANO 2a",
        "a new lesion is measurable, or has become it",
        (Evidence.MEMORY, Evidence.REASONED),
        (NewLesion.MEASURABLE,),
        Response.PROGRESSIVE,
        "a lesion that the baseline does not show is measurable for the first time",
    ),
    Rule(
        "mRANO 2b",
        "25 % or more increase of area (40 % of volume) of enhancing lesions",
        (Evidence.MEMORY,),
        (Growth.PROGRESSION,),
        Response.PROGRESSIVE,
        "{what} grew {growth}from {nadir} on day {nadir_day} to {size}",
    ),
    Rule(
        "mRANO 5",
        "all enhancing disease gone, no new lesion, no steroids, clinically stable or better",
        (Evidence.MEMORY,),
        (
            Shrinkage.GONE,
            BaselineDisease.MEASURABLE,
            NonTarget.ABSENT,
            NewLesion.NONE,
            Steroids.OFF,
            *CLINICALLY_FIT,
        ),
        Response.COMPLETE,
        "all enhancing disease is gone, without steroids and without decline",
    ),
    Rule(
        "mRANO 6",
        "50 % or more decrease of area (65 % of volume), nothing worse, steroids not above the "
        "baseline's",
        (Evidence.MEMORY,),
        (
            *HALVED,
            BaselineDisease.MEASURABLE,
            *NON_TARGET_NOT_WORSE,
            NewLesion.NONE,
            *DOSE_NOT_RAISED,
            *CLINICALLY_FIT,
        ),
        Response.PARTIAL,
        "{what} shrank {shrinkage}from the baseline, {baseline} on day {baseline_day}, to "
        "{size}, nothing else is worse and the steroid dose was not raised",
    ),
    Rule(
        "mRANO 9, new lesion",
        "none of the others, beside a new lesion that is not measurable",
        (Evidence.MEMORY, Evidence.REASONED),
        (NewLesion.NOT_MEASURABLE,),
        Response.STABLE,
        "neither progression nor response: {what} measures {size}, {change} from the baseline "
        "and {since_nadir} from the scan it is held against; the new lesion is not measurable, and "
        "counts once it is",
    ),
    Rule(
        "mRANO 9",
        "none of the others, where T2/FLAIR and a raised steroid dose alone do not count",
        (Evidence.ABSTRACT, Evidence.MEMORY),
        (),
        Response.STABLE,
        "neither progression nor response: {what} measures {size}, {change} from the baseline "
        "and {since_nadir} from the scan it is held against",
    ),
)

COURSE = (
    Rule(
        "mRANO 1",
        "clinical progression needs no second scan",
        (Evidence.MEMORY,),
        (Response.PROGRESSIVE, Attendance.TOO_ILL),
        None,
        "this needs no second scan",
    ),
    Rule(
        "mRANO 1",
        "clinical progression needs no second scan",
        (Evidence.MEMORY,),
        (Response.PROGRESSIVE, Clinical.WORSE),
        None,
        "this needs no second scan",
    ),
    Rule(
        "mRANO 3",
        "the second scan, at least 4 weeks later, shows progression again: confirmed, dated to "
        "the first",
        (Evidence.ABSTRACT, Evidence.UNSURE),
        (Pending.DUE, Response.PROGRESSIVE),
        Response.PROGRESSIVE,
        "this confirms the preliminary progression of day {pending_day}",
        Step.CONFIRM,
    ),
    Rule(
        "mRANO 4",
        "the second scan does not: pseudoprogression",
        (Evidence.ABSTRACT, Evidence.MEMORY),
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
        "mRANO 3, waiting",
        "a second scan counts from 4 weeks after the first, if it can be assessed",
        (Evidence.MEMORY,),
        (Pending.TOO_SOON, Pending.DUE),
        Response.PRELIMINARY_PROGRESSIVE,
        "the preliminary progression of day {pending_day} stands until a scan {when} after "
        "it that can be assessed",
    ),
    Rule(
        "mRANO 1a, pseudoresponse",
        "a response lost before it was confirmed is pseudoresponse",
        (Evidence.ABSTRACT, Evidence.MEMORY),
        (Response.PROGRESSIVE, ResponseSoFar.PRELIMINARY),
        Response.PRELIMINARY_PROGRESSIVE,
        "the response before was pseudoresponse; the progression is preliminary until a scan "
        "{when} later",
        Step.VOID_RESPONSE,
    ),
    Rule(
        "mRANO 2",
        "the first scan that shows progression is preliminary",
        (Evidence.ABSTRACT, Evidence.MEMORY),
        (Response.PROGRESSIVE,),
        Response.PRELIMINARY_PROGRESSIVE,
        "preliminary until a scan {when} later",
        Step.START,
    ),
    Rule("mRANO", "otherwise the scan alone decides", (Evidence.MEMORY,), (), None, ""),
)

MRANO_2017 = Criterion(
    name="mrano2017",
    card=Card(
        title="Modified RANO 2017",
        source="Ellingson et al., Neurotherapeutics 2017;14:307-20, doi:10.1007/s13311-016-0507-6",
        verified="abstract: baseline after radiation (and doi:10.1007/s11604-025-01821-6), no "
        "T2/FLAIR, pseudoprogression, "
        "pseudoresponse and durable response by a second scan, volumes as an option",
        from_memory="every threshold, the 4 weeks, and what confirms a progression (unsure)",
        readings=("confirm_against", "nadir_after_pseudoprogression", "small_growth"),
    ),
    measure=Measure.AREA,
    findings=MappingProxyType({Component.ENHANCING: FINDINGS}),
    course=COURSE,
    thresholds=MappingProxyType({Component.ENHANCING: AREA_THRESHOLDS}),
    baseline=Baseline.POST_RADIATION,
)
