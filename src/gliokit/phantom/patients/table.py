"""The row of one visit in the table of a simulated cohort, without paths.

The table is retrospective, as tables of cohorts are: resection, treatment and survival
stand in every row, also in those of visits that came before.
"""

from gliokit.core.vocabulary import Progression
from gliokit.phantom.patients.course import Visit
from gliokit.phantom.patients.patient import Patient


def study_id(patient: Patient, visit: Visit) -> str:
    """Name a visit: "SIM-00000-000"."""
    return f"{patient.patient_id}-{visit.number:03d}"


def table_cells(patient: Patient, visit: Visit) -> dict[str, str]:
    """Give the cells of `gliokit.core.cohort` that are known without images.

    Age is that at diagnosis; a cell that does not apply is empty.
    """
    genotype = patient.genotype
    field = str(int(visit.in_radiation_field)) if visit.cause is not Progression.NONE else ""
    return {
        "patient_id": patient.patient_id,
        "study_id": study_id(patient, visit),
        "day": str(visit.day),
        "site": f"site-{patient.site}",
        "scanner": f"scanner-{patient.site}",  # each site has one
        "phase": visit.phase.value,
        "age": f"{patient.age:g}",
        "sex": patient.sex,
        "kps": str(visit.kps),
        "idh": genotype.idh.value,
        "codel_1p19q": genotype.codel_1p19q.value,
        "mgmt": genotype.mgmt.value,
        "grade": str(genotype.grade),
        "resection": patient.resection.value,
        "surgery_day": str(patient.surgery_day),
        "rt_start_day": _or_empty(patient.rt_start_day),
        "rt_end_day": _or_empty(patient.rt_end_day),
        "rt_dose_gy": f"{patient.rt_dose_gy:g}" if patient.rt_start_day is not None else "",
        "therapy": patient.therapy,
        "dexamethasone_mg_per_day": f"{visit.dexamethasone_mg_per_day:g}",
        "clinical_change": visit.clinical_change.value if visit.number > 0 else "",
        "in_radiation_field": field if patient.rt_start_day is not None else "",
        "os_days": f"{patient.os_days:.0f}",
        "os_event": str(int(patient.os_event)),
        "progression": visit.cause.value,
    }


def _or_empty(day: int | None) -> str:
    return "" if day is None else str(day)
