"""RANO 2010 for high-grade glioma: Macdonald with T2/FLAIR and the 12 weeks after radiation.

Within 12 weeks of radiation progression cannot be assigned unless most of the new enhancement
lies outside the high-dose field (the 80 % isodose line) or tissue proves it; the visit is then
not assessable. Patients without measurable disease are at best stable.

The baseline of newly diagnosed disease is the scan after surgery, and responses are measured from
it; growth is measured from the first scan after radiation once there is one, or from a later,
smaller size. Another reading, that of the criteria since 2017, is the option
`Baseline.POST_RADIATION`.

Source: Wen et al., J Clin Oncol 2010;28:1963-72, doi:10.1200/JCO.2009.26.3541; as summarized in
doi:10.1093/noajnl/vdad118, table 1; doi:10.2217/cns-2018-0007, table 2; doi:10.3747/co.22.2436,
table 1; PMC7968800, table 2; and doi:10.1007/s11604-025-01821-6, table 1.
"""

from types import MappingProxyType

from gliokit.measurement.response.criterion import AREA_THRESHOLDS, Baseline, Card, Criterion
from gliokit.measurement.response.facts import (
    CLINICALLY_FIT,
    DOSE_NOT_RAISED,
    DOSE_NOT_REDUCED,
    FLAIR_NOT_WORSE,
    HALVED,
    NON_TARGET_NOT_WORSE,
    AfterRadiation,
    Antiangiogenic,
    Attendance,
    BaselineDisease,
    Clinical,
    DoseSinceBaseline,
    DoseSinceReference,
    Flair,
    Growth,
    Histology,
    NewLesion,
    NonTarget,
    Place,
    Shrinkage,
    Steroids,
)
from gliokit.measurement.response.readings import (
    EarlyDecline,
    FlairProgression,
    GrowthOnFewerSteroids,
    ResponseOnMoreSteroids,
)
from gliokit.measurement.response.rules import Rule, Step
from gliokit.measurement.response.vocabulary import Component, Evidence, Measure, Response

FINDINGS = (
    Rule(
        "RANO-HGG 0",
        "death or decline that keeps the patient away is progression",
        (Evidence.MEMORY,),
        (Attendance.TOO_ILL,),
        Response.PROGRESSIVE,
        "the patient died of the tumor or was too ill from it to come",
    ),
    Rule(
        "RANO-HGG 2",
        "any new lesion",
        (Evidence.REVIEW,),
        (NewLesion.MEASURABLE, NewLesion.NOT_MEASURABLE),
        Response.PROGRESSIVE,
        "there is a new lesion, or one that came since the baseline has become measurable",
    ),
    Rule(
        "RANO-HGG 3",
        "25 % or more increase of enhancing lesions on stable or increasing steroids",
        (Evidence.REVIEW,),
        (Growth.PROGRESSION, *DOSE_NOT_REDUCED),
        Response.PROGRESSIVE,
        "{what} grew {growth}from its smallest size, {nadir} on day {nadir_day}, to {size}, "
        "and the steroid dose was not reduced",
    ),
    Rule(
        "RANO-HGG 3, other reading",
        "25 % or more increase of enhancing lesions, steroids not applicable",
        (Evidence.REVIEW,),
        (Growth.PROGRESSION, DoseSinceReference.LESS, GrowthOnFewerSteroids.PROGRESSION),
        Response.PROGRESSIVE,
        "{what} grew {growth}from its smallest size, {nadir} on day {nadir_day}, to {size}, "
        "whatever the steroid dose",
    ),
    Rule(
        "RANO-HGG 4",
        "significant increase of T2/FLAIR lesions on stable or increasing steroids",
        (Evidence.REVIEW, Evidence.MEMORY),
        (Flair.WORSE, *DOSE_NOT_REDUCED, FlairProgression.ALWAYS),
        Response.PROGRESSIVE,
        "T2/FLAIR disease is significantly worse, and the steroid dose was not reduced",
    ),
    Rule(
        "RANO-HGG 4, other reading",
        "the same, for patients on an antiangiogenic agent",
        (Evidence.REVIEW, Evidence.MEMORY),
        (
            Flair.WORSE,
            *DOSE_NOT_REDUCED,
            FlairProgression.ANTIANGIOGENIC,
            Antiangiogenic.YES,
        ),
        Response.PROGRESSIVE,
        "T2/FLAIR disease is significantly worse on an antiangiogenic agent, and the steroid "
        "dose was not reduced",
    ),
    Rule(
        "RANO-HGG 5",
        "unequivocal progression of non-measurable lesions: measurable now, ideally with more than "
        "5 mm more of the longest diameter or 25 % more of the product",
        (Evidence.REVIEW, Evidence.MEMORY),
        (NonTarget.WORSE,),
        Response.PROGRESSIVE,
        "lesions that are not measured are unequivocally worse",
    ),
    Rule(
        "RANO-HGG 6",
        "clinical deterioration that has no other cause (of the Karnofsky status alone: for a "
        "week)",
        (Evidence.REVIEW, Evidence.MEMORY),
        (Clinical.WORSE,),
        Response.PROGRESSIVE,
        "the patient is worse because of the tumor",
    ),
    Rule(
        "RANO-HGG 3, dose reduced",
        "growth on fewer steroids meets neither progression nor stable disease",
        (Evidence.REVIEW, Evidence.REASONED),
        (Growth.PROGRESSION, DoseSinceReference.LESS, GrowthOnFewerSteroids.NOT_ASSESSABLE),
        Response.NOT_ASSESSABLE,
        "{what} grew {growth}to {size}, but the steroid dose was reduced, which may be the cause",
    ),
    Rule(
        "RANO-HGG 3, dose reduced, stable",
        "growth on fewer steroids, read as none of the other categories",
        (Evidence.UNSURE,),
        (Growth.PROGRESSION, DoseSinceReference.LESS, GrowthOnFewerSteroids.STABLE),
        Response.STABLE,
        "{what} grew {growth}to {size}, which on a reduced steroid dose is read as stable",
    ),
    Rule(
        "RANO-HGG 7",
        "all enhancing disease gone, T2/FLAIR stable or better, no new lesion, no steroids, "
        "clinically stable or better",
        (Evidence.REVIEW,),
        (
            Shrinkage.GONE,
            BaselineDisease.MEASURABLE,
            NonTarget.ABSENT,
            *FLAIR_NOT_WORSE,
            Steroids.OFF,
            *CLINICALLY_FIT,
        ),
        Response.COMPLETE,
        "all enhancing disease is gone, T2/FLAIR disease is no worse, without steroids and "
        "without decline",
    ),
    Rule(
        "RANO-HGG 8",
        "50 % or more decrease of enhancing lesions, no progression of non-measurable disease, "
        "T2/FLAIR stable or better, no new lesion, steroids not above the baseline's",
        (Evidence.REVIEW,),
        (
            *HALVED,
            BaselineDisease.MEASURABLE,
            *NON_TARGET_NOT_WORSE,
            *FLAIR_NOT_WORSE,
            *DOSE_NOT_RAISED,
            *CLINICALLY_FIT,
        ),
        Response.PARTIAL,
        "{what} shrank {shrinkage}from the baseline, {baseline} on day {baseline_day}, to "
        "{size}, nothing else is worse and the steroid dose was not raised",
    ),
    Rule(
        "RANO-HGG 10, other reading",
        "the size of a response on a raised dose is stable disease",
        (Evidence.UNSURE,),
        (
            *HALVED,
            BaselineDisease.MEASURABLE,
            DoseSinceBaseline.MORE,
            *FLAIR_NOT_WORSE,
            ResponseOnMoreSteroids.STABLE,
        ),
        Response.STABLE,
        "{what} shrank {shrinkage}to {size}, but on a higher steroid dose than at the baseline",
    ),
    Rule(
        "RANO-HGG 10",
        "a rise of the steroid dose alone is neither progression nor stable disease",
        (Evidence.PROGRAM, Evidence.REVIEW),
        (DoseSinceBaseline.MORE,),
        Response.NOT_ASSESSABLE,
        "the steroid dose is higher than at the baseline without decline or growth: neither "
        "stable nor progressive, look again; stable if the dose comes down, and should the tumor "
        "progress, it is dated to now",
        Step.HOLD,
    ),
    Rule(
        "RANO-HGG 11",
        "none of the others, T2/FLAIR stable",
        (Evidence.REVIEW,),
        FLAIR_NOT_WORSE,
        Response.STABLE,
        "neither progression nor response: {what} measures {size}, {change} from the baseline "
        "and {since_nadir} from its smallest size",
    ),
    Rule(
        "RANO-HGG 12",
        "T2/FLAIR significantly worse, but no clause makes it progression",
        (Evidence.REASONED,),
        (),
        Response.NOT_ASSESSABLE,
        "T2/FLAIR disease is significantly worse, which is not stable, but the clause of "
        "progression does not hold",
    ),
)

EARLY_AFTER_RADIATION = (
    Rule(
        "RANO-HGG 1, other reading",
        "clinical decline within 12 weeks of radiation is progression at once",
        (Evidence.UNSURE,),
        (
            Response.PROGRESSIVE,
            AfterRadiation.EARLY,
            Clinical.WORSE,
            EarlyDecline.PROGRESSION,
        ),
        None,
        "decline counts within 12 weeks of radiation, too",
    ),
    Rule(
        "RANO-HGG 1, tissue",
        "within 12 weeks of radiation progression that tissue proves can be assigned",
        (Evidence.REVIEW,),
        (Response.PROGRESSIVE, AfterRadiation.EARLY, Histology.TUMOR),
        None,
        "tissue proves it, so that the 12 weeks after radiation do not matter",
    ),
    Rule(
        "RANO-HGG 1, outside the field",
        "within 12 weeks of radiation progression can be assigned if most of the new enhancement "
        "lies outside the high-dose field",
        (Evidence.REVIEW,),
        (Response.PROGRESSIVE, AfterRadiation.EARLY, Place.OUTSIDE, Attendance.CAME),
        None,
        "most of it lies outside the radiation field, so that the 12 weeks after radiation do not "
        "matter",
    ),
    Rule(
        "RANO-HGG 1",
        "within 12 weeks of radiation progression can only be assigned if most of the new "
        "enhancement lies outside the high-dose field, or tissue proves it; decline alone is not "
        "enough",
        (Evidence.REVIEW,),
        (
            Response.PROGRESSIVE,
            AfterRadiation.EARLY,
            Place.INSIDE,
            Histology.NO_PROOF,
            Attendance.CAME,
        ),
        Response.NOT_ASSESSABLE,
        "within 12 weeks of radiation this may be pseudoprogression, so that progression cannot "
        "be assigned; scan again",
    ),
)
COURSE = (
    *EARLY_AFTER_RADIATION,
    Rule("RANO-HGG", "otherwise the scan alone decides", (Evidence.REVIEW,), (), None, ""),
)

RANO_HGG_2010 = Criterion(
    name="rano_hgg2010",
    card=Card(
        title="RANO 2010, high-grade glioma",
        source="Wen et al., J Clin Oncol 2010;28:1963-72, doi:10.1200/JCO.2009.26.3541",
        verified="tables of reviews: thresholds, T2/FLAIR, new lesions, 4 weeks, "
        "doi:10.1093/noajnl/vdad118; steroids, clinical state, non-measurable disease, "
        "doi:10.2217/cns-2018-0007 and PMC7968800; 12 weeks, field, growth since radiation, "
        "doi:10.3747/co.22.2436; baseline, doi:10.1007/s11604-025-01821-6",
        from_memory="death as progression, the steroid dose in progression by T2/FLAIR",
        readings=(
            "growth_on_fewer_steroids",
            "response_on_more_steroids",
            "flair_progression",
            "early_decline",
            "small_growth",
        ),
    ),
    measure=Measure.AREA,
    findings=MappingProxyType({Component.ENHANCING: FINDINGS}),
    course=COURSE,
    thresholds=MappingProxyType({Component.ENHANCING: AREA_THRESHOLDS}),
    baseline=Baseline.POSTOPERATIVE,
    growth_from_radiation=True,
)
