"""RANO 2011 for low-grade glioma: T2/FLAIR is the measure, and a minor response exists.

Growth on T2/FLAIR soon after radiation may be its effect; the paper warns of it but gives no
window (unsure memory), so none is applied.

Source: van den Bent et al., Lancet Oncol 2011;12:583-93, doi:10.1016/S1470-2045(11)70057-2; as
summarized in doi:10.1093/noajnl/vdad118, table 1, and doi:10.1007/s11604-025-01821-6, table 1.
"""

from types import MappingProxyType

from gliokit.measurement.response.criterion import (
    AREA_THRESHOLDS_MINOR,
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
    DoseSinceBaseline,
    DoseSinceReference,
    Enhancement,
    Growth,
    NewLesion,
    NonTarget,
    Shrinkage,
    Steroids,
)
from gliokit.measurement.response.readings import GrowthOnFewerSteroids, ResponseOnMoreSteroids
from gliokit.measurement.response.rules import Rule, Step
from gliokit.measurement.response.vocabulary import Component, Evidence, Measure, Response

FINDINGS = (
    Rule(
        "RANO-LGG 0",
        "death or decline that keeps the patient away is progression",
        (Evidence.MEMORY,),
        (Attendance.TOO_ILL,),
        Response.PROGRESSIVE,
        "the patient died of the tumor or was too ill from it to come",
    ),
    Rule(
        "RANO-LGG 1a",
        "any new lesion",
        (Evidence.REVIEW,),
        (NewLesion.MEASURABLE, NewLesion.NOT_MEASURABLE),
        Response.PROGRESSIVE,
        "there is a new lesion, or one that came since the baseline has become measurable",
    ),
    Rule(
        "RANO-LGG 1b",
        "25 % or more increase on T2/FLAIR on stable or increasing steroids",
        (Evidence.REVIEW, Evidence.MEMORY),
        (Growth.PROGRESSION, *DOSE_NOT_REDUCED),
        Response.PROGRESSIVE,
        "{what} grew {growth}from its smallest size, {nadir} on day {nadir_day}, to {size}, "
        "and the steroid dose was not reduced",
    ),
    Rule(
        "RANO-LGG 1b, other reading",
        "25 % or more increase on T2/FLAIR, whatever the steroids",
        (Evidence.UNSURE,),
        (Growth.PROGRESSION, DoseSinceReference.LESS, GrowthOnFewerSteroids.PROGRESSION),
        Response.PROGRESSIVE,
        "{what} grew {growth}from its smallest size, {nadir} on day {nadir_day}, to {size}, "
        "whatever the steroid dose",
    ),
    Rule(
        "RANO-LGG 2a",
        "new or increased enhancement, a sign of malignant transformation",
        (Evidence.REVIEW, Evidence.MEMORY),
        (Enhancement.INCREASED,),
        Response.PROGRESSIVE,
        "enhancement is new or increased",
    ),
    Rule(
        "RANO-LGG 2b",
        "clinical deterioration that has no other cause (of the Karnofsky status alone: for a "
        "week, after RANO 2010)",
        (Evidence.MEMORY, Evidence.REASONED),
        (Clinical.WORSE,),
        Response.PROGRESSIVE,
        "the patient is worse because of the tumor",
    ),
    Rule(
        "RANO-LGG 2c",
        "unequivocal progression of non-measurable lesions",
        (Evidence.MEMORY,),
        (NonTarget.WORSE,),
        Response.PROGRESSIVE,
        "lesions that are not measured are unequivocally worse",
    ),
    Rule(
        "RANO-LGG 1b, dose reduced",
        "growth on fewer steroids meets neither progression nor stable disease",
        (Evidence.MEMORY,),
        (Growth.PROGRESSION, DoseSinceReference.LESS, GrowthOnFewerSteroids.NOT_ASSESSABLE),
        Response.NOT_ASSESSABLE,
        "{what} grew {growth}to {size}, but the steroid dose was reduced, which may be the cause",
    ),
    Rule(
        "RANO-LGG 1b, dose reduced, stable",
        "growth on fewer steroids, read as none of the other categories",
        (Evidence.UNSURE,),
        (Growth.PROGRESSION, DoseSinceReference.LESS, GrowthOnFewerSteroids.STABLE),
        Response.STABLE,
        "{what} grew {growth}to {size}, which on a reduced steroid dose is read as stable",
    ),
    Rule(
        "RANO-LGG 3",
        "all T2/FLAIR lesions gone, no new or increased enhancement, no steroids, clinically "
        "stable or better",
        (Evidence.REVIEW, Evidence.MEMORY),
        (
            Shrinkage.GONE,
            BaselineDisease.MEASURABLE,
            NonTarget.ABSENT,
            Steroids.OFF,
            *CLINICALLY_FIT,
        ),
        Response.COMPLETE,
        "all T2/FLAIR disease is gone, without steroids and without decline",
    ),
    Rule(
        "RANO-LGG 4",
        "50 % or more decrease on T2/FLAIR, no new or increased enhancement",
        (Evidence.REVIEW, Evidence.MEMORY),
        (*HALVED, BaselineDisease.MEASURABLE, *DOSE_NOT_RAISED, *CLINICALLY_FIT),
        Response.PARTIAL,
        "{what} shrank {shrinkage}from the baseline, {baseline} on day {baseline_day}, to "
        "{size}, enhancement and steroid dose did not increase",
    ),
    Rule(
        "RANO-LGG 5",
        "25 % to less than 50 % decrease on T2/FLAIR, no new or increased enhancement",
        (Evidence.REVIEW, Evidence.MEMORY),
        (Shrinkage.MINOR, BaselineDisease.MEASURABLE, *DOSE_NOT_RAISED, *CLINICALLY_FIT),
        Response.MINOR,
        "{what} shrank {shrinkage}from the baseline, {baseline} on day {baseline_day}, to "
        "{size}, enhancement and steroid dose did not increase",
    ),
    Rule(
        "RANO-LGG 6, response on a raised dose",
        "the size of a response on a raised dose is stable disease",
        (Evidence.UNSURE,),
        (
            *HALVED,
            Shrinkage.MINOR,
            BaselineDisease.MEASURABLE,
            DoseSinceBaseline.MORE,
            ResponseOnMoreSteroids.STABLE,
        ),
        Response.STABLE,
        "{what} shrank {shrinkage}to {size}, but on a higher steroid dose than at the baseline",
    ),
    Rule(
        "RANO-LGG 6, raised dose",
        "a rise of the steroid dose alone is neither progression nor stable disease",
        (Evidence.MEMORY,),
        (DoseSinceBaseline.MORE,),
        Response.NOT_ASSESSABLE,
        "the steroid dose is higher than at the baseline without decline or growth: neither "
        "stable nor progressive, look again",
        Step.HOLD,
    ),
    Rule(
        "RANO-LGG 6",
        "less than 25 % decrease and less than 25 % increase",
        (Evidence.REVIEW,),
        (),
        Response.STABLE,
        "neither progression nor response: {what} measures {size}, {change} from the baseline "
        "and {since_nadir} from its smallest size",
    ),
)

COURSE = (Rule("RANO-LGG", "otherwise the scan alone decides", (Evidence.REVIEW,), (), None, ""),)

RANO_LGG_2011 = Criterion(
    name="rano_lgg2011",
    card=Card(
        title="RANO 2011, low-grade glioma",
        source="van den Bent et al., Lancet Oncol 2011;12:583-93, "
        "doi:10.1016/S1470-2045(11)70057-2",
        verified="tables of reviews: thresholds, minor response, new lesions, no response with "
        "more enhancement, doi:10.1093/noajnl/vdad118; a scan before radiation as baseline, every "
        "response confirmed after 4 weeks, doi:10.1007/s11604-025-01821-6",
        from_memory="conditions on steroids and clinical state, that more enhancement is "
        "progression",
        readings=("growth_on_fewer_steroids", "response_on_more_steroids", "small_growth"),
    ),
    measure=Measure.AREA,
    findings=MappingProxyType({Component.NONENHANCING: FINDINGS}),
    course=COURSE,
    thresholds=MappingProxyType({Component.NONENHANCING: AREA_THRESHOLDS_MINOR}),
    baseline=Baseline.PRETREATMENT,
)
