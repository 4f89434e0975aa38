"""A result folder is whole or not there, and nothing of the user's is lost."""

import errno
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from gliokit.analysis import output
from gliokit.analysis.output import remove_leftovers, result_folder, write_whole
from gliokit.core.errors import OutputError


def write_result(folder, text="new"):
    (folder / output.REPORT).write_text(text)
    (folder / output.FINDINGS).write_text(json.dumps({"gliokit_version": "1"}))


def write_and_raise(out, error, cause=None, *, force=False):
    with result_folder(out, force=force) as folder:
        write_result(folder)
        raise error from cause


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def leftover(out, pid):
    return out.with_name(f".{out.name}.gliokit-{platform.node()}-{pid}-0123abcd")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "results" / "one"


@pytest.fixture
def old_result(out):
    out.mkdir(parents=True)
    write_result(out, "old")
    return out


@pytest.fixture(scope="module")
def pid_of_the_dead():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_result_appears_when_it_is_whole(out):
    with result_folder(out) as folder:
        write_result(folder)
        assert not out.exists()
    assert names(out) == [output.FINDINGS, output.REPORT]
    assert names(out.parent) == ["one"]


def test_empty_folder_is_filled(out):
    out.mkdir(parents=True)
    with result_folder(out) as folder:
        write_result(folder)
    assert names(out) == [output.FINDINGS, output.REPORT]


def test_result_can_be_listed_by_those_who_may_list_new_folders(out):
    before = os.umask(0o027)
    try:
        with result_folder(out) as folder:
            write_result(folder)
    finally:
        os.umask(before)
    assert out.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_of_a_run_that_stops(out, tmp_path, error):
    with pytest.raises(error):
        write_and_raise(out, error())
    assert names(tmp_path) == []


def test_result_is_not_replaced_without_force(old_result):
    with pytest.raises(OutputError, match="holds a result already; replace it with --force"):
        result_folder(old_result).__enter__()


def test_result_is_replaced_with_force(old_result):
    with result_folder(old_result, force=True) as folder:
        write_result(folder, "new")
        assert (old_result / output.REPORT).read_text() == "old"
    assert (old_result / output.REPORT).read_text() == "new"
    assert names(old_result.parent) == ["one"]


def test_old_result_stays_if_the_new_one_fails(old_result):
    with pytest.raises(ValueError, match="failed"):
        write_and_raise(old_result, ValueError("failed"), force=True)
    assert (old_result / output.REPORT).read_text() == "old"
    assert names(old_result.parent) == ["one"]


def test_old_result_comes_back_if_the_new_one_cannot_be_moved(old_result, monkeypatch):
    rename = Path.rename

    def fail_for_the_new(path, target):
        if path.name.endswith("-old") or path == old_result:
            return rename(path, target)
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "rename", fail_for_the_new)
    with (
        pytest.raises(OutputError, match="Permission denied"),
        result_folder(old_result, force=True) as folder,
    ):
        write_result(folder)
    assert (old_result / output.REPORT).read_text() == "old"
    assert names(old_result.parent) == ["one"]


def test_result_with_probabilities_may_be_replaced(old_result):
    (old_result / "probabilities_WT.nii.gz").touch()
    with result_folder(old_result, force=True) as folder:
        write_result(folder)
    assert names(old_result) == [output.FINDINGS, output.REPORT]


def test_folder_with_a_file_of_the_user_is_refused_with_force_too(old_result):
    (old_result / "thesis.docx").touch()
    with pytest.raises(OutputError, match=r"holds thesis\.docx, which gliokit did not write"):
        result_folder(old_result, force=True).__enter__()


def test_segmentation_of_another_program_is_refused(out):
    out.mkdir(parents=True)
    (out / output.SEGMENTATION).touch()
    with pytest.raises(OutputError, match=r"holds segmentation\.nii\.gz, which gliokit did not"):
        result_folder(out, force=True).__enter__()


def test_file_in_the_place_of_the_folder_is_refused(tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(OutputError, match="is a file; a result needs a folder"):
        result_folder(file, force=True).__enter__()


def test_current_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="choose a folder inside it"):
        result_folder(Path()).__enter__()


def test_parent_that_cannot_be_made_is_named(tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(OutputError, match=r"cannot write .*file/one: .*; choose a folder"):
        result_folder(file / "one").__enter__()


def test_full_disk_says_what_to_do_and_leaves_nothing(out, tmp_path, monkeypatch):
    write_text = Path.write_text

    def fill(path, text):
        write_text(path, text[:1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_text", fill)
    with (
        pytest.raises(OutputError, match=r"no space left to write .*one; free some on that disk"),
        result_folder(out) as folder,
    ):
        write_result(folder)
    assert names(tmp_path) == []


def test_full_disk_is_seen_behind_the_error_of_a_writer(out):
    full = OSError(errno.ENOSPC, "full")
    with pytest.raises(OutputError, match=r"no space left to write .*one; free some on that disk"):
        write_and_raise(out, OutputError("a.nii: cannot be written"), full)


def test_other_error_of_the_system_is_passed_on(out):
    with pytest.raises(FileNotFoundError):
        write_and_raise(out, FileNotFoundError("input.nii"))


def test_leftover_of_a_dead_process_is_removed(out, pid_of_the_dead):
    dead = leftover(out, pid_of_the_dead)
    (dead / "inputs").mkdir(parents=True)
    with result_folder(out) as folder:
        write_result(folder)
    assert names(out.parent) == ["one"]


def test_folder_of_a_process_that_runs_stays(tmp_path):
    other = leftover(tmp_path / "one", os.getpid())
    other.mkdir()
    remove_leftovers(tmp_path)
    assert other.is_dir()


def test_leftover_is_removed_though_its_number_was_given_anew(tmp_path):
    old = leftover(tmp_path / "one", os.getpid())
    old.mkdir()
    os.utime(old, (0, 0))  # made long before this process began
    remove_leftovers(tmp_path)
    assert not old.exists()


def test_folder_of_another_machine_stays(tmp_path, pid_of_the_dead):
    foreign = tmp_path / f".one.gliokit-{platform.node()}x-{pid_of_the_dead}-0123abcd"
    foreign.mkdir()
    remove_leftovers(tmp_path)
    assert foreign.is_dir()


def test_text_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    table = tmp_path / "table.csv"
    write_whole(table, "old")

    def fail(path, target):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match=r"no space left to write .*table\.csv"):
        write_whole(table, "new")
    assert table.read_text() == "old"
    assert names(tmp_path) == ["table.csv"]


def test_result_that_came_into_being_meanwhile_is_not_replaced(out):
    first = result_folder(out)
    write_result(first.__enter__())
    with result_folder(out) as folder:
        write_result(folder, "of another run")
    with pytest.raises(OutputError, match="holds a result already"):
        first.__exit__(None, None, None)
    assert (out / output.REPORT).read_text() == "of another run"
    assert names(out.parent) == ["one"]
