"""The response of a patient whose visits are DICOM: a timeline, and the same as DICOM SR.

Visits come from a table (`gliokit.analysis.dicom_visits`), or from a folder or archive with all
studies of the patient. Of a study in a folder the labels are, in this order: the result that
`gliokit analyze` left of it, the one DICOM SEG that lies in it, or those of the model, which is run
now. Days are counted from the first study: headers tell no other day, and nothing of treatment,
steroids or clinical state, which stay unknown.

A study that cannot be used is left out, and the timeline says so. No SR is written where a visit
cannot be referred to (no frame of reference, NIfTI) or lengths are in voxels; that is said too.
What the model has finished is kept if a later step fails (`gliokit.analysis.kept_outlines`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from gliokit.analysis.dicom_input import choose_series
from gliokit.analysis.dicom_studies import analyze_studies, read_patient
from gliokit.analysis.dicom_visits import DicomVisits, Given, maker_of
from gliokit.analysis.failure import reason
from gliokit.analysis.kept_outlines import check_kept, clear, hand_over, kept_beside
from gliokit.analysis.options import Options
from gliokit.analysis.outline import Segmenter
from gliokit.analysis.output import SEGMENTATION, scratch_folder
from gliokit.analysis.patient_visits import PatientVisit, load_visits, rows_of_patient
from gliokit.analysis.response_run import (
    STUDIES,
    TIMELINE_SR,
    check_apart,
    paths_of,
    timeline_folder,
    write_timeline,
)
from gliokit.analysis.response_settings import ResponseRun
from gliokit.core.cohort import Cohort, Row
from gliokit.core.errors import CohortError, LayoutError, NotAssessableError, OutputError
from gliokit.io.dicom import DicomStudy
from gliokit.io.dicom_files import DicomFile, open_dicom
from gliokit.io.dicom_seg import read_seg
from gliokit.measurement.timeline import PatientTimeline
from gliokit.reporting.timeline_sr import write_timeline_sr

SEG_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"  # Segmentation Storage
OnStage = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DicomPatient:
    """A patient as a folder of DICOM studies.

    Attributes
    ----------
    path : Path
        Folder with subfolders, or zip archive.
    results : Path or None
        OUT of `gliokit analyze` of these studies.
    load_segmenter : callable
        Gives the model; called if a study has no labels.
    """

    path: Path
    load_segmenter: Callable[[], Segmenter] = field(repr=False)
    results: Path | None = None


def follow_dicom(
    patient: DicomPatient,
    out: Path,
    *,
    run: ResponseRun,
    force: bool = False,
    on_stage: OnStage = lambda stage: None,
) -> PatientTimeline:
    """Follow a patient given as DICOM studies, and write timeline and SR to `out`.

    Results of studies that had to be analyzed stand in `out/studies`; until the timeline is written
    they stand in `out.studies`, where a second run takes them up. Other parameters are those of
    `gliokit.analysis.response_run.follow_patient`.

    Raises
    ------
    GliokitError
        If the studies are of several patients, none can be used, or `out` may not be written.
    """
    kept = kept_beside(out.resolve())
    _check_not_kept(patient.results, kept, out)
    inputs = [path for path in (patient.path, patient.results) if path]
    check_apart(kept, inputs)
    with timeline_folder(out, inputs, force=force) as folder:
        on_stage("reading DICOM files")
        studies = read_patient(patient.path)
        found = _Labelled(patient, studies, DicomVisits(), kept)
        rows, notes = found.rows(folder, on_stage)
        visits = load_visits(found.visits.cohort(rows), rows, space=run.space, on_stage=on_stage)
        timeline = _write(folder, visits, found.visits, run=run, notes=notes, on_stage=on_stage)
        if found.outlined:
            hand_over(kept, found.outlined, folder / STUDIES)
    if found.outlined:
        clear(kept, found.outlined)
    return timeline


def follow_table(
    cohort: Cohort,
    out: Path,
    *,
    run: ResponseRun,
    force: bool = False,
    on_stage: OnStage = lambda stage: None,
) -> PatientTimeline:
    """Follow a patient whose table names DICOM, and write timeline and SR to `out`.

    Parameters and errors are those of `gliokit.analysis.response_run.follow_patient`.
    """
    rows = rows_of_patient(cohort.rows)
    with timeline_folder(out, paths_of(rows), force=force) as folder:
        read = DicomVisits()
        visits = load_visits(read.cohort(rows, cohort), rows, space=run.space, on_stage=on_stage)
        return _write(folder, visits, read, run=run, on_stage=on_stage)


def _check_not_kept(results: Path | None, kept: Path, out: Path) -> None:
    """Refuse to read as results what is kept for this very timeline, and goes once it stands."""
    if results and results.resolve().is_relative_to(kept):
        raise OutputError(
            f"--results {results} holds what an earlier run into {out} has outlined, which this "
            "one takes up by itself and then moves; needed are results that stay: leave out "
            "--results, or choose another folder for the timeline"
        )


def _write(
    folder: Path,
    visits: Sequence[PatientVisit],
    read: DicomVisits,
    *,
    run: ResponseRun,
    notes: tuple[str, ...] = (),
    on_stage: OnStage,
) -> PatientTimeline:
    rows = [visit.row for visit in visits]
    sources = read.sources([row.study_id for row in rows])
    if missing := _no_sr(run, has_sources=bool(sources)):
        notes = (*notes, missing)
    timeline = write_timeline(folder, visits, run=run, notes=notes, on_stage=on_stage)
    if not missing:
        on_stage("writing the DICOM SR")
        options = "; ".join(f"{name}={value}" for name, value in run.stated().items())
        maker = maker_of(rows, read.segs, options)
        write_timeline_sr(folder / TIMELINE_SR, timeline, sources, maker=maker)
    return timeline


def _no_sr(run: ResponseRun, *, has_sources: bool) -> str:
    """Say why there is no SR; empty if there is one."""
    if run.space.voxel_units:
        return "No DICOM SR was written: lengths are in voxels, and it needs millimeters."
    if not has_sources:
        return (
            "No DICOM SR was written: it cannot refer to a visit that is NIfTI or has no frame of "
            "reference."
        )
    return ""


@dataclass(frozen=True, slots=True)
class _Labelled:
    """Finds the labels of the studies of a patient.

    Attributes
    ----------
    kept : Path
        Where the model's results grow.
    outlined : list of str
        Studies that the model has outlined.
    """

    patient: DicomPatient
    studies: Sequence[DicomStudy]
    visits: DicomVisits
    kept: Path
    outlined: list[str] = field(default_factory=list)

    def rows(self, folder: Path, on_stage: OnStage) -> tuple[list[Row], tuple[str, ...]]:
        """Give a row for each study that can be used, and say which cannot."""
        notes: dict[str, str] = {}
        usable = [study for study in self.studies if self._read(study, notes, on_stage)]
        days = _days(usable, self.studies[0].acquired)  # before hours of work
        paths = {study.study_id: self._result(study.study_id) for study in usable}
        self._check_results(paths)
        self._read_segs(usable, folder)
        todo = [
            study
            for study in usable
            if paths[study.study_id] is None and study.study_id not in self.visits.labels
        ]
        if todo:
            paths |= self._analyze(todo, notes, on_stage)
        left = [study for study in usable if study.study_id not in notes]
        if not left:
            raise NotAssessableError(f"no study can be used: {'; '.join(notes.values())}")
        told = tuple(f"Left out: {study_id}, {text}." for study_id, text in notes.items())
        if self.studies[0].study_id in notes:
            told += ("Days are counted from the first study all the same.",)
        return list(_rows(left, days, paths)), told

    def _read(self, study: DicomStudy, notes: dict[str, str], on_stage: OnStage) -> bool:
        """Choose the series of a study; say why if that fails."""
        try:
            source = choose_series(study)
        except (LayoutError, NotAssessableError) as error:
            notes[study.study_id] = reason(error)
            return False
        for line in source.plan:
            on_stage(f"{study.study_id}: {line}")
        self.visits.read[study.study_id] = Given(source.study, source.headers, study.patient)
        return True

    def _result(self, study_id: str) -> Path | None:
        """Find the label map that `gliokit analyze` left of a study."""
        results = self.patient.results
        path = results / study_id / SEGMENTATION if results else None
        return path if path and path.is_file() else None

    def _check_results(self, paths: Mapping[str, Path | None]) -> None:
        """Refuse results that are of none of the studies: they would be passed over unseen."""
        if self.patient.results and paths and not any(paths.values()):
            raise LayoutError(
                f"{self.patient.results} holds no result of {', '.join(paths)}; needed "
                f"STUDY/{SEGMENTATION}, as gliokit analyze of several studies leaves it"
            )

    def _read_segs(self, studies: Sequence[DicomStudy], folder: Path) -> None:
        """Read the SEGs that lie in the studies."""
        uids = {study.series[0].uids["study"]: study.study_id for study in studies}
        with open_dicom(self.patient.path) as found, scratch_folder(folder / "segs") as scratch:
            by_study: dict[str, list[DicomFile]] = {}
            for file in found.dicom:
                study_id = uids.get(str(file.header.get("StudyInstanceUID", "")))
                if study_id and file.header.get("SOPClassUID") == SEG_CLASS:
                    by_study.setdefault(study_id, []).append(file)
            for study_id, files in by_study.items():
                self._read_seg(study_id, files, scratch / f"{study_id}.dcm")

    def _read_seg(self, study_id: str, files: Sequence[DicomFile], path: Path) -> None:
        if self._result(study_id):  # which goes before a SEG
            return
        if len(files) > 1:
            raise LayoutError(
                f"{study_id} has {len(files)} SEGs; leave the one that is meant in it, or give "
                "--results"
            )
        with files[0].open() as stream:
            path.write_bytes(stream.read())
        grid = self.visits.read[study_id].study.reference.grid
        self.visits.labels[study_id] = read_seg(path, grid=grid)
        self.visits.keep_seg(study_id, files[0].header)

    def _analyze(
        self, studies: Sequence[DicomStudy], notes: dict[str, str], on_stage: OnStage
    ) -> Mapping[str, Path]:
        """Let the model outline the tumor of studies; say why where it could not."""
        check_kept(self.kept)
        segmenter = self.patient.load_segmenter()
        try:
            for outcome in analyze_studies(
                studies, self.kept, segmenter=segmenter, options=Options(), on_stage=on_stage
            ):
                if outcome.findings is None:
                    notes[outcome.study_id] = outcome.reason.replace(str(self.kept), STUDIES)
                else:
                    self.outlined.append(outcome.study_id)
        finally:
            clear(self.kept, ())  # tables alone are of no use
        return {study_id: self.kept / study_id / SEGMENTATION for study_id in self.outlined}


def _days(studies: Sequence[DicomStudy], origin: date | None) -> dict[str, int]:
    """Count the days of studies from an origin.

    Raises
    ------
    CohortError
        If a study has no date, or two have the same.
    """
    days: dict[str, int] = {}
    for study in studies:
        if study.acquired is None or origin is None:
            raise CohortError(
                f"{study.study_id} has no date, so its place among the visits is not known; write "
                "visits.csv with their days"
            )
        day = (study.acquired - origin).days
        if same := [other for other, known in days.items() if known == day]:
            raise CohortError(
                f"{same[0]} and {study.study_id} are of one day, {study.acquired}; a visit needs a "
                "day of its own: take one of them away, or write visits.csv with both as one visit"
            )
        days[study.study_id] = day
    return days


def _rows(
    studies: Sequence[DicomStudy], days: Mapping[str, int], paths: Mapping[str, Path | None]
) -> Iterator[Row]:
    """Give the rows of a table that nobody wrote."""
    for number, study in enumerate(studies, 2):
        cells = {"day": str(days[study.study_id])}
        if path := paths.get(study.study_id):
            cells["labels"] = str(path)
        yield Row(number, study.patient, study.study_id, cells)
