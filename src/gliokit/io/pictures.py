"""Pictures to files."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from gliokit.core.errors import OutputError


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write gray (rows, columns) or color (rows, columns, 3) pixels as PNG.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    try:
        Picture.fromarray(pixels).save(path, format="PNG")
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}); free space, or choose another folder"
        ) from error
