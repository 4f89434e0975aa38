"""The folder a result is written to: whole or not at all.

A result grows in a hidden folder beside OUT, on the same file system, and is renamed into
place when it is complete. Whatever stops the run removes that folder; where nothing could
(the process was killed outright, the power failed), the next run for the same OUT does.

Only what gliokit wrote is ever replaced: a folder that holds anything else is refused, with
`force` too.
"""

import csv
import errno
import io
import json
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

import psutil

from gliokit.analysis.options import PROBABILITIES_WRITTEN
from gliokit.core.errors import GliokitError, OutputError
from gliokit.core.findings import Findings
from gliokit.core.vocabulary import MRSequence, Region

REPORT = "report.html"
SEGMENTATION = "segmentation.nii.gz"
FINDINGS = "findings.json"
SEG, RTSTRUCT = "seg.dcm", "rtstruct.dcm"  # where the input was DICOM and there are labels
SR, PDF = "sr.dcm", "pdf.dcm"  # where the input was DICOM
DICOM_OBJECTS = (SEG, RTSTRUCT, SR, PDF)
PROBABILITIES: MappingProxyType[Region, str] = MappingProxyType(
    {region: f"probabilities_{region}.nii.gz" for region in Region}  # on request
)
NATIVE_FOLDER = "native"  # labels on the grid of each image that has its own
NATIVE: MappingProxyType[MRSequence, str] = MappingProxyType(
    {sequence: f"{NATIVE_FOLDER}/{sequence}.nii.gz" for sequence in MRSequence}
)
INPUTS = "inputs"  # what a demo simulated, beside its result
TRUTH = f"{INPUTS}/truth.nii.gz"
RESULT_PATHS = frozenset(
    {REPORT, SEGMENTATION, FINDINGS, INPUTS, TRUTH, NATIVE_FOLDER}
    | {*DICOM_OBJECTS, *PROBABILITIES.values(), *NATIVE.values()}
    | {f"{INPUTS}/{sequence}.nii.gz" for sequence in MRSequence}
)

_TEMPORARY = re.compile(
    r"\..+\.gliokit-(?P<host>.*)-(?P<pid>\d+)-[0-9a-f]{8}(-old)?", flags=re.DOTALL
)
_CLOCK_SLACK_S = 2.0  # between a file system's clock and the process table's
LEFT_BY_DESKTOPS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def result_names(findings: Findings) -> tuple[str, ...]:
    """Name the files that a whole result of these findings holds."""
    asked = PROBABILITIES_WRITTEN in findings.options
    return (REPORT, SEGMENTATION, *(PROBABILITIES.values() if asked else ()), FINDINGS)


@contextmanager
def result_folder(out: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a temporary folder that becomes `out` when the block ends well.

    Parameters
    ----------
    out : Path
        Where the result will stand; parents are made.
    force : bool
        Replace a result that gliokit wrote there before.

    Raises
    ------
    OutputError
        If `out` may not be written, or the disk is full.
    """
    out = out.resolve()
    with whole_folder(out, check=partial(check_replaceable, out, force=force)) as temporary:
        yield temporary


@contextmanager
def whole_folder(out: Path, *, check: Callable[[], None]) -> Iterator[Path]:
    """Give a temporary folder that takes the place of `out` when the block ends well.

    Parameters
    ----------
    out : Path
        Absolute; parents are made.
    check : callable
        Raises where `out` may not be written; called before the work and after it.

    Raises
    ------
    OutputError
        If the disk is full, or as `check` does.
    """
    with explained(out):
        check()
    with scratch_folder(out) as temporary:
        yield temporary
        with explained(out):
            check()  # again: somebody else may have written meanwhile
            _move_into_place(temporary, out)


@contextmanager
def scratch_folder(out: Path) -> Iterator[Path]:
    """Give a folder beside `out` for work that is to be moved into place; it goes in the end.

    Raises
    ------
    OutputError
        If the disk is full, or the folder cannot be made.
    """
    temporary = out.with_name(_temporary_name(out))
    with explained(out):
        made = [folder for folder in out.parents if not folder.exists()]
        out.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(out.parent)
        temporary.mkdir()
    try:
        yield temporary
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        for folder in made:
            with suppress(OSError):  # somebody else uses it by now
                folder.rmdir()
        if _is_disk_full(error):
            raise _output_error(out, error) from error
        raise
    shutil.rmtree(temporary, ignore_errors=True)  # gone already if it was moved as a whole


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise what goes wrong in writing `path` as an OutputError that says what to do."""
    try:
        yield
    except GliokitError:
        raise
    except OSError as error:
        raise _output_error(path, error) from error


def check_seen(folder: Path) -> None:
    """Refuse to work where a worker does not see the folder that was made before it began.

    Raises
    ------
    OutputError
        Naming the machine.
    """
    if not folder.is_dir():
        raise OutputError(
            f"the worker on {platform.node()} does not see the output folder; workers of a "
            "--scheduler need the same files under the same names"
        )


def check_replaceable(out: Path, *, force: bool) -> None:
    """Refuse an output folder that holds what gliokit may not replace.

    Raises
    ------
    OutputError
        Naming what stands in the way.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise OutputError(f"{out} is a file; a result needs a folder, choose another name")
    if os.path.ismount(out) or out == Path.cwd():
        raise OutputError(f"{out} cannot be replaced as a whole; choose a folder inside it")
    if stranger := foreign_entry(out):
        raise OutputError(
            f"{out} holds {stranger}, which gliokit did not write; choose another folder"
        )
    if any(out.iterdir()) and not force:
        raise OutputError(f"{out} holds a result already; replace it with --force")


def foreign_entry(folder: Path) -> str | None:
    """Name something in a folder that is no part of a gliokit result, or None.

    Findings of our own vouch for the files beside them that have a result's names: a
    `segmentation.nii.gz` alone may be anyone's.
    """
    names = []
    for path in folder.rglob("*"):
        if path.name in LEFT_BY_DESKTOPS:
            continue
        names.append(path.relative_to(folder).as_posix())
        if names[-1] not in RESULT_PATHS:
            return names[-1]
    return None if holds_result(folder) else min(names, default=None)


def holds_result(folder: Path) -> bool:
    """Tell a folder that holds findings of our own."""
    try:
        content = json.loads((folder / FINDINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and "gliokit_version" in content


def remove_leftovers(folder: Path) -> None:
    """Remove what runs left behind in `folder` that were killed outright.

    What belongs to a process that still runs, or was made on another machine, stays.
    """
    for path in folder.iterdir():
        match = _TEMPORARY.fullmatch(path.name)
        if match and match["host"] == platform.node() and not _owner_runs(path, match):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """Lay out a table as CSV with one header line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def write_whole(path: Path, text: str) -> None:
    """Write a text file under a temporary name and give it its name when it is whole.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    with whole_file(path) as growing:
        growing.write_text(text, encoding="utf-8")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary name for a file that gets its own when the block ends well.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    growing = path.with_name(_temporary_name(path))
    try:
        with explained(path):
            yield growing
            growing.replace(path)
    finally:
        with suppress(OSError):  # gone already if all went well
            growing.unlink()


def _temporary_name(path: Path) -> str:
    """Name something that is no result yet after its owner: machine, process, and a nonce."""
    return f".{path.name}.gliokit-{platform.node()}-{os.getpid()}-{uuid4().hex[:8]}"


def _owner_runs(path: Path, match: re.Match[str]) -> bool:
    try:
        started = psutil.Process(int(match["pid"])).create_time()
        # a process that is younger than what it made only inherited the number
        return bool(started <= path.stat().st_mtime + _CLOCK_SLACK_S)
    except (psutil.Error, OSError):
        return False


def _move_into_place(temporary: Path, out: Path) -> None:
    """Rename the new result to `out`; the old one goes only once the new one stands."""
    if not out.exists():
        temporary.rename(out)
        return
    old = temporary.with_name(f"{temporary.name}-old")
    out.rename(old)
    try:
        temporary.rename(out)
    finally:
        if out.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(out)


def _is_disk_full(error: BaseException | None) -> bool:
    """Look at the cause too: a writer may have explained the error for its one file."""
    return isinstance(error, OSError) and (error.errno in _FULL or _is_disk_full(error.__cause__))


def _output_error(path: Path, error: BaseException) -> OutputError:
    if _is_disk_full(error):
        return OutputError(
            f"no space left to write {path}; free some on that disk, or choose another folder"
        )
    found = error.strerror if isinstance(error, OSError) else error
    return OutputError(f"cannot write {path}: {found}; choose a folder that you may write to")
