"""Many studies, each to its own result; one bad study never stops the others.

In OUT stand a folder per study and two tables, written when the run ends, however it ends, on
the studies that it came to: `summary.csv` with the volumes of those that have a result, the ends
of their 90 % intervals (empty cells where a region could not be assessed, or no interval was
estimated), phase and days since treatment; `failures.csv` with the reason for each of the others
(only its header if there is none). Reasons name images by their columns, since file and folder
names may hold patient names.

A run goes on where the last one stopped: a study whose result is whole and comes of the same
images, options, phase, days since treatment, model and version is not analyzed again; an outdated
result is replaced. A result whose labels a person gave stands for that of any model, and is never
replaced.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

from gliokit.analysis.analyze import analyze
from gliokit.analysis.assess import describe_inputs
from gliokit.analysis.failure import FAILURE, exit_code, reason
from gliokit.analysis.options import OF_THE_MODEL, Options
from gliokit.analysis.outline import Segmenter
from gliokit.analysis.output import (
    FINDINGS,
    check_seen,
    csv_text,
    explained,
    remove_leftovers,
    result_names,
    write_whole,
)
from gliokit.analysis.reasons import without_paths
from gliokit.cluster.tasks import run_tasks
from gliokit.core.cohort import Cohort, Row
from gliokit.core.course import NO_COURSE, Course
from gliokit.core.errors import FindingsError, OutputError
from gliokit.core.findings import Findings, Input, Model, Quantity
from gliokit.core.study import Study
from gliokit.core.vocabulary import Label, MRSequence, Region
from gliokit.io.cohorts import check_phases, course_of
from gliokit.reporting.findings_json import read_findings

Cells: TypeAlias = tuple[str | int, ...]

FAILURES = "failures.csv"
SUMMARY = "summary.csv"
FAILURE_COLUMNS = ("study_id", "reason", "exit_code")
SUMMARY_COLUMNS = (
    "patient_id",
    "study_id",
    *(f"{label.name.lower()}_ml" for label in Label if label is not Label.BACKGROUND),
    *(f"{region.name.lower()}{end}" for region in Region for end in ("_ml", "_low_ml", "_high_ml")),
    "missing",
    "warnings",
    "not_assessed",
    "phase",
    *(one.name for one in fields(Course)),
)
# of tables that earlier versions wrote, too
KNOWN_BY = {FAILURES: FAILURE_COLUMNS, SUMMARY: SUMMARY_COLUMNS[:3]}
DIED = (
    "the worker process died, as it does when memory runs out; "
    "analyze this study alone, use fewer --jobs, or workers with more memory"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one study.

    Attributes
    ----------
    study_id : str
        The table's.
    findings : Findings or None
        None if it failed.
    reused : bool
        Whether the result stood there already.
    reason : str
        Why it failed, in one line.
    exit_code : int
        What `gliokit analyze` of this study alone would exit with.
    """

    study_id: str
    findings: Findings | None = None
    reused: bool = False
    reason: str = ""
    exit_code: int = 0


def analyze_cohort(
    cohort: Cohort,
    out: Path,
    *,
    load_segmenter: Callable[[], Segmenter],
    options: Options,
    jobs: int = 1,
    scheduler: str | None = None,
) -> Generator[Outcome, None, None]:
    """Analyze every study in worker processes; give the outcomes as they come.

    Close the iterator to stop early: finished studies and the tables stay whole, nothing
    half done is left.

    Parameters
    ----------
    cohort : Cohort
        Its `load` must pickle.
    out : Path
        A folder per study is made in it.
    load_segmenter : callable
        Called once in each worker; must pickle.
    jobs : int
        Workers at a time on this machine.
    scheduler : str or None
        Address of a dask scheduler whose workers do it all instead. They must see the table's
        files and `out` under the same names: a shared file system.

    Raises
    ------
    OutputError
        If `out` cannot be written, or holds a table that is not ours.
    DeviceError
        If the scheduler or its workers cannot be used.
    CohortError
        If phase and days of a row contradict each other.
    """
    check_phases(cohort.rows)
    out = out.absolute()  # a worker has a folder of its own to start from
    prepare_tables(out)
    outcomes: dict[str, Outcome] = {}
    handler = _RowAnalysis(cohort.load, out, load_segmenter, options)
    try:
        with closing(run_tasks(cohort.rows, handler, jobs=jobs, scheduler=scheduler)) as answers:
            for row, answer in answers:
                outcome = answer or Outcome(row.study_id, reason=DIED, exit_code=FAILURE)
                outcomes[row.study_id] = outcome
                yield outcome
    finally:
        remove_leftovers(out)
        write_tables(out, cohort.rows, outcomes)


@dataclass(frozen=True)
class _RowAnalysis:
    """Turns a row into a result and raises nothing; lives in a worker."""

    load: Callable[[Row], Study]
    out: Path
    load_segmenter: Callable[[], Segmenter]
    options: Options

    def __call__(self, row: Row) -> Outcome:
        try:
            return self._analyze(row)
        except Exception as error:  # whatever it is, the other studies go on
            text = without_paths(reason(error), row)
            # an OutputError says itself what stands in the folder
            if (self.out / row.study_id).exists() and not isinstance(error, OutputError):
                text += "; what stands in its folder is of an earlier run"
            return Outcome(row.study_id, reason=text, exit_code=exit_code(error))

    def _analyze(self, row: Row) -> Outcome:
        check_seen(self.out)
        study, out = self.load(row), self.out / row.study_id
        segmenter, options = self._segmenter, self.options
        standing = standing_result(out)
        if standing and is_current(standing, study, model=segmenter.model, options=options):
            return Outcome(row.study_id, standing, reused=True)
        if standing and standing.model is None:
            raise OutputError(
                f"study {row.study_id} has a result whose labels a person gave, of other images, "
                "options or version; analyze it alone with these labels, or move its folder away"
            )
        findings = analyze(study, out, segmenter=segmenter, options=options, force=True)
        return Outcome(row.study_id, findings)

    @cached_property
    def _segmenter(self) -> Segmenter:
        return self.load_segmenter()


def standing_result(out: Path) -> Findings | None:
    """Read the findings of the result that stands in `out`, if it is whole."""
    try:
        findings = read_findings((out / FINDINGS).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, FindingsError):
        return None
    return findings if all((out / name).is_file() for name in result_names(findings)) else None


def is_current(findings: Findings, study: Study, *, model: Model | None, options: Options) -> bool:
    """Tell whether analyzing `study` would give these findings again."""
    stated = options.stated(study.phase)
    return (
        findings.gliokit_version == version("gliokit")
        and findings.model in (model, None)
        and _ruling(findings.options, findings.model) == _ruling(stated, findings.model)
        and (findings.course == study.course or not findings.model)
        and _hashes(findings.inputs) == _hashes(describe_inputs(study))
    )


def _ruling(stated: tuple[tuple[str, str], ...], model: Model | None) -> dict[str, str]:
    """Select the options that the result depends on."""
    return {name: value for name, value in stated if model or name not in OF_THE_MODEL}


def _hashes(inputs: tuple[Input, ...]) -> dict[MRSequence, str]:
    return {image.sequence: image.sha256 for image in inputs}


def prepare_tables(out: Path) -> None:
    """Make the folder, and see that its tables are ours to replace."""
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
        remove_leftovers(out)
        for name, columns in KNOWN_BY.items():
            table, header = out / name, ",".join(columns)
            if table.exists() and not table.read_text("utf-8", "replace").startswith(header):
                raise OutputError(
                    f"{table} was not written by gliokit; choose another output folder"
                )


def write_tables(out: Path, rows: Sequence[Row], outcomes: Mapping[str, Outcome]) -> None:
    """Write summary and failures of the studies that have an outcome, in the order of the rows."""
    done = [(row, outcomes[row.study_id]) for row in rows if row.study_id in outcomes]
    summary = [_summary(row, o.findings) for row, o in done if o.findings]
    failures = [(o.study_id, o.reason, o.exit_code) for _, o in done if not o.findings]
    write_whole(out / SUMMARY, csv_text(SUMMARY_COLUMNS, summary))
    write_whole(out / FAILURES, csv_text(FAILURE_COLUMNS, failures))


def _summary(row: Row, findings: Findings) -> Cells:
    labels, regions = findings.unseen_labels, findings.unseen_regions
    return (
        row.patient_id,
        row.study_id,
        *("" if e.label in labels else _cell(e.volume.value) for e in findings.volumes_by_label),
        *(
            cell
            for e in findings.volumes_by_region
            for cell in (("", "", "") if e.region in regions else _with_interval(e.volume))
        ),
        " ".join(findings.missing),
        " ".join(dict.fromkeys(notice.code for notice in findings.warnings)),
        " ".join(notice.code for notice in findings.not_assessed),
        dict(findings.options).get("phase", ""),
        *("" if days is None else _cell(days) for days in astuple(_course(row, findings))),
    )


def _course(row: Row, findings: Findings) -> Course:
    """Give what the table tells, also where a result stands whose labels a person gave."""
    told = course_of(row)
    return findings.course if told == NO_COURSE else told


def _with_interval(volume: Quantity) -> tuple[str, str, str]:
    low, high = map(_cell, volume.interval) if volume.interval else ("", "")
    return _cell(volume.value), low, high


def _cell(value: float) -> str:
    return f"{value:.6g}"
