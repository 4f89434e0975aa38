"""nibabel for NIfTI alone: without pydicom, which it loads where it finds it.

It looks there for what DICOM inside a NIfTI header may mean, which gliokit never asks. Loading
pydicom takes 0.2 s, a sixth of all that `gliokit analyze` loads.
"""

import sys

UNASKED = "pydicom"

__all__ = ["HeaderDataError", "nib"]

_loaded = sys.modules.get(UNASKED)
sys.modules[UNASKED] = None  # type: ignore[assignment]  # Python's own sign of what is not there
try:
    import nibabel as nib
    from nibabel.spatialimages import HeaderDataError
finally:
    del sys.modules[UNASKED]
    if _loaded:
        sys.modules[UNASKED] = _loaded
