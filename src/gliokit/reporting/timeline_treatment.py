"""What was given to a patient and when, as rows of a chart and as facts in words."""

from dataclasses import dataclass

from gliokit.measurement.response.visit import Treatment
from gliokit.measurement.timeline import Resection
from gliokit.reporting.timeline_wording import UNKNOWN


@dataclass(frozen=True, slots=True)
class Given:
    """One treatment.

    Attributes
    ----------
    name : str
        What it is.
    words : str
        When, in words; says what is unknown.
    start, end : int or None
        First and last day, as far as they are known.
    goes_on : bool
        Whether no end is recorded for what began.
    """

    name: str
    words: str
    start: int | None = None
    end: int | None = None
    goes_on: bool = False


def given(treatment: Treatment, therapy: str) -> tuple[Given, ...]:
    """List what was given, in the order in which it usually is."""
    start, surgery = treatment.treatment_start_day, treatment.surgery_day
    judged = therapy or "kind unknown"
    return (
        Given("Surgery", _day(surgery), surgery, surgery),
        _radiation(treatment),
        Given("Treatment judged", f"{judged}, {_since(start)}", start, goes_on=start is not None),
        _immunotherapy(treatment),
    )


def facts(
    treatment: Treatment, therapy: str, resection: Resection | None = None
) -> tuple[tuple[str, str], ...]:
    """Say in words what is known of the treatment."""
    removed = () if resection is None else (("Extent of resection", _removed(resection)),)
    return (
        ("Disease", "recurrent" if treatment.recurrent else "newly diagnosed"),
        *((row.name, row.words) for row in given(treatment, therapy)),
        ("Antiangiogenic agent", _answer(treatment.antiangiogenic)),
        ("Agent known for pseudoprogression", _answer(treatment.prone_to_pseudoprogression)),
        *removed,
    )


def _removed(resection: Resection) -> str:
    extent = resection.extent
    if extent is None:
        return f"{UNKNOWN}: {resection.reason}"
    share = extent.removed_enhancing
    days = f"day {resection.before_day} to day {resection.after_day}"
    words = [f"RANO-resect {extent.reason} ({days})"]
    if share is not None:
        words.insert(0, f"{share:.0%} of the enhancing tumor" if share > 0 else "nothing")
    if extent.doubtful:
        words.append("so little may be an error of the outline")
    return "; ".join([*words, *([resection.reason] if resection.reason else [])])


def _radiation(treatment: Treatment) -> Given:
    start, end = treatment.radiation_start_day, treatment.radiation_end_day
    if start is None and end is None:
        words = {False: "none", True: "given, days unknown", None: UNKNOWN}[treatment.irradiated]
        return Given("Radiation", words)
    if end is None:
        return Given("Radiation", f"from day {start}, end unknown", start, start)
    if start is None:
        return Given("Radiation", f"until day {end}, start unknown", end, end)
    return Given("Radiation", f"day {start} to day {end}", start, end)


def _immunotherapy(treatment: Treatment) -> Given:
    start = treatment.immunotherapy_start_day
    if start is None:
        words = {False: "none", True: "given, start unknown", None: "none known"}
        return Given("Immunotherapy", words[treatment.immunotherapy])
    return Given("Immunotherapy", _since(start), start, goes_on=True)


def _day(day: int | None) -> str:
    return f"day {UNKNOWN}" if day is None else f"day {day}"


def _since(day: int | None) -> str:
    return f"start {UNKNOWN}" if day is None else f"from day {day}"


def _answer(known: bool | None) -> str:
    if known is None:
        return UNKNOWN
    return "yes" if known else "no"
