"""`gliokit doctor`: what this machine and this installation can do, and how to mend the rest."""

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import psutil
import typer

from gliokit.bundles.bundle import read_bundle, shipped_bundles
from gliokit.core.errors import BundleError

NEEDED_MEMORY_GB = 1.5  # peak of one analysis at 240×240×155
NEEDED_DISK_GB = 0.1  # a result is a few MB
FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16")
TRAINING_EXTRA = "train"
GIB = 2**30


class State(StrEnum):
    """How a check ended."""

    GOOD = "ok"
    OPTIONAL = "--"
    BROKEN = "!!"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name, found : str
        What, and what was found.
    remedy : str
        How to mend it; empty where nothing is to mend.
    """

    name: str
    found: str
    state: State = State.GOOD
    remedy: str = ""


def doctor() -> None:
    """Check this machine, the packages and the models; exit 1 if something needed is broken."""
    broken = False
    for check in check_all():
        broken |= check.state is State.BROKEN
        typer.echo(f"{check.state}  {check.name:24s}{check.found}")
        if check.remedy:
            typer.echo(f"    {'':24s}-> {check.remedy}")
    if broken:
        raise typer.Exit(1)


def check_all() -> Iterator[Check]:
    """Look at everything, from the machine up."""
    yield Check("gliokit", version("gliokit"))
    yield Check("python", f"{platform.python_version()} on {platform.platform()}")
    yield from _check_cpu()
    yield _check_memory()
    yield from _check_folders()
    yield from _check_packages()
    yield _check_openvino()
    yield from _check_bundles()


def _check_cpu() -> Iterator[Check]:
    info = Path("/proc/cpuinfo")  # elsewhere than on Linux, what Python knows must do
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, flags=re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, flags=re.MULTILINE)
    yield Check("processor", model[1] if model else platform.processor() or platform.machine())
    yield Check("cores", f"{os.cpu_count()}")
    if flags:
        present = [name for name in FEATURES if name in flags[1].split()]
        yield Check("processor features", " ".join(present) or "none of " + " ".join(FEATURES))


def _check_memory() -> Check:
    memory = psutil.virtual_memory()
    available = memory.available / GIB
    found = f"{available:.1f} of {memory.total / GIB:.1f} GB available"
    if available >= NEEDED_MEMORY_GB:
        return Check("memory", found)
    remedy = f"an analysis needs about {NEEDED_MEMORY_GB} GB: close other programs"
    return Check("memory", found, State.BROKEN, remedy)


def _check_folders() -> Iterator[Check]:
    for name, folder in (
        ("current folder", Path.cwd()),
        ("temporary folder", Path(tempfile.gettempdir())),
    ):
        free = shutil.disk_usage(folder).free / GIB
        if not os.access(folder, os.W_OK):
            yield Check(name, f"{folder} is not writable", State.OPTIONAL, "give -o elsewhere")
        elif free < NEEDED_DISK_GB:
            yield Check(name, f"{free:.2f} GB free", State.BROKEN, "free some space")
        else:
            yield Check(name, f"writable, {free:.0f} GB free")


def _check_packages() -> Iterator[Check]:
    for requirement in requires("gliokit") or []:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        extra = re.search(r"extra == ['\"](\w+)['\"]", requirement)
        if extra is None:
            yield _check_package(name, State.BROKEN, "install gliokit again with pip")
        elif extra[1] == TRAINING_EXTRA:
            remedy = f"only to train models: pip install 'gliokit[{TRAINING_EXTRA}]'"
            yield _check_package(name, State.OPTIONAL, remedy)


def _check_package(name: str, state_if_missing: State, remedy: str) -> Check:
    try:
        return Check(name, version(name))
    except PackageNotFoundError:
        return Check(name, "not installed", state_if_missing, remedy)


def _check_openvino() -> Check:
    name = "openvino devices"
    try:
        import openvino

        return Check(name, " ".join(openvino.Core().available_devices))
    except Exception as error:  # a library that does not fit the system fails in any way
        return Check(name, f"cannot be loaded: {error}", State.BROKEN, "install openvino again")


def _check_bundles() -> Iterator[Check]:
    shipped = shipped_bundles()
    if not shipped:
        yield Check("models", "none", State.BROKEN, "install gliokit again with pip")
    for name, folder in shipped.items():
        try:
            bundle = read_bundle(folder)
        except BundleError as error:
            yield Check(f"model {name}", str(error), State.BROKEN, "install gliokit again")
        else:
            yield Check(f"model {name}", f"{bundle.version}, sha256 {bundle.sha256[:12]} verified")
