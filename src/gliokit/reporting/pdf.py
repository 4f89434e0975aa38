"""The report of one study as a PDF of two A4 pages, for archives that keep no HTML.

It says what `gliokit.reporting.html` says, less what only a screen has room for: pictures of the
two sequences that show most, the largest lesion of each region, and at most 16 measured ones in
the table. It shows the study id and nothing else by which a patient could be known, and no time of
making: the same findings give the same bytes.

Type is Helvetica, which every reader has, in Windows-1252: other letters of an id become "?".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from gliokit.core.findings import Findings, Input, Lesion, Notice, Quantity
from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import REGION_TERMS, MRSequence, Phase, Region
from gliokit.reporting import wording
from gliokit.reporting.figures import Figure, lesion_figure, three_planes
from gliokit.reporting.pdf_figure import REGION_INKS, Ink, draw_figure, printable
from gliokit.reporting.stage import Stage, focus, set_stage

INK, SOFT, RULE, ACCENT = (23, 33, 43), (91, 104, 117), (223, 228, 233), (29, 78, 107)
DOUBT, DOUBT_GROUND = (212, 136, 6), (255, 248, 232)
MARGIN_MM, BAND_MM, GAP_MM = 14.0, 9.0, 1.5
ROW_MM = 5.6
SEQUENCES_SHOWN = 2
LESIONS_PICTURED = 3
LESIONS_LISTED = 16
# a PDF must state when it was made; assumed, so that the same findings give the same bytes
NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
PICTURES_MM = 85.0  # a heading, a row of figures and what is said below them
USED_MM = 62.0  # how it was made, so that no line of it stands alone
PT_MM = 25.4 / 72


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a table: its title, width in mm, and side ("L" or "R")."""

    title: str
    width: float
    align: str = "L"


VOLUME_COLUMNS = (
    _Column("Region", 56),
    _Column("Volume (mL)", 30, "R"),
    _Column("90 % interval (mL)", 66),
    _Column("Voxels", 30, "R"),
)
LESION_COLUMNS = (
    _Column("Lesion", 18),
    _Column("Region", 34),
    _Column("Side", 16),
    _Column("Longest (mm)", 20, "R"),
    _Column("Perpendicular (mm)", 28, "R"),
    _Column("Product (mm²)", 22, "R"),
    _Column("Volume (mL)", 20, "R"),
    _Column("Enhancing (mL)", 24, "R"),
)
SIZES: MappingProxyType[str, float] = MappingProxyType(
    {"title": 20, "heading": 12, "lead": 11.5, "text": 9, "small": 7.5}  # points
)


class _Sheet(FPDF):
    """A4 pages that name the study and what it is for at their head and foot."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(format="A4")
        self._study_id, self._disclaimer = findings.study_id, findings.disclaimer
        self.core_fonts_encoding = "windows-1252"
        self.set_creation_date(NO_MOMENT)
        self.set_title(printable(f"Glioma MRI report, {findings.study_id}"))
        self.set_creator(f"gliokit {findings.gliokit_version}")
        self.set_lang("en-US")
        self.set_margins(MARGIN_MM, BAND_MM + 7, MARGIN_MM)
        self.set_auto_page_break(True, margin=16)
        self.c_margin = 0
        self.add_page()

    def header(self) -> None:
        """Draw the band at the head of a page."""
        self.set_fill_color(ACCENT)
        self.rect(0, 0, self.w, BAND_MM, "F")
        self.set_xy(self.l_margin, 0)
        self.set_font("Helvetica", "B", SIZES["text"])
        self.set_text_color(255, 255, 255)
        self.cell(self.epw / 2, BAND_MM, printable(self._disclaimer))
        self.set_font("Helvetica", "", SIZES["text"])
        self.cell(self.epw / 2, BAND_MM, printable(self._study_id), align="R")
        self.set_xy(self.l_margin, self.t_margin)

    def footer(self) -> None:
        """Write the foot of a page."""
        self.set_y(-11)
        self.set_font("Helvetica", "", SIZES["small"])
        self.set_text_color(SOFT)
        self.cell(self.epw / 2, 5, printable(self._disclaimer))
        self.cell(self.epw / 2, 5, f"{self.page_no()} / {{nb}}", align="R")

    def say(self, text: str, size: str = "text", *, style: str = "", ink: Ink = INK) -> None:
        """Write a paragraph over the whole width."""
        self.set_font("Helvetica", style, SIZES[size])
        self.set_text_color(ink)
        self.multi_cell(
            0,
            SIZES[size] * PT_MM * 1.35,
            printable(text),
            align="L",
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )

    def heading(self, text: str, *, room: float = 30.0) -> None:
        """Begin a section, on the next page where this one has less room for it, in mm."""
        if self.will_page_break(room):
            self.add_page()
        self.ln(4)
        self.say(text, "heading", style="B")
        self.ln(1.2)


def render_pdf(findings: Findings, study: Study, labels: LabelMap) -> bytes:
    """Write the report of one study.

    Parameters
    ----------
    findings : Findings
        What was measured on `labels`.
    study : Study
        Its images, on one grid.
    labels : LabelMap
        On the grid of the images.

    Returns
    -------
    bytes
        PDF; the same input gives the same bytes.

    Raises
    ------
    GeometryError
        If the images and the labels do not lie on one grid.
    """
    stage = set_stage(study, labels)
    headline = wording.headline_lesion(findings)
    voxel = focus(stage, headline.center_mm if headline else None)
    sheet = _Sheet(findings)
    _say_what_was_found(sheet, findings, study.phase)
    _say_doubts(sheet, findings)
    _show_volumes(sheet, findings)
    sheet.heading("Tumor in three planes" if headline else "Brain in three planes")
    for sequence in list(stage.images)[:SEQUENCES_SHOWN]:
        _show_row(sheet, three_planes(stage, sequence, voxel))
    _show_lesions(sheet, findings, stage)
    _say_what_was_used(sheet, findings)
    return bytes(sheet.output())


def _say_what_was_found(sheet: _Sheet, findings: Findings, phase: Phase) -> None:
    sheet.say("Glioma on MR imaging", "small", ink=SOFT)
    sheet.say(findings.study_id, "title", style="B")
    sheet.ln(1)
    sheet.say(wording.summary_text(findings), "lead")
    sheet.ln(1.5)
    model = findings.model
    facts = [
        f"Segmentation: {model.name} {model.version}" if model else "Label map given by the user",
        f"Sequences: {_names(entry.sequence for entry in findings.inputs)}",
    ]
    if findings.missing:
        facts.append(f"Missing: {_names(findings.missing)}")
    if phase is not Phase.UNKNOWN:
        facts.append(f"Phase: {phase}")
    if when := wording.course_text(findings.course):
        facts.append(f"Made {when}")
    sheet.say("  ·  ".join(facts), ink=SOFT)


def _names(sequences: Iterable[str]) -> str:
    return ", ".join(wording.SEQUENCE_TERMS[MRSequence(sequence)] for sequence in sequences)


def _say_doubts(sheet: _Sheet, findings: Findings) -> None:
    doubts = wording.attention(findings)
    groups = (("Read with care", doubts), ("Not assessed", findings.not_assessed))
    sheet.ln(2.5)
    for title, notices in groups:
        if notices:
            _say_notices(sheet, title, notices)
    if not doubts and not findings.not_assessed:
        sheet.say("All four sequences were there, and nothing was found doubtful.", ink=SOFT)


def _say_notices(sheet: _Sheet, title: str, notices: Sequence[Notice]) -> None:
    sheet.set_text_color(INK)
    sheet.set_fill_color(DOUBT_GROUND)
    sheet.set_draw_color(DOUBT)
    sheet.set_line_width(1)
    for style, text in (("B", title), *(("", f"• {notice.text}") for notice in notices)):
        sheet.set_font("Helvetica", style, SIZES["text"])
        sheet.multi_cell(
            0,
            SIZES["text"] * PT_MM * 1.4,
            printable(text),
            border="L",
            align="L",
            fill=True,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
            padding=(1, 3, 0, 4),
        )


def _show_volumes(sheet: _Sheet, findings: Findings) -> None:
    sheet.heading("Volumes")
    _head_row(sheet, VOLUME_COLUMNS)
    for entry in findings.volumes_by_region:
        cells = [f"{REGION_TERMS[entry.region]} ({entry.region})"]
        if entry.region in findings.unseen_regions:
            cells += ["not assessed", "", ""]
        else:
            volume = entry.volume
            bounds = wording.bounds_text(volume) or "not estimated"
            cells += [wording.number_text(volume), bounds, f"{entry.voxels:,}"]
        _row(sheet, VOLUME_COLUMNS, cells, swatch=REGION_INKS[entry.region])


def _show_row(sheet: _Sheet, figures: Sequence[Figure], captions: Sequence[str] = ()) -> None:
    """Draw three figures beside each other, and what is said below each."""
    side = (sheet.epw - 2 * GAP_MM) / 3
    height = side + GAP_MM + (2 * ROW_MM if captions else 0)
    if sheet.will_page_break(height):
        sheet.add_page()
    top = sheet.get_y()
    for number, figure in enumerate(figures):
        draw_figure(sheet, figure, (sheet.l_margin + number * (side + GAP_MM), top), side)
    for number, caption in enumerate(captions):
        sheet.set_xy(sheet.l_margin + number * (side + GAP_MM), top + side + 1)
        sheet.set_font("Helvetica", "", SIZES["text"])
        sheet.set_text_color(INK)
        sheet.multi_cell(side, 4.2, printable(caption), align="L")
    sheet.set_xy(sheet.l_margin, top + height)


def _list_lesions(sheet: _Sheet, measured: Sequence[Lesion]) -> None:
    _head_row(sheet, LESION_COLUMNS)
    for lesion in measured[:LESIONS_LISTED]:
        _row(sheet, LESION_COLUMNS, _lesion_cells(lesion), swatch=REGION_INKS[lesion.region])
    sheet.ln(1)
    if (more := len(measured) - LESIONS_LISTED) > 0:
        sheet.say(f"{more} more measured lesions stand in the structured report.")


def _largest_of_each_region(measured: Sequence[Lesion]) -> list[Lesion]:
    groups = ([one for one in measured if one.region is region] for region in Region)
    largest = [max(group, key=lambda one: one.volume.value) for group in groups if group]
    return largest[:LESIONS_PICTURED]


def _show_lesions(sheet: _Sheet, findings: Findings, stage: Stage) -> None:
    measured = [lesion for lesion in findings.lesions if lesion.longest is not None]
    sheet.heading("Lesions", room=PICTURES_MM if measured else 30)
    if measured:
        pictured = _largest_of_each_region(measured)
        figures = [lesion_figure(stage, lesion) for lesion in pictured]
        _show_row(sheet, figures, [_caption(lesion) for lesion in pictured])
        _list_lesions(sheet, measured)
    elif Region.WHOLE_TUMOR in findings.unseen_regions:
        sheet.say("Lesions could not be assessed.")
    elif not findings.lesions:
        sheet.say("No lesion was found.")
    if small := len(findings.lesions) - len(measured):
        minimum = wording.quantity_text(findings.minimum_lesion_ml)
        lesions = "1 lesion" if small == 1 else f"{small} lesions"
        sheet.say(f"{lesions} below {minimum}, counted in the volumes but not measured.")


def _caption(lesion: Lesion) -> str:
    product = f", product {wording.quantity_text(lesion.product)}" if lesion.product else ""
    where = f"{lesion.name} {REGION_TERMS[lesion.region]}, {lesion.side}"
    return f"{where}\n{wording.lengths_text(lesion)} mm{product}"


def _lesion_cells(lesion: Lesion) -> list[str]:
    return [
        lesion.name,
        REGION_TERMS[lesion.region],
        lesion.side,
        _number(lesion.longest.length if lesion.longest else None),
        _number(lesion.perpendicular.length if lesion.perpendicular else None),
        _number(lesion.product),
        _number(lesion.volume),
        _number(lesion.enhancing_volume),
    ]


def _number(quantity: Quantity | None) -> str:
    return "–" if quantity is None else wording.number_text(quantity)


def _say_what_was_used(sheet: _Sheet, findings: Findings) -> None:
    sheet.heading("How it was made", room=USED_MM)
    model = findings.model
    sheet.say(
        f"Model: {model.name} {model.version}, run on {model.device}, {model.precision}; SHA-256 "
        f"{model.sha256}."
        if model
        else "Model: none; the label map was given by the user."
    )
    sheet.say(f"Software: gliokit {findings.gliokit_version}.")
    grids: dict[str, list[str]] = {}
    for entry in findings.inputs:
        grids.setdefault(_grid_text(entry), []).append(entry.sequence)
    for grid, sequences in grids.items():
        sheet.say(f"{_names(sequences)}: {grid}.")
    if findings.series:
        sheet.say(wording.plan_text(findings.series))
    if findings.options:
        chosen = ", ".join(f"{name} {value}" for name, value in findings.options)
        sheet.say(f"Options: {chosen}.")
    sheet.ln(1)
    if any(entry.volume.interval for entry in findings.volumes_by_region):
        sheet.say(wording.INTERVAL_MEANING, "small", ink=SOFT)
    if findings.detection_limit:
        sheet.say(f"Detection limit: {findings.detection_limit.text}", "small", ink=SOFT)
    sheet.say(
        "Pictures follow the radiological convention: the patient's right is on the left of axial "
        "and coronal pictures, the face on the left of sagittal ones. The longest diameter is the "
        "longest line inside the lesion in any axial slice; the perpendicular one is the longest "
        "at a right angle to it in the same slice.",
        "small",
        ink=SOFT,
    )


def _grid_text(entry: Input) -> str:
    voxels = " × ".join(map(str, entry.shape))
    spacing = " × ".join(f"{mm:.4g}" for mm in entry.spacing_mm)
    return f"{voxels} voxels of {spacing} mm, {entry.orientation}"


def _head_row(sheet: _Sheet, columns: Sequence[_Column]) -> None:
    sheet.set_font("Helvetica", "", SIZES["small"])
    sheet.set_text_color(SOFT)
    _cells(sheet, columns, [column.title for column in columns], rule=INK)


def _row(sheet: _Sheet, columns: Sequence[_Column], cells: Sequence[str], *, swatch: Ink) -> None:
    if sheet.will_page_break(ROW_MM):
        sheet.add_page()
        _head_row(sheet, columns)
    sheet.set_fill_color(swatch)
    sheet.rect(sheet.l_margin, sheet.get_y() + ROW_MM / 2 - 1.3, 2.6, 2.6, "F")
    sheet.set_font("Helvetica", "", SIZES["text"])
    sheet.set_text_color(INK)
    _cells(sheet, columns, cells, rule=RULE, indent=4.2)


def _cells(
    sheet: _Sheet,
    columns: Sequence[_Column],
    cells: Sequence[str],
    *,
    rule: Ink,
    indent: float = 0.0,
) -> None:
    for number, (column, text) in enumerate(zip(columns, cells, strict=True)):
        shift = 0.0 if number else indent
        gap = 6.0 if column.align == "L" and number else 0.0  # after numbers set to the right
        sheet.set_x(sheet.get_x() + shift + gap)
        sheet.cell(column.width - shift - gap, ROW_MM, printable(text), align=column.align)
    sheet.set_draw_color(rule)
    sheet.set_line_width(0.2)
    bottom = sheet.get_y() + ROW_MM
    sheet.line(sheet.l_margin, bottom, sheet.w - sheet.r_margin, bottom)
    sheet.set_xy(sheet.l_margin, bottom)
