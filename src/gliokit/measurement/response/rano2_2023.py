"""RANO 2.0 (2023): one criterion for all gliomas, by the component that is followed.

Enhancing tumor is followed; non-enhancing tumor where the trial says so (IDH-mutant tumors,
antiangiogenic agents); mixed tumors by both, each judged apart and combined. The baseline of
newly diagnosed tumors is the scan after radiation. Progression within 12 weeks of radiation is
preliminary and must be confirmed by a second scan or by tissue; later it need not be, unless
the agent is known for pseudoprogression.

Source: Wen et al., J Clin Oncol 2023;41:5187-99, doi:10.1200/JCO.23.01059 (abstract at second
hand; steroids and the combination of components as quoted by the program rano2.0-assist); as
reviewed by Sakata et al., Jpn J Radiol 2025;43:1557-74, doi:10.1007/s11604-025-01821-6 (read
whole), which does not go into steroids and clinical decline.
"""

from types import MappingProxyType

from gliokit.measurement.response.criterion import (
    AREA_THRESHOLDS,
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
    Leptomeningeal,
    NewLesion,
    NonTarget,
    Pending,
    Place,
    ProneAgent,
    Shrinkage,
    Steroids,
)
from gliokit.measurement.response.readings import (
    EarlyDecline,
    GrowthOnFewerSteroids,
    OutsideField,
    ResponseOnMoreSteroids,
)
from gliokit.measurement.response.rules import Rule, Step
from gliokit.measurement.response.vocabulary import Component, Evidence, Measure, Response

CONFIRMED_WITHIN_DAYS = 56  # 8 weeks

WORSE = (
    Rule(
        "RANO 2.0 C3",
        "death or decline that keeps the patient away is progression",
        (Evidence.MEMORY,),
        (Attendance.TOO_ILL,),
        Response.PROGRESSIVE,
        "the patient died of the tumor or was too ill from it to come",
    ),
    Rule(
        "RANO 2.0 4",
        "a new lesion is measurable, or has become it",
        (Evidence.PROGRAM, Evidence.REVIEW, Evidence.REASONED),
        (NewLesion.MEASURABLE,),
        Response.PROGRESSIVE,
        "a lesion that the baseline does not show is measurable for the first time",
    ),
    Rule(
        "RANO 2.0 5",
        "unequivocal progression of non-target or non-measurable lesions: a measurable one by 25 % "
        "of its area (40 % of its volume), another by 5 mm of both diameters to more than 10 mm "
        "each",
        (Evidence.PROGRAM, Evidence.REVIEW),
        (NonTarget.WORSE,),
        Response.PROGRESSIVE,
        "lesions that are not measured are unequivocally worse",
    ),
    Rule(
        "RANO 2.0 5, leptomeningeal",
        "definite leptomeningeal disease",
        (Evidence.REVIEW,),
        (Leptomeningeal.DEFINITE,),
        Response.PROGRESSIVE,
        "there is definite leptomeningeal disease",
    ),
    Rule(
        "RANO 2.0 6",
        "clinical deterioration that has no other cause (of the Karnofsky status alone: for a "
        "week, after RANO 2010)",
        (Evidence.PROGRAM, Evidence.REVIEW, Evidence.REASONED),
        (Clinical.WORSE,),
        Response.PROGRESSIVE,
        "the patient is worse because of the tumor",
    ),
    Rule(
        "RANO 2.0 7",
        "25 % or more increase of area (40 % of volume) from the smallest, on stable or "
        "increasing steroids",
        (Evidence.PROGRAM, Evidence.REVIEW, Evidence.MEMORY),
        (Growth.PROGRESSION, *DOSE_NOT_REDUCED),
        Response.PROGRESSIVE,
        "{what} grew {growth}from {nadir} on day {nadir_day} to {size}, and the steroid dose "
        "was not reduced",
    ),
    Rule(
        "RANO 2.0 7, other reading",
        "the same, whatever the steroids",
        (Evidence.REVIEW,),
        (Growth.PROGRESSION, DoseSinceReference.LESS, GrowthOnFewerSteroids.PROGRESSION),
        Response.PROGRESSIVE,
        "{what} grew {growth}from {nadir} on day {nadir_day} to {size}, whatever the steroid dose",
    ),
)
ANTIANGIOGENIC = Rule(
    "RANO 2.0 8",
    "significant increase of non-enhancing tumor under an antiangiogenic agent",
    (Evidence.ABSTRACT, Evidence.REVIEW, Evidence.MEMORY),
    (Flair.WORSE, Antiangiogenic.YES, *DOSE_NOT_REDUCED),
    Response.PROGRESSIVE,
    "T2/FLAIR disease is significantly worse on an antiangiogenic agent, and the steroid dose "
    "was not reduced",
)
GROWN_ON_FEWER_STEROIDS = (
    Rule(
        "RANO 2.0 7, dose reduced",
        "growth on fewer steroids meets neither progression nor stable disease",
        (Evidence.MEMORY,),
        (Growth.PROGRESSION, DoseSinceReference.LESS, GrowthOnFewerSteroids.NOT_ASSESSABLE),
        Response.NOT_ASSESSABLE,
        "{what} grew {growth}to {size}, but the steroid dose was reduced, which may be the cause",
    ),
    Rule(
        "RANO 2.0 7, dose reduced, stable",
        "growth on fewer steroids, read as none of the other categories",
        (Evidence.UNSURE,),
        (Growth.PROGRESSION, DoseSinceReference.LESS, GrowthOnFewerSteroids.STABLE),
        Response.STABLE,
        "{what} grew {growth}to {size}, which on a reduced steroid dose is read as stable",
    ),
)
BETTER = (
    Rule(
        "RANO 2.0 10",
        "all of the component gone, no new lesion, no steroids, clinically stable or better",
        (Evidence.REVIEW,),
        (
            Shrinkage.GONE,
            BaselineDisease.MEASURABLE,
            NonTarget.ABSENT,
            NewLesion.NONE,
            Steroids.OFF,
            *CLINICALLY_FIT,
        ),
        Response.COMPLETE,
        "all {what} is gone, without steroids and without decline",
    ),
    Rule(
        "RANO 2.0 11",
        "50 % or more decrease of area (65 % of volume) from the baseline, nothing worse, "
        "steroids not above the baseline's",
        (Evidence.PROGRAM, Evidence.REVIEW),
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
)
MINOR = Rule(
    "RANO 2.0 12",
    "25 % to less than 50 % decrease of non-enhancing area (volume: see the readings)",
    (Evidence.REVIEW,),
    (
        Shrinkage.MINOR,
        BaselineDisease.MEASURABLE,
        *NON_TARGET_NOT_WORSE,
        NewLesion.NONE,
        *DOSE_NOT_RAISED,
        *CLINICALLY_FIT,
    ),
    Response.MINOR,
    "{what} shrank {shrinkage}from the baseline, {baseline} on day {baseline_day}, to "
    "{size}, nothing else is worse and the steroid dose was not raised",
)
RAISED_DOSE = Rule(
    "RANO 2.0 9",
    "a rise of the steroid dose alone is neither progression nor stable disease",
    (Evidence.PROGRAM, Evidence.REVIEW),
    (DoseSinceBaseline.MORE,),
    Response.NOT_ASSESSABLE,
    "the steroid dose is higher than at the baseline without decline or growth: neither stable "
    "nor progressive, look again; stable if the dose comes down, and should the tumor progress, it "
    "is dated to now",
    Step.HOLD,
)
STABLE_WITH_NEW_LESION = Rule(
    "RANO 2.0 13, new lesion",
    "none of the others, beside a new lesion that is not measurable",
    (Evidence.REVIEW, Evidence.REASONED),
    (NewLesion.NOT_MEASURABLE,),
    Response.STABLE,
    "neither progression nor response: {what} measures {size}, {change} from the baseline and "
    "{since_nadir} from the size it is held against; the new lesion is not measurable, and counts "
    "once it is",
)
STABLE = Rule(
    "RANO 2.0 13",
    "none of the others",
    (Evidence.PROGRAM, Evidence.REVIEW),
    (),
    Response.STABLE,
    "neither progression nor response: {what} measures {size}, {change} from the baseline and "
    "{since_nadir} from the size it is held against",
)


def response_on_raised_dose(*shrinkage: Shrinkage) -> Rule:
    """Give the row of the other reading, for the sizes that would be a response."""
    return Rule(
        "RANO 2.0 9, other reading",
        "the size of a response on a raised dose is stable disease",
        (Evidence.UNSURE,),
        (
            *shrinkage,
            BaselineDisease.MEASURABLE,
            DoseSinceBaseline.MORE,
            ResponseOnMoreSteroids.STABLE,
        ),
        Response.STABLE,
        "{what} shrank {shrinkage}to {size}, but on a higher steroid dose than at the baseline",
    )


ENHANCING = (
    *WORSE,
    ANTIANGIOGENIC,
    *GROWN_ON_FEWER_STEROIDS,
    *BETTER,
    response_on_raised_dose(*HALVED),
    RAISED_DOSE,
    STABLE_WITH_NEW_LESION,
    STABLE,
)
NONENHANCING = (
    *WORSE,
    *GROWN_ON_FEWER_STEROIDS,
    *BETTER,
    MINOR,
    response_on_raised_dose(*HALVED, Shrinkage.MINOR),
    RAISED_DOSE,
    STABLE_WITH_NEW_LESION,
    STABLE,
)

COURSE = (
    Rule(
        "RANO 2.0 C3",
        "death or decline that keeps the patient away needs no second scan",
        (Evidence.MEMORY,),
        (Response.PROGRESSIVE, Attendance.TOO_ILL),
        None,
        "this needs no second scan",
    ),
    Rule(
        "RANO 2.0 2, tissue",
        "progression that tissue proves needs no second scan",
        (Evidence.ABSTRACT,),
        (Response.PROGRESSIVE, Histology.TUMOR),
        None,
        "tissue proves it",
    ),
    Rule(
        "RANO 2.0 2",
        "the second scan shows progression again: confirmed, dated to the first",
        (Evidence.ABSTRACT, Evidence.REVIEW),
        (Pending.DUE, Response.PROGRESSIVE),
        Response.PROGRESSIVE,
        "this confirms the preliminary progression of day {pending_day}",
        Step.CONFIRM,
    ),
    Rule(
        "RANO 2.0 3",
        "the second scan does not: pseudoprogression",
        (Evidence.REVIEW,),
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
        "RANO 2.0 1, waiting",
        "a second scan counts from 4 weeks after the first, if it can be assessed (8 weeks are "
        "asked for at most; nothing is said of a later one, which counts)",
        (Evidence.REVIEW, Evidence.MEMORY),
        (Pending.TOO_SOON, Pending.DUE),
        Response.PRELIMINARY_PROGRESSIVE,
        "the preliminary progression of day {pending_day} stands until a scan {when} after it that "
        "can be assessed",
    ),
    Rule(
        "RANO 2.0 1, outside the field",
        "within 12 weeks of radiation, new disease outside the field is progression",
        (Evidence.REVIEW,),
        (
            Response.PROGRESSIVE,
            AfterRadiation.EARLY,
            Place.OUTSIDE,
            ProneAgent.NO,
            OutsideField.PROGRESSION,
        ),
        None,
        "it lies outside the radiation field",
    ),
    Rule(
        "RANO 2.0 1, decline",
        "within 12 weeks of radiation, clinical decline is progression",
        (Evidence.REVIEW, Evidence.UNSURE),
        (
            Response.PROGRESSIVE,
            AfterRadiation.EARLY,
            Clinical.WORSE,
            ProneAgent.NO,
            EarlyDecline.PROGRESSION,
        ),
        None,
        "decline counts within 12 weeks of radiation, too",
    ),
    Rule(
        "RANO 2.0 1",
        "progression within 12 weeks of radiation must be confirmed",
        (Evidence.ABSTRACT, Evidence.REVIEW),
        (Response.PROGRESSIVE, AfterRadiation.EARLY),
        Response.PRELIMINARY_PROGRESSIVE,
        "within 12 weeks of radiation this is preliminary until a scan {when} later",
        Step.START,
    ),
    Rule(
        "RANO 2.0 1, agent",
        "progression under an agent known for pseudoprogression must be confirmed",
        (Evidence.ABSTRACT, Evidence.REVIEW),
        (Response.PROGRESSIVE, ProneAgent.YES),
        Response.PRELIMINARY_PROGRESSIVE,
        "under an agent known for pseudoprogression this is preliminary until a scan {when} later",
        Step.START,
    ),
    Rule(
        "RANO 2.0",
        "otherwise confirmation is not mandatory",
        (Evidence.ABSTRACT, Evidence.REVIEW),
        (),
        None,
        "",
    ),
)

RANO2_2023 = Criterion(
    name="rano2_2023",
    card=Card(
        title="RANO 2.0",
        source="Wen et al., J Clin Oncol 2023;41:5187-99, doi:10.1200/JCO.23.01059",
        verified="abstract at second hand: baseline after radiation, confirmation within 12 "
        "weeks, non-enhancing tumor dropped for IDH-wildtype glioblastoma; as quoted by a "
        "program: raised steroids, combination of components; a review, "
        "doi:10.1007/s11604-025-01821-6: these and all thresholds, responses, what confirms a "
        "progression, leptomeningeal disease",
        from_memory="death as progression, growth on fewer steroids, decline alone within 12 "
        "weeks, the 8 weeks up to which a second scan is asked for",
        readings=(
            "growth_on_fewer_steroids",
            "response_on_more_steroids",
            "early_decline",
            "outside_field",
            "confirm_against",
            "nadir_after_pseudoprogression",
            "small_growth",
            "complete_with_stable",
            "minor_volume",
        ),
    ),
    measure=Measure.AREA,
    findings=MappingProxyType(
        {Component.ENHANCING: ENHANCING, Component.NONENHANCING: NONENHANCING}
    ),
    course=COURSE,
    thresholds=MappingProxyType(
        {
            Component.ENHANCING: AREA_THRESHOLDS,
            Component.NONENHANCING: AREA_THRESHOLDS_MINOR,
        }
    ),
    baseline=Baseline.POST_RADIATION,
    progression_confirmed_within_days=CONFIRMED_WITHIN_DAYS,
    early_includes_limit=True,
    mixed=True,
)
