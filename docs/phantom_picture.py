"""Draw docs/phantom.png: simulated patients, and one of them over the visits.

python docs/phantom_picture.py                              docs/phantom.png, simulated only
python docs/phantom_picture.py --studies FOLDER --out FILE  real studies beside simulated ones

FOLDER holds one folder per skull-stripped study, with labels. Real pixels never enter the
project: FILE must lie outside it. Every panel is labeled real or simulated. Axial slices, the
patient's right on the left; colors of the outlines stand below the picture.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray
from PIL import Image as Raster
from PIL import ImageDraw, ImageFont

from gliokit.core.image import LabelMap, region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import Label, MRSequence, Progression, Region
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import read_label_map
from gliokit.phantom.body.anatomy import find_anatomies
from gliokit.phantom.cohort import CohortSettings, SimulatedVisit, simulate_visits
from gliokit.preprocessing.brain import stripped_brain
from gliokit.preprocessing.orientation import turn_to_ras
from gliokit.reporting.drawing import intensity_window

DOCS = Path(__file__).parent
PATIENTS = (21, 9, 14, 4)  # of the cohort of seed 0: two rims, a mixed one, no enhancement
FOLLOWED, SHOWN_VISITS = 43, (0, 1, 2, 4, 5)  # resected, and progression after it
REAL = (0, 3, 6, 9)  # of the folder's studies: two of high and two of lower grade, TCGA
SHOWN_MM = (148, 184)  # across and down
SCALE = 2  # pixels per mm while drawing; the picture is stored at half
GAP, TOP, LEFT = 8, 72, 44  # pixels
FONT, LARGE_FONT = 26, 34
PAPER, INK, FAINT = (255, 255, 255), (25, 25, 25), (120, 120, 120)
COLORS = {
    Region.WHOLE_TUMOR: (255, 200, 60),
    Region.TUMOR_CORE: (80, 200, 255),
    Region.ENHANCING_TUMOR: (255, 90, 90),
}
CAVITY_COLOR = (190, 130, 255)
KEY = ("whole tumor", "core", "enhancing", "cavity")
TITLES = {
    MRSequence.T1: "T1",
    MRSequence.T1C: "T1 with agent",
    MRSequence.T2: "T2",
    MRSequence.FLAIR: "FLAIR",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One axial slice of one study: windowed pictures (X, Y), 0-255, and labels (X, Y)."""

    pictures: dict[MRSequence, NDArray[np.uint8]]
    labels: NDArray[np.uint8]


def main() -> None:
    """Draw the picture that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=Path, help="folder of real, labeled studies")
    parser.add_argument("--out", type=Path, help="PNG outside the project; with --studies")
    parser.add_argument("--anatomy", type=Path, help="label maps; the MNI152 brain without")
    args = parser.parse_args()
    maps = tuple(find_anatomies(args.anatomy)) if args.anatomy else ()
    simulated = [rows_of(number, maps)[0] for number in PATIENTS]
    if not args.studies:
        followed = rows_of(FOLLOWED, maps, visits=SHOWN_VISITS)
        sheet = stacked([grid(simulated, "simulated"), timeline(followed)])
        _store(sheet, DOCS / "phantom.png")
        return
    if args.out is None or args.out.resolve().is_relative_to(DOCS.parent.resolve()):
        parser.error("--studies needs --out FILE outside the project: real pixels stay outside")
    folders = sorted(path for path in args.studies.iterdir() if find_labels(path))
    real = [real_row(folders[number]) for number in REAL]
    pages = [grid(real, "real (TCGA, CC BY 3.0)"), grid(simulated, "simulated")]
    _store(stacked([beside(pages)]), args.out)


@dataclass(frozen=True, slots=True)
class TitledRow:
    """A row and what is written over it where visits follow each other."""

    row: Row
    title: str


def rows_of(
    number: int, maps: tuple[Path, ...], *, visits: Sequence[int] = (0,)
) -> list[TitledRow]:
    """Simulate a patient and cut every visit at one level, where the tumor is over time."""
    settings = CohortSettings(visits=max(visits) + 1, anatomies=maps)
    shown = [v for v in simulate_visits(settings, number) if v.visit.number in visits]
    level = best_level([simulated.labels.array for simulated in shown])
    return [TitledRow(row(v.study, v.labels.array, level), title_of(v)) for v in shown]


def title_of(simulated: SimulatedVisit) -> str:
    """Say which visit this is, and what is new."""
    visit = simulated.visit
    if visit.days_since_surgery is None:
        return "before surgery"
    cause = {Progression.TRUE: "progression", Progression.PSEUDO: "pseudoprogression"}
    after = f"day {visit.days_since_surgery}"
    return f"{after}\n{cause[visit.cause]}" if visit.cause in cause else after


def real_row(folder: Path) -> TitledRow:
    """Read a real study, turned to RAS+."""
    study = read_study(folder)
    path = find_labels(folder)
    assert path is not None  # the caller looked
    labels: LabelMap = read_label_map(path)
    array = turn_to_ras(labels.array, labels.affine)
    return TitledRow(row(study, array, best_level([array])), folder.name)


def best_level(visits: Sequence[NDArray[np.uint8]]) -> int:
    """Choose the axial slice with most of the core, of the whole where there is no core.

    Of several visits the one in which the visit that shows least shows most.
    """
    shares = []
    for labels in visits:
        core = region_mask(labels, Region.TUMOR_CORE)
        area = (core if core.any() else labels > 0).sum(axis=(0, 1))
        shares.append(area / max(area.max(), 1))
    least, mean = np.min(shares, axis=0), np.mean(shares, axis=0)
    return int((least + 0.01 * mean).argmax())  # the mean decides where no slice shows all


def row(study: Study, labels: NDArray[np.uint8], level: int) -> Row:
    """Cut one slice of every sequence, windowed, around the middle of the brain."""
    images = {s: turn_to_ras(study[s].array, study[s].affine) for s in MRSequence}
    brain = stripped_brain(images.values())
    center = [int(np.flatnonzero(brain.any(axis=(1 - a, 2)))[[0, -1]].mean()) for a in (0, 1)]
    pictures = {}
    for sequence, image in images.items():
        low, high = intensity_window(image)
        gray = ((image[..., level] - low) / (high - low)).clip(0, 1) * 255 * brain[..., level]
        pictures[sequence] = _framed(gray.astype(np.uint8), center)
    return Row(pictures, _framed(labels[..., level], center))


def _framed(plane: NDArray[np.uint8], center: Sequence[int]) -> NDArray[np.uint8]:
    """Cut `SHOWN_MM` (1 mm pixels) around a center, padded with 0."""
    pad = max(SHOWN_MM)
    padded = np.pad(plane, pad)
    start = [c + pad - shown // 2 for c, shown in zip(center, SHOWN_MM, strict=True)]
    cut = tuple(slice(s, s + shown) for s, shown in zip(start, SHOWN_MM, strict=True))
    return padded[cut]


def tile(picture: NDArray[np.uint8], labels: NDArray[np.uint8] | None) -> Raster.Image:
    """Draw a slice, the patient's right on the left, with outlines where labels are given."""
    size = (SHOWN_MM[0] * SCALE, SHOWN_MM[1] * SCALE)
    upright = picture[::-1, ::-1].T  # R and A at the far end of the axes
    image = Raster.fromarray(np.ascontiguousarray(upright)).resize(size, Raster.Resampling.BICUBIC)
    image = image.convert("RGB")
    if labels is not None:
        pen = ImageDraw.Draw(image)
        upright = labels[::-1, ::-1].T
        for region, color in COLORS.items():
            _trace(pen, region_mask(upright, region), color)
        _trace(pen, upright == Label.CAVITY, CAVITY_COLOR)
    return image


def _trace(pen: ImageDraw.ImageDraw, mask: NDArray[np.bool_], color: tuple[int, int, int]) -> None:
    if mask.any():
        for line in contour_generator(z=mask.astype(float)).lines(0.5):
            points = (np.asarray(line) + 0.5) * SCALE
            pen.line([(float(x), float(y)) for x, y in points], fill=color, width=3)


def grid(rows: Sequence[TitledRow], kind: str) -> Raster.Image:
    """Lay patients below each other: four sequences, then FLAIR with outlines."""
    titles = [*TITLES.values(), "truth" if kind == "simulated" else "raters' outlines"]
    tiles = [
        [
            *(tile(titled.row.pictures[sequence], None) for sequence in TITLES),
            tile(titled.row.pictures[MRSequence.FLAIR], titled.row.labels),
        ]
        for titled in rows
    ]
    return _table(tiles, titles, kind)


def timeline(visits: Sequence[TitledRow]) -> Raster.Image:
    """Lay the visits of one patient side by side: T1 with agent, then FLAIR with outlines."""
    tiles = [
        [tile(titled.row.pictures[MRSequence.T1C], None) for titled in visits],
        [tile(titled.row.pictures[MRSequence.FLAIR], titled.row.labels) for titled in visits],
    ]
    return _table(tiles, [titled.title for titled in visits], "simulated, one patient over time")


def _table(
    tiles: Sequence[Sequence[Raster.Image]], titles: Sequence[str], kind: str
) -> Raster.Image:
    wide, high = SHOWN_MM[0] * SCALE + GAP, SHOWN_MM[1] * SCALE + GAP
    sheet = Raster.new("RGB", (LEFT + wide * len(titles), TOP + high * len(tiles)), PAPER)
    for i, line in enumerate(tiles):
        for j, image in enumerate(line):
            sheet.paste(image, (LEFT + j * wide, TOP + i * high))
    pen = ImageDraw.Draw(sheet)
    for j, title in enumerate(titles):
        place = (LEFT + j * wide + wide // 2, TOP // 2)
        pen.text(place, title, INK, ImageFont.load_default(FONT), anchor="mm", align="center")
    side = Raster.new("RGB", (high * len(tiles), LEFT), PAPER)
    large = ImageFont.load_default(LARGE_FONT)
    ImageDraw.Draw(side).text((side.width // 2, LEFT // 2), kind, FAINT, large, anchor="mm")
    sheet.paste(side.rotate(90, expand=True), (0, TOP))
    return sheet


def beside(sheets: Sequence[Raster.Image]) -> Raster.Image:
    """Lay sheets of one height side by side."""
    whole = Raster.new("RGB", (sum(s.width for s in sheets), sheets[0].height), PAPER)
    x = 0
    for sheet in sheets:
        whole.paste(sheet, (x, 0))
        x += sheet.width
    return whole


def stacked(sheets: Sequence[Raster.Image]) -> Raster.Image:
    """Lay sheets below each other, and the key below all."""
    width = max(sheet.width for sheet in sheets)
    height = sum(sheet.height for sheet in sheets) + TOP
    whole = Raster.new("RGB", (width, height), PAPER)
    y = 0
    for sheet in sheets:
        whole.paste(sheet, (0, y))
        y += sheet.height
    pen, x = ImageDraw.Draw(whole), float(LEFT)
    for name, color in zip(KEY, [*COLORS.values(), CAVITY_COLOR], strict=True):
        pen.line([(x, y + TOP // 2), (x + 40, y + TOP // 2)], fill=color, width=8)
        font = ImageFont.load_default(FONT)
        pen.text((x + 52, y + TOP // 2), name, INK, font, anchor="lm")
        x += 52 + pen.textlength(name, font) + 40
    return whole


def _store(sheet: Raster.Image, path: Path) -> None:
    half = sheet.resize((sheet.width // 2, sheet.height // 2), Raster.Resampling.LANCZOS)
    half.save(path, optimize=True)


if __name__ == "__main__":
    main()
