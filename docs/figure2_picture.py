"""Draw docs/figure2.png: an irregular recurrence whose diameters stay while its volume grows.

python docs/figure2_picture.py

The picture that the review of 2019 shows as its figure 2, made anew: lines beside volume for the
same lesion. All of it is simulated. The patient (seed 0, number 43) has a cavity after resection;
along its wall a recurrence of uneven thickness is painted, which at the second visit has grown
tongues above and below, and is otherwise the same. Both visits are scanned by the simulated
scanner. Enhancing tumor is outlined by the semi-automatic volumetry (threshold, then contour) from
one seed in a box, and the diameters are those that gliokit measures on this outline by the rules of
RANO 2.0; nothing is corrected by hand.

Where the recurrence lies and how thick it is was chosen so that diameters stay and the volume
grows: an example, no evidence of how often that happens. Its figures are printed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray
from PIL import Image as Raster
from PIL import ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt, gaussian_filter, zoom

from gliokit.analysis.volumetry_run import Given, Prepared, prepare_canvas
from gliokit.core.geometry import to_voxel, to_world
from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.lesion_size import LesionSize, Protocol, measure_size
from gliokit.measurement.measurability import SIZE_RULES
from gliokit.measurement.response.criterion import AREA_THRESHOLDS
from gliokit.measurement.response.volumetric import PROGRESSION
from gliokit.measurement.volumetry.level_set import Contour, move_contour
from gliokit.measurement.volumetry.region_growing import GrowAbove, grow_above
from gliokit.measurement.volumetry.result import VolumetryResult, measure_outline
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.cohort import CohortSettings, SimulatedVisit, scan_visit, simulate_person
from gliokit.phantom.person import Look, looks
from gliokit.reporting.drawing import intensity_window

OUT = Path(__file__).parent / "figure2.png"
PROTOCOL = Protocol(SIZE_RULES["rano2_2023"])
SETTINGS, PATIENT, RESECTED_VISIT = CohortSettings(visits=6), 43, 2
DAYS = (0, 78)  # of the two visits; written, and else without meaning
UNEVEN, BUMP_MM, SEED = 0.3, 5.0, 7  # of the thickness: its spread, and the size of bumps
EDEMA_MM = 7.0
AROUND_MM = 5.0  # of the reader's box around the recurrence
CAVITY = (Tissue.CAVITY_FLUID, Tissue.CAVITY_BLOOD)
SOFT = (
    Tissue.WHITE_MATTER,
    Tissue.CORTEX,
    Tissue.DEEP_GRAY,
    Tissue.EDEMA,
    Tissue.GLIOSIS,
    Tissue.WHITE_MATTER_LESION,
)

SHOWN_MM, SCALE = 84, 12  # side of a panel; pixels per mm while drawing, stored at half
FINER = 3  # voxels of the solids are so many times smaller
LAMP = (-0.45, -0.75, 0.48)  # direction to it
GAP, HEAD, LEFT, FOOT = 16, 200, 130, 310
PAPER, INK, FAINT = (255, 255, 255), (25, 25, 25), (120, 120, 120)
LONG, SHORT, TUMOR, FLUID = (255, 214, 64), (110, 220, 255), (232, 74, 62), (186, 200, 214)
KEY = (
    "Simulated patient. Yellow: longest diameter, blue: perpendicular, red: outline, gray: cavity. "
    "Dashes in C: slice of A and B.",
    "In A and B the patient's right is on the left; C is seen from behind, right on the right.",
)
TITLES = (
    ("A", "diameters in one axial slice"),
    ("B", "semi-automatic volumetry, same slice"),
    ("C", "the whole outline, seen from behind"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the recurrence: where around the cavity's middle it lies, and how thick it is.

    Degrees counterclockwise from the patient's right; heights in mm above the middle. It grows
    thinner towards the ends of `span`, and is kept within `kept`.
    """

    towards: float
    half_width: float
    thick_mm: float
    span: tuple[float, float]
    kept: tuple[float, float]


CORE = Part(-120, 50, 7.5, span=(0, 14), kept=(0, 14))
TONGUES = (
    Part(-108, 34, 5.5, span=(5, 26), kept=(11, 26)),
    Part(-128, 52, 7.0, span=(-20, 12), kept=(-20, 4)),
)
RECURRENCE = ((CORE,), (CORE, *TONGUES))  # at each visit


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: its images, what the volumetry found and its size, and the cavity (X, Y, Z)."""

    simulated: SimulatedVisit
    result: VolumetryResult
    size: LesionSize
    cavity: NDArray[np.bool_]
    true_ml: float

    @property
    def level(self) -> int:
        """Index of the axial slice that is measured."""
        start = np.array(self.size.longest.start)
        return round(float(to_voxel(self.simulated.labels.affine, start)[2]))


def main() -> None:
    """Simulate, measure, print and draw."""
    first, second = visits()
    for day, visit in zip(DAYS, (first, second), strict=True):
        product = f"product {visit.size.product_mm2:.0f} mm²"
        volumes = f"{visit.result.volume.value:.2f} mL outlined, {visit.true_ml:.2f} mL painted"
        print(f"day {day}: {_sizes(visit.size)}, {product}, {volumes}")
    print(*_summary(first, second), sep="\n")
    sheet = draw(first, second)
    half = sheet.resize((sheet.width // 2, sheet.height // 2), Raster.Resampling.LANCZOS)
    half.save(OUT, optimize=True)


def visits() -> Iterator[Visit]:
    """Paint the recurrence at both visits, scan and outline it."""
    person = simulate_person(SETTINGS, PATIENT)
    look = next(look for look in looks(person) if look.visit.number == RESECTED_VISIT)
    for number, parts in enumerate(RECURRENCE):
        tumor = recurrence(look.body.tissues, parts)
        tissues = _painted(look.body.tissues, tumor)
        # noise and place of the scan are drawn by the number of the visit
        again = replace(look.visit, number=look.visit.number + number)
        here = Look(again, replace(look.body, tissues=tissues), look.density)
        simulated = scan_visit(person, here, SETTINGS)
        true_ml = float(np.count_nonzero(tumor)) * look.body.spacing_mm**3 / 1000
        result = outlined(simulated, tumor)
        size = measure_size(result.mask, result.labels.affine, PROTOCOL)
        yield Visit(simulated, result, size, np.isin(tissues, CAVITY), true_ml)


def recurrence(tissues: NDArray[np.uint8], parts: tuple[Part, ...]) -> NDArray[np.bool_]:
    """Give the tissue along the cavity's wall that is tumor, in voxels of 1 mm."""
    cavity = np.isin(tissues, CAVITY)
    middle = np.argwhere(cavity).mean(axis=0)
    x, y, z = np.indices(tissues.shape, dtype=np.float32)
    bearing, height = np.degrees(np.arctan2(y - middle[1], x - middle[0])), z - middle[2]
    bumps = gaussian_filter(np.random.default_rng(SEED).standard_normal(tissues.shape), BUMP_MM)
    thickness = np.zeros_like(bumps)
    for part in parts:
        aside = np.abs((bearing - part.towards + 180) % 360 - 180) / part.half_width
        (low, high), (lowest, highest) = part.span, part.kept
        beyond = np.maximum(aside, np.abs(height - (low + high) / 2) / ((high - low) / 2))
        thinned = part.thick_mm * np.sqrt(np.clip((1 - beyond) / 0.15, 0, 1))
        kept = (height >= lowest) & (height <= highest)
        thickness = np.maximum(thickness, np.where(kept, thinned, 0))
    thickness *= 1 + UNEVEN * bumps / bumps.std()
    away = distance_transform_edt(~cavity)
    return np.isin(tissues, SOFT) & (away <= thickness)


def outlined(simulated: SimulatedVisit, tumor: NDArray[np.bool_]) -> VolumetryResult:
    """Outline the recurrence as a reader would: a seed deep inside, and a box around it."""
    images = simulated.study.images
    prepared: Prepared = prepare_canvas(images[MRSequence.T1], images[MRSequence.T1C], Given())
    affine = prepared.canvas.affine
    deepest = np.unravel_index(distance_transform_edt(tumor).argmax(), tumor.shape)
    seed = tuple(to_world(affine, np.array(deepest)).tolist())
    corners = to_world(affine, np.argwhere(tumor))
    ends = zip(corners.min(axis=0) - AROUND_MM, corners.max(axis=0) + AROUND_MM, strict=True)
    box = tuple((float(low), float(high)) for low, high in ends)
    growth, contour = GrowAbove((seed,), box), Contour((seed,), box)
    mask = move_contour(prepared.canvas, grow_above(prepared.canvas, growth), contour)
    return measure_outline(prepared.canvas, mask, [growth, contour])


def _painted(tissues: NDArray[np.uint8], tumor: NDArray[np.bool_]) -> NDArray[np.uint8]:
    painted = tissues.copy()
    near = distance_transform_edt(~tumor) <= EDEMA_MM
    painted[near & (tissues == Tissue.WHITE_MATTER)] = Tissue.EDEMA
    painted[tissues == Tissue.CAVITY_BLOOD] = Tissue.CAVITY_FLUID
    painted[tumor] = Tissue.ENHANCING_TUMOR
    return painted


def _sizes(size: LesionSize) -> str:
    longest, perpendicular = size.longest.length.value, size.perpendicular.length.value
    return f"{longest:.1f} by {perpendicular:.1f} mm"  # the font of Pillow has no other sign


def _summary(first: Visit, second: Visit) -> tuple[str, str]:
    """Say what has changed, and what the thresholds of RANO 2.0 make of it."""
    before, after = first.size, second.size
    longest = after.longest.length.value / before.longest.length.value - 1
    product = after.product_mm2 / before.product_mm2 - 1
    volume = second.result.volume.value / first.result.volume.value - 1
    by_area = _word(product, float(AREA_THRESHOLDS.progression))
    by_volume = _word(volume, float(PROGRESSION))
    return (
        f"longest diameter {100 * longest:+.1f} %, product {100 * product:+.1f} %: {by_area}",
        f"volume {100 * volume:+.0f} %: {by_volume}",
    )


def _word(change: float, threshold: float) -> str:
    limit = f"{100 * threshold:+.0f} %"
    return f"progression ({limit} or more)" if change >= threshold else f"stable (below {limit})"


def draw(first: Visit, second: Visit) -> Raster.Image:
    """Lay the panels of both visits below each other, titles above, what changed below."""
    side = SHOWN_MM * SCALE
    size = (LEFT + 3 * (side + GAP), HEAD + 2 * (side + GAP) + FOOT)
    sheet = Raster.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(sheet)
    for column, (letter, title) in enumerate(TITLES):
        x = LEFT + column * (side + GAP)
        pen.text((x, HEAD - 36), letter, INK, _font(88), anchor="ls")
        pen.text((x + 84, HEAD - 36), title, INK, _font(46), anchor="ls")
    for row, (day, visit) in enumerate(zip(DAYS, (first, second), strict=True)):
        y = HEAD + row * (side + GAP)
        for column, panel in enumerate(panels(visit)):
            sheet.paste(panel, (LEFT + column * (side + GAP), y))
        aside = Raster.new("RGB", (side, LEFT), PAPER)
        ImageDraw.Draw(aside).text((side // 2, LEFT // 2), f"day {day}", INK, _font(64), "mm")
        sheet.paste(aside.rotate(90, expand=True), (0, y))
    lines = _summary(first, second)
    for number, line in enumerate(lines):
        place = (LEFT, size[1] - FOOT + 70 + 76 * number)
        pen.text(place, line[0].upper() + line[1:], INK, _font(60), anchor="ls")
    for number, line in enumerate(KEY):
        place = (LEFT, size[1] - 80 + 54 * number)
        pen.text(place, line, FAINT, _font(42), anchor="ls")
    return sheet


def panels(visit: Visit) -> tuple[Raster.Image, Raster.Image, Raster.Image]:
    """Draw the three panels of a visit."""
    size, frame = visit.size, Frame.of(visit)
    lines = frame.slice_picture(visit)
    pen = ImageDraw.Draw(lines)
    for diameter, color in ((size.perpendicular, SHORT), (size.longest, LONG)):
        _caliper(pen, [frame.place(visit, end) for end in (diameter.start, diameter.end)], color)
    _label(pen, _sizes(size))
    filled = frame.slice_picture(visit)
    shape = _enlarged(frame.cut(visit.result.mask[..., visit.level]).astype(np.float32))
    veil = Raster.new("RGB", filled.size, TUMOR)
    filled.paste(veil, mask=Raster.fromarray(((shape > 0.5) * 110).astype(np.uint8)))
    pen = ImageDraw.Draw(filled)
    for line in contour_generator(z=shape).lines(0.5):
        pen.line([(float(x), float(y)) for x, y in np.asarray(line)], fill=TUMOR, width=5)
    _label(pen, f"{visit.result.volume.value:.1f} mL")
    return lines, filled, solid(visit, frame)


@dataclass(frozen=True, slots=True)
class Frame:
    """A square around the middle of the cavity, the patient's right on the left, front above."""

    low: tuple[int, int, int]  # voxel of its right, back, lower corner

    @classmethod
    def of(cls, visit: Visit) -> "Frame":
        """Frame a visit."""
        middle = np.argwhere(visit.cavity).mean(axis=0).round().astype(int)
        x, y, z = (middle - SHOWN_MM // 2).tolist()
        return cls((x, y, z))

    def cut(self, plane: NDArray[np.generic]) -> NDArray[np.generic]:
        """Cut an axial plane (X, Y) into rows from the front and columns from the right."""
        part = _window(plane, self.low[:2])
        return np.ascontiguousarray(part[::-1, ::-1].T)

    def place(self, visit: Visit, point: tuple[float, float, float]) -> tuple[float, float]:
        """Give the pixel of a point in RAS+ mm in an axial panel."""
        x, y, _ = to_voxel(visit.simulated.labels.affine, np.array(point)).tolist()
        across, down = SHOWN_MM - 1 - (x - self.low[0]), SHOWN_MM - 1 - (y - self.low[1])
        return (across + 0.5) * SCALE, (down + 0.5) * SCALE

    def slice_picture(self, visit: Visit) -> Raster.Image:
        """Draw T1c in the slice that is measured."""
        image = visit.simulated.study[MRSequence.T1C].array
        low, high = intensity_window(image)
        gray = self.cut(((image[..., visit.level] - low) / (high - low)).clip(0, 1))
        side = SHOWN_MM * SCALE
        small = Raster.fromarray((gray * 255).astype(np.uint8))
        return small.resize((side, side), Raster.Resampling.BICUBIC).convert("RGB")


def _window(volume: NDArray[np.generic], low: tuple[int, ...]) -> NDArray[np.generic]:
    """Cut `SHOWN_MM` voxels along each axis, padded with 0."""
    padded = np.pad(volume, SHOWN_MM)
    return padded[tuple(slice(k + SHOWN_MM, k + 2 * SHOWN_MM) for k in low)]


def solid(visit: Visit, frame: Frame) -> Raster.Image:
    """Draw outline and cavity as solids, seen from behind, with the height of the slice."""
    tumor, cavity = (
        _surface(_window(mask, frame.low)) for mask in (visit.result.mask, visit.cavity)
    )
    picture = np.full((*tumor.depth.shape, 3), PAPER, dtype=np.float64)
    for surface, color, opacity in ((cavity, FLUID, 1.0), (tumor, TUMOR, 1.0)):
        shown = np.isfinite(surface.depth) * opacity
        lit = surface.light[..., np.newaxis] * np.array(color)
        picture += shown[..., np.newaxis] * (lit - picture)
    veiled = (cavity.depth < tumor.depth) & np.isfinite(tumor.depth)
    lit = cavity.light[..., np.newaxis] * np.array(FLUID)
    picture[veiled] += 0.5 * (lit - picture)[veiled]
    side = SHOWN_MM * SCALE
    image = Raster.fromarray(picture.clip(0, 255).astype(np.uint8))
    image = image.resize((side, side), Raster.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image)
    height = (SHOWN_MM - 0.5 - (visit.level - frame.low[2])) * SCALE
    for x in range(0, side, 48):
        pen.line([(x, height), (x + 28, height)], fill=INK, width=4)
    pen.rectangle((0, 0, side - 1, side - 1), outline=FAINT, width=2)
    return image


@dataclass(frozen=True, slots=True)
class Surface:
    """What is seen of a solid: depth, infinite where nothing is, and light; (rows, columns)."""

    depth: NDArray[np.float64]
    light: NDArray[np.float64]


def _surface(mask: NDArray[np.generic]) -> Surface:
    """Look at a solid along its second axis, the third one up."""
    soft = gaussian_filter(zoom(mask.astype(np.float32), FINER, order=1), 0.6 * FINER)
    inside = soft > 0.5
    depth = np.where(inside.any(axis=1), inside.argmax(axis=1), np.inf)
    at = np.where(np.isfinite(depth), depth, 0).astype(int)[:, np.newaxis]
    slopes = [np.take_along_axis(part, at, axis=1)[:, 0] for part in np.gradient(soft)]
    outwards = -np.stack(slopes, axis=-1)
    outwards /= np.linalg.norm(outwards, axis=-1, keepdims=True) + 1e-6
    light = 0.4 + 0.6 * (outwards @ np.array(LAMP)).clip(0, 1)
    return Surface(depth.T[::-1], light.T[::-1])


def _enlarged(plane: NDArray[np.generic]) -> NDArray[np.float64]:
    """Bring a plane of 1 mm pixels to the pixels of a panel, smoothly."""
    side = SHOWN_MM * SCALE
    image = Raster.fromarray(plane.astype(np.float32))
    return np.asarray(image.resize((side, side), Raster.Resampling.BILINEAR), dtype=np.float64)


def _caliper(
    pen: ImageDraw.ImageDraw, ends: list[tuple[float, float]], color: tuple[int, int, int]
) -> None:
    """Draw a line with a bar at each end."""
    (x0, y0), (x1, y1) = ends
    length = float(np.hypot(x1 - x0, y1 - y0))
    across = (y0 - y1) / length * 18, (x1 - x0) / length * 18
    pen.line(ends, fill=color, width=8)
    for x, y in ends:
        bar = [(x - across[0], y - across[1]), (x + across[0], y + across[1])]
        pen.line(bar, fill=color, width=8)


def _label(pen: ImageDraw.ImageDraw, text: str) -> None:
    """Write a figure into the lower left corner of a panel."""
    place = (28, SHOWN_MM * SCALE - 30)
    pen.text(place, text, PAPER, _font(64), anchor="ls", stroke_width=5, stroke_fill=INK)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


if __name__ == "__main__":
    main()
