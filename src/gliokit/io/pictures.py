"""Pictures to files."""

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from gliokit.io.whole_file import write_whole_file


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write gray (rows, columns) or color (rows, columns, 3) pixels as PNG.

    Raises
    ------
    OutputError
        If it cannot be written there; nothing half written is left.
    """
    content = BytesIO()
    Picture.fromarray(pixels).save(content, format="PNG")
    write_whole_file(path, content.getvalue())
