"""Whether letters seem to be burned into the pixels of a picture.

Letters are small, about as bright as anything in the picture, of about equal height, and stand
side by side on a line, beside the head, or over it if all are exactly of the highest value.
A picture with such a line is suspected.

Limits: dark letters on bright ground, shaded letters over the head and single
letters are not found.
Thresholds are assumed; tested on simulated heads with and without text.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

BRIGHT = 0.85  # of the highest value of the volume or picture: letters
BODY = 0.10  # of it: the head, with its dark parts
OPENING_PIXELS = 4  # thicker than the strokes of letters
LETTER_PIXELS = (5, 40)  # height
FEWEST_PIXELS = 4  # of a letter
FEWEST_LETTERS = 5
FEWEST_PARTS = 3  # of a line; letters that touch are one part
WIDEST = 6  # part, in heights
LETTER_WIDTH = 0.85  # in heights, with the gap
WIDEST_GAP = 1.5  # heights between neighbors
HEIGHTS_DIFFER = 0.35  # at most, of the median
_EIGHT = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, slots=True)
class _Letter:
    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left


def has_burned_in_text(picture: NDArray[np.generic]) -> bool:
    """Tell whether a gray or color picture, (rows, columns) or with channels last, holds text."""
    gray = np.asarray(picture, dtype=np.float32)
    gray = gray.max(axis=2) if gray.ndim == 3 else gray
    gray = np.nan_to_num(gray)
    high = float(gray.max(initial=0))
    if high <= 0:
        return False
    beside_the_head = (gray >= BRIGHT * high) & ~_body(gray > BODY * high)
    of_one_value = gray == high  # letters over the head: tissue varies
    return any(map(_has_line, (beside_the_head, of_one_value)))


def _has_line(mask: NDArray[np.bool_]) -> bool:
    letters = _letters(mask)
    return any(_begins_line(letters, first) for first in letters)


def _body(lit: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Give the head: the largest part that is thicker than letters, with its holes."""
    side = 2 * OPENING_PIXELS + 1
    thick = ndimage.binary_opening(lit, np.ones((side, side), dtype=bool))
    labels, count = ndimage.label(thick)
    if count == 0:
        return thick
    sizes = np.bincount(labels.ravel())[1:]
    return ndimage.binary_fill_holes(labels == 1 + int(sizes.argmax()))


def _letters(bright: NDArray[np.bool_]) -> list[_Letter]:
    labels, _ = ndimage.label(bright, _EIGHT)
    sizes = np.bincount(labels.ravel())
    low, high = LETTER_PIXELS
    letters = []
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        rows, columns = place
        letter = _Letter(rows.start, rows.stop, columns.start, columns.stop)
        small = low <= letter.height <= high and letter.width <= WIDEST * letter.height
        if small and sizes[number] >= FEWEST_PIXELS:
            letters.append(letter)
    return sorted(letters, key=lambda letter: letter.left)


def _begins_line(letters: list[_Letter], first: _Letter) -> bool:
    """Tell whether one of the parts is the first of a line of text."""
    last, parts, count = first, 1, _count(first)
    for letter in letters:
        gap = letter.left - last.right
        aligned = abs(letter.bottom - first.bottom) <= HEIGHTS_DIFFER * first.height
        alike = abs(letter.height - first.height) <= HEIGHTS_DIFFER * first.height
        if letter.left >= last.right and gap <= WIDEST_GAP * first.height and aligned and alike:
            last, parts, count = letter, parts + 1, count + _count(letter)
    return parts >= FEWEST_PARTS and count >= FEWEST_LETTERS


def _count(part: _Letter) -> int:
    """Estimate how many letters touch in a part."""
    return max(1, round(part.width / (LETTER_WIDTH * part.height)))
