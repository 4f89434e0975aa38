"""The visits of a patient out of DICOM files, with the headers that objects refer to.

A table's cell of a sequence may name a folder or a zip archive of DICOM instead of a NIfTI file: of
one series, or of a study, of which the series of that sequence is taken as `gliokit analyze` takes
it. Its labels are a DICOM SEG or a NIfTI label map, on the grid of the visit's reference image.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import Dataset

from gliokit.analysis.dicom_input import choose_series
from gliokit.analysis.dicom_paths import dicom_paths
from gliokit.analysis.output import FINDINGS, SEG
from gliokit.core.cohort import Cohort, Row
from gliokit.core.errors import CohortError, FindingsError, LayoutError
from gliokit.core.image import LabelMap
from gliokit.core.series import Series
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.io.cohorts import in_time
from gliokit.io.dicom import DicomStudy, read_dicom
from gliokit.io.dicom_files import open_dicom
from gliokit.io.dicom_identity import Maker
from gliokit.io.dicom_seg import read_seg
from gliokit.io.dicom_source import Headers
from gliokit.io.layouts import is_nifti
from gliokit.io.nifti import read_label_map
from gliokit.reporting.findings_json import read_findings
from gliokit.reporting.timeline_sr import VisitSource


@dataclass(frozen=True, slots=True)
class Given:
    """A visit as it was read.

    Attributes
    ----------
    study : Study
        Its images.
    headers : tuple of Dataset
        Of its reference image; none if that has no frame of reference.
    patient : str
        Hash of the Patient ID.
    """

    study: Study
    headers: Headers = field(repr=False)
    patient: str


@dataclass(slots=True)
class DicomVisits:
    """Reads visits, and keeps what a report of them must refer to.

    Attributes
    ----------
    read : dict of str to Given
        By study id; visits that are there already are not read again.
    labels : dict of str to LabelMap
        By study id; label maps that no file of the row holds.
    segs : dict of str to Dataset
        The SEG of a visit's labels, without frames.
    """

    read: dict[str, Given] = field(default_factory=dict)
    labels: dict[str, LabelMap] = field(default_factory=dict)
    segs: dict[str, Dataset] = field(default_factory=dict)

    def cohort(self, rows: Sequence[Row], other: Cohort | None = None) -> Cohort:
        """Give rows with loaders; rows without DICOM are left to those of another cohort."""

        def load(row: Row) -> Study:
            if other is not None and row.study_id not in self.read and not dicom_paths(row):
                return other.load(row)
            return self._load(row)

        return Cohort(rows, load, self._load_labels)

    def sources(self, study_ids: Sequence[str]) -> tuple[VisitSource, ...]:
        """Give what visits were measured on; nothing if one cannot be referred to."""
        found = [self.read.get(study_id) for study_id in study_ids]
        if not all(one is not None and one.headers for one in found):
            return ()
        return tuple(
            VisitSource(one.headers, self.segs.get(study_id))
            for study_id, one in zip(study_ids, found, strict=True)
            if one is not None
        )

    def keep_seg(self, study_id: str, header: Dataset) -> None:
        """Remember the SEG of a visit's labels, if it lies in the study of the visit."""
        given = self.read.get(study_id)
        uid = given.headers[0].StudyInstanceUID if given and given.headers else None
        if uid and uid == header.get("StudyInstanceUID"):
            self.segs[study_id] = header

    def _load(self, row: Row) -> Study:
        if row.study_id not in self.read:
            given = _read_row(row)
            patients = {one.patient for one in self.read.values()} | {given.patient}
            if len(patients) > 1:
                raise CohortError(
                    f"row {row.number}: its DICOM files are of another patient than those of the "
                    "rows before; give visits of one patient"
                )
            self.read[row.study_id] = given
        return self.read[row.study_id].study

    def _load_labels(self, row: Row) -> LabelMap:
        if row.study_id in self.labels:
            return self.labels[row.study_id]
        path = Path(row.cells.get("labels", ""))
        if not path.is_file():
            raise CohortError(
                f"row {row.number}, column labels: no such file; give a DICOM SEG or a NIfTI map"
            )
        seg = path.with_name(SEG) if is_nifti(path.name) else path
        if seg.is_file():
            with open_dicom(seg) as found:
                for file in found.dicom:
                    self.keep_seg(row.study_id, file.header)
        if is_nifti(path.name):
            return read_label_map(path)
        return read_seg(path, grid=self.read[row.study_id].study.reference.grid)


def maker_of(rows: Sequence[Row], segs: dict[str, Dataset], options: str) -> Maker:
    """Name what made the labels: the models of the findings beside them, or of their SEGs."""
    made = [_model(row, segs.get(row.study_id)) for row in rows]
    names = list(dict.fromkeys(name for name, _ in made))
    hashes = list(dict.fromkeys(sha for _, sha in made if sha))
    if names == [None]:
        return Maker(None, options=options)
    told = " and ".join(name or "a person" for name in names)
    one = hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
    return Maker(told, one if hashes else "", options)


def _model(row: Row, seg: Dataset | None) -> tuple[str | None, str]:
    """Give name and hash of what made the labels of a row; no name for a person."""
    if "labels" in row.cells:
        path = Path(row.cells["labels"]).with_name(FINDINGS)
        try:
            model = read_findings(path.read_text(encoding="utf-8")).model
        except (OSError, UnicodeDecodeError, FindingsError):
            pass
        else:
            return (f"{model.name} {model.version}", model.sha256) if model else (None, "")
    segments = seg.get("SegmentSequence", ()) if seg is not None else ()
    names = [str(one.get("SegmentAlgorithmName") or "") for one in segments]
    return next((name for name in names if name), None), ""


def _read_row(row: Row) -> Given:
    """Read the images of a row of a table."""
    paths = dicom_paths(row)
    named = [sequence for sequence in MRSequence if sequence in row.cells]
    if apart := [sequence for sequence in named if sequence not in paths]:
        raise CohortError(
            f"row {row.number}, column {apart[0]}: no folder or archive of DICOM, as "
            f"{next(iter(paths))} is; give all images of a visit in one way"
        )
    studies = {path: _one_study(path, row) for path in dict.fromkeys(paths.values())}
    series = {sequence: _series(studies[path], sequence, row) for sequence, path in paths.items()}
    images = {sequence: one.image for sequence, one in series.items()}
    study = in_time(Study(row.study_id, images), row)
    reference = next(s for s, one in series.items() if one.image is study.reference)
    headers = studies[paths[reference]].headers[series[reference].number]
    has_frame = bool(series[reference].uids["frame_of_reference"])
    patients = {one.patient for one in studies.values()}
    if len(patients) > 1:
        raise CohortError(f"row {row.number}: its images are of {len(patients)} patients")
    return Given(study, headers if has_frame else (), patients.pop())


def _one_study(path: Path, row: Row) -> DicomStudy:
    studies = read_dicom(path)
    if len(studies) > 1:
        raise LayoutError(
            f"row {row.number}: {len(studies)} studies in one folder; give the folder of one "
            "study, or of one series"
        )
    return studies[0]


def _series(found: DicomStudy, sequence: MRSequence, row: Row) -> Series:
    """Give the only series of a folder, or the one that shows a sequence."""
    if len(found.series) == 1:
        return found.series[0]
    chosen = choose_series(found).chosen
    if sequence not in chosen:
        raise LayoutError(
            f"row {row.number}, column {sequence}: none of {len(found.series)} series is surely "
            f"{sequence}; give the folder of that series alone"
        )
    return next(one for one in found.series if one.number == chosen[sequence].number)
