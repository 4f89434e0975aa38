"""nibabel comes without pydicom, and pydicom can be had all the same."""

import subprocess
import sys


def loaded(*statements: str) -> list[str]:
    told = "; ".join(("import sys", *statements, "print('pydicom' in sys.modules)"))
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return ran.stdout.split()


def test_pydicom_is_not_loaded_and_can_be_afterwards():
    assert loaded("import gliokit.io.plain_nibabel") == ["False"]
    assert loaded("import gliokit.io.plain_nibabel, pydicom; pydicom.dcmread") == ["True"]


def test_pydicom_that_is_loaded_stays():
    assert loaded("import pydicom", "import gliokit.io.plain_nibabel") == ["True"]
