"""`gliokit doctor`: what is there, what is missing, and how to mend it."""

from collections import namedtuple
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace

import pytest

from gliokit.cli import doctor
from gliokit.core.errors import BundleError


@pytest.fixture
def sound_bundle(monkeypatch, tmp_path):
    """Put one sound bundle in the place of those that ship."""
    monkeypatch.setattr(doctor, "shipped_bundles", lambda: {"default": tmp_path})
    bundle = SimpleNamespace(version="1.2", sha256="ab" * 32)
    monkeypatch.setattr(doctor, "read_bundle", lambda folder: bundle)


@pytest.fixture
def without(monkeypatch):
    """Take a package away."""

    def take_away(name):
        def version_or_nothing(package):
            if package == name:
                raise PackageNotFoundError
            return version(package)

        monkeypatch.setattr(doctor, "version", version_or_nothing)

    return take_away


def lines_of(ending, name):
    lines = ending.stdout.splitlines()
    (start,) = [n for n, line in enumerate(lines) if line[4:].startswith(f"{name} ")]
    return "\n".join(lines[start : start + 2])


@pytest.mark.usefixtures("sound_bundle")
def test_sound_machine_is_sound(gliokit):
    ending = gliokit("doctor")
    assert ending.code == 0
    assert "!!" not in ending.stdout
    assert version("numpy") in lines_of(ending, "numpy")
    assert "CPU" in lines_of(ending, "openvino devices")
    assert "1.2, sha256 abababababab verified" in lines_of(ending, "model default")


@pytest.mark.usefixtures("sound_bundle")
def test_missing_package_is_broken_and_mended_by_installing(gliokit, without):
    without("isal")
    ending = gliokit("doctor")
    assert ending.code == 1
    assert lines_of(ending, "isal").startswith("!!")
    assert "install gliokit again" in lines_of(ending, "isal")


@pytest.mark.usefixtures("sound_bundle")
def test_missing_torch_is_only_said(gliokit, without):
    without("torch")
    ending = gliokit("doctor")
    assert ending.code == 0
    assert lines_of(ending, "torch").startswith("--")
    assert "pip install 'gliokit[train]'" in lines_of(ending, "torch")


def test_damaged_model_is_broken(gliokit, sound_bundle, monkeypatch):
    def refuse(folder):
        raise BundleError("fine.bin does not match its manifest")

    monkeypatch.setattr(doctor, "read_bundle", refuse)
    ending = gliokit("doctor")
    assert ending.code == 1
    assert "fine.bin does not match its manifest" in lines_of(ending, "model default")


def test_installation_without_a_model_is_broken(gliokit, monkeypatch):
    monkeypatch.setattr(doctor, "shipped_bundles", dict)
    ending = gliokit("doctor")
    assert ending.code == 1
    assert lines_of(ending, "models").startswith("!!")


@pytest.mark.usefixtures("sound_bundle")
def test_too_little_memory_is_broken(gliokit, monkeypatch):
    memory = namedtuple("memory", "available total")(2**30, 2**33)
    monkeypatch.setattr(doctor.psutil, "virtual_memory", lambda: memory)
    ending = gliokit("doctor")
    assert ending.code == 1
    assert "1.0 of 8.0 GB available" in lines_of(ending, "memory")


@pytest.mark.usefixtures("sound_bundle")
def test_folder_that_cannot_be_written_is_said(gliokit, monkeypatch):
    monkeypatch.setattr(doctor.os, "access", lambda folder, mode: False)
    ending = gliokit("doctor")
    assert ending.code == 0
    assert "is not writable" in lines_of(ending, "current folder")
