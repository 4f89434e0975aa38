"""Zip archives known by their bytes."""

import zipfile
from pathlib import Path

import pytest

from gliokit.io.archives import is_zip
from gliokit.io.layouts import is_dicom


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "study"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("one", bytes(500))
    return path


def test_a_zip_is_known_whatever_its_name(archive):
    assert is_zip(archive)
    assert is_dicom(archive)


def test_a_zip_that_was_cut_off_is_known_too(archive):
    archive.write_bytes(archive.read_bytes()[:300])
    assert not zipfile.is_zipfile(archive)
    assert is_zip(archive)
    assert is_dicom(archive)


@pytest.mark.parametrize("content", [b"", b"PK", b"patient,day\n", bytes(500)])
def test_other_files_are_none(archive, content):
    archive.write_bytes(content)
    assert not is_zip(archive)


def test_what_cannot_be_read_is_none(archive, monkeypatch):
    archive.write_bytes(bytes(500))

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    assert not is_zip(archive)


def test_a_folder_and_what_is_not_there_are_none(tmp_path):
    assert not is_zip(tmp_path)
    assert not is_zip(tmp_path / "missing")
