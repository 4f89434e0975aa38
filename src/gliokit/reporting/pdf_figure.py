"""A figure of the report drawn on a PDF page: its picture, and lines over it as vectors.

Positions of a figure are in its own units (`gliokit.reporting.drawing.UNITS` to a side), those of
the page in mm.
"""

import base64
import io
from collections.abc import Iterator
from types import MappingProxyType
from typing import TypeAlias

from fpdf import FPDF
from fpdf.enums import TextMode

from gliokit.core.vocabulary import Region
from gliokit.reporting.drawing import UNITS
from gliokit.reporting.figures import Caliper, Figure
from gliokit.reporting.wording import SEQUENCE_TERMS

Ink: TypeAlias = tuple[int, int, int]  # sRGB, 0 to 255

# those of report.css: Okabe and Ito's, on black
REGION_INKS: MappingProxyType[Region, Ink] = MappingProxyType(
    {
        Region.WHOLE_TUMOR: (86, 180, 233),
        Region.TUMOR_CORE: (240, 228, 66),
        Region.ENHANCING_TUMOR: (213, 94, 0),
        Region.RESECTION_CAVITY: (204, 121, 167),
    }
)
LINE_MM, CORE_MM = 0.22, 0.5  # the core is wider, below its enhancing part: both stay visible
CALIPER_MM, HALO_MM, RIM_MM = 0.3, 0.9, 0.3
LETTER_UNITS, LENGTH_UNITS = 3.4, 4.4  # height of type
EDGE_UNITS = 3.0
PT_PER_MM = 72 / 25.4
ASCENT = 0.72  # of the height of type, above its base line
# signs that Windows-1252 lacks
SIGNS = str.maketrans({"≥": ">=", "≤": "<=", "−": "-", "\N{NARROW NO-BREAK SPACE}": " "})

_Point: TypeAlias = tuple[float, float]


def printable(text: str) -> str:
    """Put a text into the letters of Windows-1252, which the fonts of a PDF have."""
    whole = text.translate(SIGNS).replace(" %", "\N{NO-BREAK SPACE}%")
    return whole.encode("cp1252", "replace").decode("cp1252")


def draw_figure(pdf: FPDF, figure: Figure, corner: tuple[float, float], side: float) -> None:
    """Draw a figure into the square with this upper left corner and side, in mm."""
    pen = _Pen(pdf, corner, side)
    # the context keeps fpdf's notion of font and colors true: the clip restores the page's alone
    with pdf.local_context(), pdf.rect_clip(*corner, side, side):
        pdf.set_fill_color(0, 0, 0)
        pdf.rect(*corner, side, side, "F")
        if figure.bitmap is not None:
            picture = io.BytesIO(base64.b64decode(figure.bitmap.uri.partition(",")[2]))
            x, y = pen.place((figure.bitmap.x, figure.bitmap.y))
            width, height = figure.bitmap.width * pen.scale, figure.bitmap.height * pen.scale
            pdf.image(picture, x, y, width, height)
        for region, path in figure.outlines:
            width = CORE_MM if region is Region.TUMOR_CORE else LINE_MM
            pen.stroke(path, REGION_INKS[region], width)
        _draw_marks(pen, figure)
        _draw_calipers(pen, figure.calipers)
        _write_legend(pen, figure)


class _Pen:
    """Draws in the units of a figure."""

    def __init__(self, pdf: FPDF, corner: tuple[float, float], side: float) -> None:
        self._pdf, self._corner, self.scale = pdf, corner, side / UNITS

    def place(self, point: _Point) -> _Point:
        """Give where a point of the figure lies on the page, in mm."""
        return (
            self._corner[0] + point[0] * self.scale,
            self._corner[1] + point[1] * self.scale,
        )

    def stroke(self, path: str, ink: Ink, width_mm: float) -> None:
        """Draw an SVG path of straight lines."""
        self._pdf.set_draw_color(ink)
        self._pdf.set_line_width(width_mm)
        for points, closed in _lines(path):
            self._pdf.polyline([self.place(point) for point in points], polygon=closed)

    def write(
        self, text: str, point: _Point, *, anchor: str = "start", height: float = LETTER_UNITS
    ) -> None:
        """Write white on a dark rim, the middle of the letters at the height of the point."""
        pdf, text = self._pdf, printable(text)
        pdf.set_font("Helvetica", "B" if height > LETTER_UNITS else "")
        pdf.set_font_size(height * self.scale * PT_PER_MM)
        x, y = self.place((point[0], point[1] + height * ASCENT / 2))
        x -= {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * pdf.get_string_width(text)
        pdf.set_draw_color(0, 0, 0)
        pdf.set_text_color(232, 237, 241)
        with pdf.local_context(text_mode=TextMode.STROKE, line_width=RIM_MM):
            pdf.text(x, y, text)
        pdf.text(x, y, text)


def _lines(path: str) -> Iterator[tuple[list[_Point], bool]]:
    """Give the points of each line of a path, and whether it is closed."""
    for part in path.split("M")[1:]:
        points = (pair.split(",") for pair in part.rstrip("Z").split())
        yield [(float(x), float(y)) for x, y in points], part.endswith("Z")


def _draw_marks(pen: _Pen, figure: Figure) -> None:
    if figure.marks is None:
        return
    across, down = figure.marks
    path = (
        f"M{across},0 {across},2M{across},{UNITS} {across},{UNITS - 2}"
        f"M0,{down} 2,{down}M{UNITS},{down} {UNITS - 2},{down}"
    )
    pen.stroke(path, (159, 176, 189), LINE_MM)


def _draw_calipers(pen: _Pen, calipers: tuple[Caliper, ...]) -> None:
    for caliper in calipers:
        pen.stroke(caliper.path, (0, 0, 0), HALO_MM)
        pen.stroke(caliper.path, (255, 255, 255), CALIPER_MM)
    for caliper in calipers:
        pen.write(caliper.text, (caliper.x, caliper.y), anchor=caliper.anchor, height=LENGTH_UNITS)


def _write_legend(pen: _Pen, figure: Figure) -> None:
    """Name sequence, plane and directions, and draw the scale bar."""
    near, far, middle = EDGE_UNITS, UNITS - EDGE_UNITS, UNITS / 2
    top, bottom = EDGE_UNITS + 1, UNITS - EDGE_UNITS - 1
    left, right, upper, lower = figure.letters
    pen.write(SEQUENCE_TERMS[figure.sequence], (near, top))
    pen.write(f"{figure.plane} · {figure.position}", (far, top), anchor="end")
    pen.write(left, (near, middle))
    pen.write(right, (far, middle), anchor="end")
    pen.write(upper, (middle, top), anchor="middle")
    pen.write(lower, (middle, bottom), anchor="middle")
    pen.stroke(f"M{near},{far} {near + figure.scale_units},{far}", (232, 237, 241), CALIPER_MM)
    pen.write(f"{figure.scale_mm} mm", (near, far - 3))
