"""Macdonald 1990: enhancing tumor, steroids and clinical state; nothing is non-enhancing.

The paper's sentence on progression ends in "and steroids stable or increased"; it is read here
as a condition on growth and on decline, not on a new tumor (from memory; the abstract says that
changes are read in the light of steroids and neurologic findings). It states no smallest size: what
is seen at the baseline is measurable, and growth counts from any size.

Source: Macdonald et al., J Clin Oncol 1990;8:1277-80, doi:10.1200/JCO.1990.8.7.1277; as
summarized in doi:10.1093/noajnl/vdad118, table 1, and doi:10.1093/nop/npw021, table 1.
"""

from types import MappingProxyType

from gliokit.measurement.response.criterion import (
    AREA_THRESHOLDS_ANY_SIZE,
    Baseline,
    Card,
    Criterion,
)
from gliokit.measurement.response.facts import (
    CLINICALLY_FIT,
    DOSE_NOT_RAISED,
    DOSE_NOT_REDUCED,
    HALVED,
    Attendance,
    BaselineDisease,
    Clinical,
    DoseSinceReference,
    Growth,
    NewLesion,
    NonTarget,
    Shrinkage,
    Steroids,
)
from gliokit.measurement.response.readings import GrowthOnFewerSteroids
from gliokit.measurement.response.rules import Rule
from gliokit.measurement.response.vocabulary import Component, Evidence, Measure, Response

FINDINGS = (
    Rule(
        "Macdonald 0",
        "death or decline that keeps the patient away is progression",
        (Evidence.MEMORY,),
        (Attendance.TOO_ILL,),
        Response.PROGRESSIVE,
        "the patient died of the tumor or was too ill from it to come",
    ),
    Rule(
        "Macdonald 1a",
        "any new tumor",
        (Evidence.REVIEW,),
        (NewLesion.MEASURABLE, NewLesion.NOT_MEASURABLE),
        Response.PROGRESSIVE,
        "there is a new lesion, or one that came since the baseline has become measurable",
    ),
    Rule(
        "Macdonald 1b",
        "25 % or more increase of enhancing tumor, steroids stable or increased",
        (Evidence.REVIEW, Evidence.MEMORY),
        (Growth.PROGRESSION, *DOSE_NOT_REDUCED),
        Response.PROGRESSIVE,
        "{what} grew {growth}from its smallest size, {nadir} on day {nadir_day}, to {size}, "
        "and the steroid dose was not reduced",
    ),
    Rule(
        "Macdonald 1c",
        "neurologically worse (of the Karnofsky status alone: for a week, after RANO 2010), "
        "steroids stable or increased",
        (Evidence.REVIEW, Evidence.MEMORY, Evidence.REASONED),
        (Clinical.WORSE, *DOSE_NOT_REDUCED),
        Response.PROGRESSIVE,
        "the patient is worse because of the tumor, and the steroid dose was not reduced",
    ),
    Rule(
        "Macdonald 1d",
        "growth on fewer steroids, read as progression",
        (Evidence.UNSURE,),
        (Growth.PROGRESSION, DoseSinceReference.LESS, GrowthOnFewerSteroids.PROGRESSION),
        Response.PROGRESSIVE,
        "{what} grew {growth}from its smallest size, {nadir} on day {nadir_day}, to {size}, "
        "whatever the steroid dose",
    ),
    Rule(
        "Macdonald 1e",
        "growth on fewer steroids meets neither progression nor the other categories",
        (Evidence.UNSURE,),
        (Growth.PROGRESSION, DoseSinceReference.LESS, GrowthOnFewerSteroids.NOT_ASSESSABLE),
        Response.NOT_ASSESSABLE,
        "{what} grew {growth}to {size}, but the steroid dose was reduced, which may be the cause",
    ),
    Rule(
        "Macdonald 1f",
        "growth on fewer steroids, read as none of the other categories",
        (Evidence.UNSURE,),
        (Growth.PROGRESSION, DoseSinceReference.LESS, GrowthOnFewerSteroids.STABLE),
        Response.STABLE,
        "{what} grew {growth}to {size}, which on a reduced steroid dose is read as stable",
    ),
    Rule(
        "Macdonald 2",
        "disappearance of all enhancing tumor, off steroids, neurologically stable or better",
        (Evidence.REVIEW,),
        (
            Shrinkage.GONE,
            BaselineDisease.MEASURABLE,
            NonTarget.ABSENT,
            Steroids.OFF,
            *CLINICALLY_FIT,
        ),
        Response.COMPLETE,
        "all enhancing tumor is gone, without steroids and without decline",
    ),
    Rule(
        "Macdonald 3",
        "50 % or more decrease, steroids stable or reduced, neurologically stable or better",
        (Evidence.REVIEW, Evidence.MEMORY),
        (*HALVED, BaselineDisease.MEASURABLE, *DOSE_NOT_RAISED, *CLINICALLY_FIT),
        Response.PARTIAL,
        "{what} shrank {shrinkage}from the baseline, {baseline} on day {baseline_day}, to "
        "{size}, the steroid dose was not raised and there is no decline",
    ),
    Rule(
        "Macdonald 4",
        "all other situations",
        (Evidence.REVIEW,),
        (),
        Response.STABLE,
        "neither progression nor response: {what} measures {size}, {change} from the baseline "
        "and {since_nadir} from its smallest size",
    ),
)

COURSE = (Rule("Macdonald", "otherwise the scan alone decides", (Evidence.REVIEW,), (), None, ""),)

MACDONALD_1990 = Criterion(
    name="macdonald1990",
    card=Card(
        title="Macdonald 1990",
        source="Macdonald et al., J Clin Oncol 1990;8:1277-80, doi:10.1200/JCO.1990.8.7.1277",
        verified="thresholds, new lesions, 4 weeks: a review's table, doi:10.1093/noajnl/vdad118; "
        "steroids and clinical state: another's, doi:10.1093/nop/npw021, and the abstract",
        from_memory="to which clauses the condition on steroids applies; the nadir as reference",
        readings=("growth_on_fewer_steroids",),
    ),
    measure=Measure.AREA,
    findings=MappingProxyType({Component.ENHANCING: FINDINGS}),
    course=COURSE,
    thresholds=MappingProxyType({Component.ENHANCING: AREA_THRESHOLDS_ANY_SIZE}),
    baseline=Baseline.POSTOPERATIVE,
)
