"""Several DICOM studies of one patient, each to its own result; a bad one stops no other.

OUT holds what a cohort's run leaves there (`gliokit.analysis.cohort_run`): a folder per study,
`summary.csv`, and `failures.csv` with the reasons; a run goes on where the last one stopped. The
studies come in the order of their days. Days between them are known; days since diagnosis,
surgery or radiation are in no header: where they are stated of the first study, those of the
others follow. What was operated on once stays so: after a post-operative study all are.

Limits: all studies are read before the first is analyzed, so they must fit into memory.
"""

import logging
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from gliokit.analysis.cohort_run import (
    Outcome,
    is_current,
    prepare_tables,
    standing_result,
    write_tables,
)
from gliokit.analysis.dicom_analysis import analyze_dicom
from gliokit.analysis.dicom_input import DicomInput, choose_series
from gliokit.analysis.failure import exit_code, reason
from gliokit.analysis.options import Options
from gliokit.analysis.outline import OnStage, Segmenter
from gliokit.analysis.output import remove_leftovers
from gliokit.core.cohort import Row
from gliokit.core.course import NO_COURSE, NOTHING_STATED, Course, Stated, contradicts, later
from gliokit.core.errors import LayoutError, OutputError, SettingsError
from gliokit.core.findings import Notice
from gliokit.core.vocabulary import Phase
from gliokit.io.dicom import DicomStudy, read_dicom

log = logging.getLogger(__name__)


def read_patient(path: Path) -> tuple[DicomStudy, ...]:
    """Read the studies of one patient in the order of their days; those without come last.

    Raises
    ------
    LayoutError
        If there is no DICOM study, or there are several patients.
    """
    studies = read_dicom(path)
    patients = len({study.patient for study in studies})
    if patients > 1:
        raise LayoutError(
            f"{path}: {len(studies)} studies of {patients} patients; needed one patient: give a "
            "folder each, or the table of a cohort with --cohort"
        )
    return tuple(sorted(studies, key=lambda one: (one.acquired or date.max, one.study_id)))


def analyze_studies(
    studies: Sequence[DicomStudy],
    out: Path,
    *,
    segmenter: Segmenter,
    options: Options,
    stated: Stated = NOTHING_STATED,
    on_stage: OnStage = log.info,
) -> Generator[Outcome, None, None]:
    """Analyze the studies of one patient one after another; give the outcomes as they come.

    Close the iterator to stop early: finished studies and the tables stay whole.

    Parameters
    ----------
    studies : sequence of DicomStudy
        As `read_patient` gives them.
    out : Path
        A folder per study is made in it.
    stated : Stated
        The phase of all studies, by default what days or descriptions say, and the course of the
        first one.
    on_stage : callable
        Told the plan of each study, and the name of each stage as it begins.

    Raises
    ------
    SettingsError
        If what is stated contradicts itself in one of the studies, or is of the first one and
        nobody knows which that is.
    OutputError
        If `out` cannot be written, or holds a table that is not ours.
    """
    visits = _Visits(studies, stated)
    visits.check()
    out = out.absolute()
    prepare_tables(out)
    rows = [Row(n, one.patient, one.study_id, {}) for n, one in enumerate(studies, 1)]
    outcomes: dict[str, Outcome] = {}
    try:
        for found in studies:
            work = _Work(out / found.study_id, segmenter, options, on_stage)
            outcome = _outcome(found, visits, work)
            outcomes[found.study_id] = outcome
            yield outcome
    finally:
        remove_leftovers(out)
        write_tables(out, rows, outcomes)


@dataclass(slots=True)
class _Visits:
    """What the studies of a patient tell of each other."""

    studies: Sequence[DicomStudy]
    stated: Stated
    operated: DicomStudy | None = None  # the first one after surgery

    def check(self) -> None:
        """Refuse what is stated where it cannot hold of all studies."""
        if self.stated.course != NO_COURSE and not self.studies[0].acquired:
            raise SettingsError(
                f"days since treatment are stated of the first of {len(self.studies)} studies, but "
                "none has a date that tells which is the first; give each study by itself"
            )
        for found in self.studies:
            course = self._course(found)
            if contradicts(course, self.stated.phase):
                raise SettingsError(
                    f"all studies are stated to be {self.stated.phase}, but the days since surgery "
                    f"({course.days_since_surgery:g}) make {found.study_id} {course.phase}; drop "
                    "or correct one of them"
                )

    def source(self, found: DicomStudy) -> DicomInput:
        """Choose the series of the next study, and place it in the course."""
        days, course = self._days_after_first(found), self._course(found)
        source = choose_series(found, phase=self.stated.phase, course=course)
        told = self.stated.phase or course.phase is not Phase.UNKNOWN
        phase = source.study.phase
        if not told and self._is_after_surgery(found) and phase is not Phase.POSTOPERATIVE:
            study = replace(source.study, phase=Phase.POSTOPERATIVE)
            source = replace(source, study=study, notices=tuple(self._after_surgery(source)))
        elif phase is Phase.POSTOPERATIVE and not self.operated:
            self.operated = found
        return replace(source, notices=(*source.notices, *self._days(found, days, course)))

    def _is_after_surgery(self, found: DicomStudy) -> bool:
        other = self.operated
        if not other or not found.acquired or not other.acquired:
            return False
        return found.acquired > other.acquired

    def _after_surgery(self, source: DicomInput) -> Iterator[Notice]:
        yield from (one for one in source.notices if not one.code.startswith("phase-"))
        earlier = self.operated.study_id if self.operated else ""
        text = (
            f"Taken as {Phase.POSTOPERATIVE}: the earlier {earlier} is, by its description. "
            "Decide it with --phase if it is wrong."
        )
        yield Notice("phase-from-earlier-study", text)

    def _course(self, found: DicomStudy) -> Course:
        days = self._days_after_first(found)
        return NO_COURSE if days is None else later(self.stated.course, days)

    def _days_after_first(self, found: DicomStudy) -> int | None:
        first = self.studies[0]
        if not found.acquired or not first.acquired:
            return None
        return (found.acquired - first.acquired).days

    def _days(self, found: DicomStudy, days: int | None, course: Course) -> Iterator[Notice]:
        first, count = self.studies[0], len(self.studies)
        if days is None:
            text = f"Its place among the {count} studies of the patient is not known: no date."
            yield Notice("no-date", text)
        elif found is not first:
            text = (
                f"Made {days} days after {first.study_id}, the first of the {count} studies that "
                "were given."
            )
            if course == NO_COURSE:
                text += " Days since diagnosis, surgery or radiation are in no header."
            yield Notice("days-between-studies", text)


@dataclass(frozen=True, slots=True)
class _Work:
    """How a study is analyzed, and where to."""

    out: Path
    segmenter: Segmenter
    options: Options
    on_stage: OnStage


def _outcome(found: DicomStudy, visits: _Visits, work: _Work) -> Outcome:
    """Turn a study into a result; raise nothing but what stops the run."""
    try:
        return _analyzed(visits.source(found), work)
    except Exception as error:  # whatever it is, the other studies go on
        text = reason(error)
        # an OutputError says itself what stands in the folder
        if work.out.exists() and not isinstance(error, OutputError):
            text += "; what stands in its folder is of an earlier run"
        return Outcome(found.study_id, reason=text, exit_code=exit_code(error))


def _analyzed(source: DicomInput, work: _Work) -> Outcome:
    study = source.study
    for line in source.plan:
        work.on_stage(f"{study.study_id}: {line}")
    standing = standing_result(work.out)
    if standing:
        model, model_made = work.segmenter.model, standing.model is not None
        as_told = set(source.notices) <= set(standing.warnings) and (
            standing.series == source.series or not model_made
        )
        if as_told and is_current(standing, study, model=model, options=work.options):
            return Outcome(study.study_id, standing, reused=True)
        if not model_made:
            raise OutputError(
                f"{study.study_id} has a result whose labels a person gave, of other images, "
                "options or version; move its folder away"
            )
    findings = analyze_dicom(
        source,
        work.out,
        segmenter=work.segmenter,
        options=work.options,
        force=True,
        on_stage=lambda stage: work.on_stage(f"{study.study_id}: {stage}"),
    )
    return Outcome(study.study_id, findings)
