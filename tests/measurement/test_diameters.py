"""Diameters against a slow search of every pair of pixels, and against shapes of known size."""

import cc3d
import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gliokit.core.errors import GeometryError, NotAssessableError
from gliokit.measurement.chords import Ends
from gliokit.measurement.diameters import (
    Calipers,
    PairChoice,
    SliceChoice,
    measure_lesion,
    measure_slice,
)

PAIRS_AT_ONCE = 20_000
ROUNDING = 1e-7


def search_all_pairs(mask, spacing, tolerance_degrees=5.0):
    """Find the longest and the perpendicular diameter by their definition, without shortcuts."""
    spacing = np.array(spacing, dtype=float)
    length, directions = longest_pairs(mask, spacing)
    candidates = [(length, direction) for direction in directions]
    candidates += [(spacing[axis], np.eye(2)[axis]) for axis in (0, 1)]
    longest = max(length for length, _ in candidates)
    return longest, max(
        perpendicular(mask, spacing, direction, tolerance_degrees)
        for length, direction in candidates
        if length > longest - ROUNDING
    )


def longest_pairs(mask, spacing, allowed=None):
    """Search all pairs of pixels: the greatest length, and the directions (mm) that have it."""
    pixels = np.argwhere(mask)
    first, second = np.triu_indices(len(pixels), 1)
    if allowed is not None:
        kept = allowed((pixels[second] - pixels[first]) * spacing)
        first, second = first[kept], second[kept]
    offset = pixels[second] - pixels[first]
    length = edge_to_edge(offset, spacing)
    order = np.argsort(-length)
    for at in range(0, len(order), PAIRS_AT_ONCE):
        some = order[at : at + PAIRS_AT_ONCE]
        seen = some[in_sight(mask, pixels[first[some]], offset[some])]
        if len(seen):
            longest = length[seen[0]]
            ties = np.flatnonzero(length > longest - ROUNDING)
            ties = ties[length[ties] < longest + ROUNDING]
            ties = ties[in_sight(mask, pixels[first[ties]], offset[ties])]
            return longest, np.unique(offset[ties], axis=0) * spacing
    return 0.0, []


def in_sight(mask, starts, offset):
    """Say of each line whether the pixels between its crossings of pixel edges are all inside."""
    count = np.abs(offset)[..., None]
    crossing = (np.arange(max(mask.shape)) + 0.5) / np.maximum(count, 1)
    crossing = np.where(np.arange(max(mask.shape)) < count, crossing, 1).reshape(len(starts), -1)
    ends = np.zeros((len(starts), 1)), np.ones((len(starts), 1))
    along = np.sort(np.concatenate([*ends, crossing], axis=1), axis=1)
    middle = (along[:, 1:] + along[:, :-1]) / 2
    pixels = np.rint(starts[:, None] + middle[..., None] * offset[:, None]).astype(int)
    at_a_corner = np.diff(along, axis=1) < 1e-9
    return (mask[tuple(np.moveaxis(pixels, -1, 0))] | at_a_corner).all(axis=1)


def edge_to_edge(offset, spacing):
    centers = np.hypot(*(offset * spacing).T)
    return centers + centers / np.abs(offset).max(axis=1)


def across_one_pixel(direction, spacing):
    per_axis = np.abs(np.array(direction)) / spacing
    return float(np.hypot(*direction) / per_axis.max())


def perpendicular(mask, spacing, along, tolerance_degrees):
    def upright(direction):
        lengths = np.hypot(*direction.T) * np.hypot(*along)
        angle = np.degrees(np.arccos(np.clip(np.abs(direction @ along) / lengths, 0, 1)))
        return angle >= 90 - tolerance_degrees - 1e-9

    single = [across_one_pixel((-along[1], along[0]), spacing)]
    single += [spacing[axis] for axis in (0, 1) if upright(np.eye(2)[axis][None])[0]]
    return max(longest_pairs(mask, spacing, upright)[0], *single)


def lengths(mask, spacing):
    found = measure_slice(mask, spacing)
    return found.longest.length_mm, found.perpendicular.length_mm


def disc(radius_mm, spacing, center=(0.0, 0.0)):
    half = np.ceil(radius_mm / np.array(spacing)).astype(int) + 2
    rows, columns = np.ogrid[-half[0] : half[0] + 1, -half[1] : half[1] + 1]
    y, x = rows * spacing[0] - center[0], columns * spacing[1] - center[1]
    return x**2 + y**2 <= radius_mm**2


def sphere(radius_mm, spacing):
    half = np.ceil(radius_mm / np.array(spacing)).astype(int) + 2
    grid = np.moveaxis(np.indices(2 * half + 1), 0, -1) - half
    return np.linalg.norm(grid * spacing, axis=-1) <= radius_mm


def drawn(*rows):
    return np.array([[pixel == "#" for pixel in row] for row in rows])


def crescent():
    return disc(9, (1, 1)) & ~np.roll(disc(9, (1, 1)), (4, 3), axis=(0, 1))


def comb():
    mask = np.zeros((9, 15), dtype=bool)
    mask[:, ::2] = True
    mask[4] = True
    return mask


# Corners leave one direction open through the corridor on the left. From its far end the last pixel
# in sight lies amid others, and none on the boundary beyond is in sight.
KEYHOLE = drawn(
    "##......................",
    "..###...................",
    ".....###................",
    "........###..#....#.....",
    "...........######.#.....",
    "............#######.....",
    "............######......",
    ".............##.###.....",
)
SHAPES = {
    "one pixel": drawn("#"),
    "two pixels": drawn("##"),
    "two pixels at a corner": drawn("#.", ".#"),
    "row": drawn("#######"),
    "column": drawn(*"#######"),
    "diagonal line": np.eye(9, dtype=bool),
    "bent line": drawn("####....", "...#####"),
    "square": np.ones((7, 7), dtype=bool),
    "checkerboard": np.indices((9, 8)).sum(axis=0) % 2 == 0,
    "cross": drawn("..#..", "..#..", "#####", "..#..", "..#.."),
    "comb": comb(),
    "crescent": crescent(),
    "ring": disc(9, (1, 1)) & ~np.pad(disc(6, (1, 1)), 3),
    "thin ring": disc(9, (1, 1)) & ~np.pad(disc(8, (1, 1)), 1),
    "holes": np.ones((12, 15), dtype=bool) & ~(np.indices((12, 15)) % 4 == 2).all(axis=0),
    "two parts": drawn("##....##", "##....##"),
    "keyhole": KEYHOLE,
}
SPACINGS = [(1.0, 1.0), (0.7, 0.7), (1.0, 2.5), (0.9, 0.6), (6.0, 0.5)]


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("shape", SHAPES)
def test_diameters_of_awkward_shapes_equal_a_search_of_all_pairs(shape, spacing):
    assert lengths(SHAPES[shape], spacing) == pytest.approx(
        search_all_pairs(SHAPES[shape], spacing)
    )


def nasty(rng):
    """Draw a small region at random: specks, or cut, holed, combed, bent out of a solid one."""
    shape = rng.integers(1, 12, size=2)
    rows, columns = np.indices(shape)
    far = np.hypot(rows - rng.uniform(0, 11), columns - rng.uniform(0, 11))
    kinds = [
        lambda: rng.random(shape) < rng.choice([0.2, 0.5, 0.7, 0.9]),
        lambda: (far < rng.uniform(3, 9)) & (far > rng.uniform(0, 6)),  # ring, crescent
        lambda: (rows % 3 == 0) | (columns == rng.integers(0, 3)),  # comb
        lambda: np.abs(rows * rng.integers(1, 4) - columns * rng.integers(1, 4)) < 3,  # diagonal
        lambda: ~((rows % 4 == 2) & (columns % rng.integers(2, 5) == 1)),  # holes
    ]
    mask = kinds[rng.integers(len(kinds))]()
    mask[tuple(rng.integers(0, shape))] = True  # one pixel at least
    return mask


@pytest.mark.parametrize("seed", range(10))
def test_diameters_of_random_shapes_equal_a_search_of_all_pairs(seed):
    rng = np.random.default_rng(seed)
    for _ in range(100):
        mask, spacing = nasty(rng), rng.choice([0.5, 0.7, 1.0, 2.5, 6.0], size=2)
        assert lengths(mask, spacing) == pytest.approx(search_all_pairs(mask, spacing))


def largest_product(mask, spacing, tolerance_degrees=5.0):
    """Search all pairs of chords for the largest product, by its definition."""
    pixels, spacing = np.argwhere(mask), np.array(spacing)
    first, second = np.triu_indices(len(pixels), 1)
    offset = pixels[second] - pixels[first]
    if len(offset):
        offset = np.unique(offset[in_sight(mask, pixels[first], offset)], axis=0)
    length = np.append(edge_to_edge(offset, spacing) if len(offset) else [], spacing)
    along = np.concatenate([offset * spacing, np.diag(spacing)])
    unit = along / np.linalg.norm(along, axis=1, keepdims=True)
    upright = np.abs(unit @ unit.T) <= np.sin(np.radians(tolerance_degrees)) + 1e-9
    single = [across_one_pixel((-y, x), spacing) for x, y in unit]
    return max((length[:, None] * length * upright).max(), (length * single).max())


@pytest.mark.parametrize("seed", range(3))
def test_pair_of_largest_product_equals_a_search_of_all_pairs_of_chords(seed):
    rng = np.random.default_rng(seed)
    larger = 0
    for _ in range(50):
        mask, spacing = nasty(rng), rng.choice([0.7, 1.0, 2.5], size=2)
        found = measure_slice(mask, spacing, calipers=Calipers(pair=PairChoice.PRODUCT))
        assert found.product_mm2 == pytest.approx(largest_product(mask, spacing))
        assert found.longest.length_mm >= found.perpendicular.length_mm
        larger += found.product_mm2 > measure_slice(mask, spacing).product_mm2 + ROUNDING
    assert larger > 0  # the two choices do differ


def test_ends_midway_take_half_of_what_the_edges_add():
    midway = Calipers(ends=Ends.MIDWAY)
    row = measure_slice(drawn("####"), (1, 1), calipers=midway)
    assert (row.longest.start, row.longest.end) == ((0, -0.25), (0, 3.25))
    assert (row.longest.length_mm, row.perpendicular.length_mm) == (3.5, 0.5)
    diagonal = measure_slice(np.eye(9, dtype=bool), (1, 1), calipers=midway).longest
    assert diagonal.length_mm == pytest.approx(8.5 * np.sqrt(2))


@pytest.mark.parametrize("spacing", [0.5, 1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("diameter", [10, 30])
def test_sphere_is_off_by_at_most_half_a_pixel_on_average_midway_and_by_one_at_the_edges(
    diameter, spacing
):
    rng = np.random.default_rng(0)
    off = {ends: [] for ends in Ends}
    for center in rng.uniform(-spacing / 2, spacing / 2, size=(10, 2)):
        mask = disc(diameter / 2, (spacing, spacing), center)
        for ends, errors in off.items():
            found = measure_slice(mask, (spacing, spacing), calipers=Calipers(ends=ends))
            errors.append((found.longest.length_mm - diameter) / spacing)
    assert abs(np.mean(off[Ends.MIDWAY])) < 0.55
    assert 0.5 < np.mean(off[Ends.EDGE]) < 1.15


@pytest.mark.parametrize("shape", SHAPES)
def test_both_chords_lie_inside_the_region_and_are_as_long_as_said(shape):
    found = measure_slice(SHAPES[shape], (0.8, 1.1))
    for chord in (found.longest, found.perpendicular):
        points = np.linspace(chord.start, chord.end, 1001)[1:-1]
        off_the_edges = (np.abs(points % 1 - 0.5) > 1e-6).all(axis=1)
        assert SHAPES[shape][tuple(np.rint(points[off_the_edges]).astype(int).T)].all()
        length = np.linalg.norm(np.subtract(chord.end, chord.start) * (0.8, 1.1))
        assert chord.length_mm == pytest.approx(length)


def test_longest_diameter_may_end_amid_the_region():
    found = measure_slice(KEYHOLE, (1, 1)).longest
    row, column = np.rint(np.array(found.end) - (1 / 6, 1 / 2)).astype(int)
    assert KEYHOLE[row - 1 : row + 2, column - 1 : column + 2].all()


def test_one_pixel_measures_its_sides():
    assert lengths(drawn("..", ".#"), (0.8, 1.2)) == (1.2, 0.8)


def test_ends_lie_on_the_pixel_edges():
    found = measure_slice(drawn("......", ".####.", "......"), (1, 1)).longest
    assert (found.start, found.end) == ((1, 0.5), (1, 4.5))


def test_rectangle_measures_from_corner_to_corner_to_within_a_pixel():
    longest, _ = lengths(np.ones((30, 40), dtype=bool), (1, 1))
    assert 49 < longest <= 50


@pytest.mark.parametrize("spacing", [0.5, 0.7, 1.0, 1.3, 2.0])
def test_disc_measures_its_diameter_and_at_most_a_pixel_crossing_more(spacing):
    rng = np.random.default_rng(0)
    for center in rng.uniform(-spacing, spacing, size=(10, 2)):
        longest, _ = lengths(disc(15, (spacing, spacing), center), (spacing, spacing))
        assert 30 <= longest <= 30 + np.sqrt(2) * spacing


def test_perpendicular_lies_within_the_stated_angle():
    mask = np.random.default_rng(0).random((30, 30)) < 0.95
    for tolerance in (1, 5, 20):
        found = measure_slice(mask, (1, 1.5), tolerance_degrees=tolerance)
        along, across = (
            np.subtract(chord.end, chord.start) * (1, 1.5)
            for chord in (found.longest, found.perpendicular)
        )
        cosine = abs(along @ across) / np.linalg.norm(along) / np.linalg.norm(across)
        assert np.degrees(np.arcsin(cosine)) <= tolerance + 1e-6


def test_perpendicular_may_miss_the_longest_diameter():
    bar = drawn("#..........", "#..........", "#..........", "###########", "#..........")
    assert lengths(bar, (1, 1))[1] == 5
    apart = drawn("#########", ".........", "....#....", "....#....", "....#....")
    assert lengths(apart, (1, 1)) == (9, 3)


def test_hole_is_not_crossed():
    square = np.ones((11, 11), dtype=bool)
    square[4:7, 4:7] = False
    assert lengths(square, (1, 1))[0] < lengths(np.ones((11, 11), dtype=bool), (1, 1))[0]


@pytest.mark.parametrize("seed", range(10))
def test_lengths_do_not_depend_on_how_the_image_is_stored(seed):
    rng = np.random.default_rng(seed)
    mask = (rng.random((14, 17)) < 0.8) & disc(8, (1, 1))[2:16, 2:19]
    stored = [mask, mask[::-1], mask[:, ::-1], mask[::-1, ::-1], np.pad(mask, 3)]
    measured = {lengths(one, (0.9, 1.2)) for one in stored}
    measured |= {lengths(one.T, (1.2, 0.9)) for one in stored}
    assert len(measured) == 1


def test_empty_region_is_refused():
    with pytest.raises(NotAssessableError, match="an empty region has no diameter"):
        measure_slice(np.zeros((3, 3), dtype=bool), (1, 1))
    with pytest.raises(NotAssessableError, match="an empty region has no diameter"):
        measure_lesion(np.zeros((3, 3, 3), dtype=bool), np.eye(4))


@pytest.mark.parametrize("spacing", [(0, 1), (1, np.nan), (1, 1, 1)])
def test_impossible_spacing_is_refused(spacing):
    with pytest.raises(GeometryError, match="needed two positive distances"):
        measure_slice(np.ones((3, 3), dtype=bool), spacing)


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.5, 0.5, 3), (2, 2, 2), (0.9, 1.2, 6)])
def test_sphere_is_measured_across_its_middle(spacing):
    mask = sphere(15, spacing)
    found = measure_lesion(mask, np.diag([*spacing, 1]))
    crossing = np.hypot(*spacing[:2])
    assert abs(found.index - mask.shape[2] // 2) * spacing[2] < 5
    assert 30 <= found.diameters.longest.length_mm <= 30 + crossing
    assert 30 - crossing <= found.diameters.perpendicular.length_mm <= 30 + crossing


def test_slices_run_along_the_voxel_axis_nearest_to_head_foot():
    mask = np.zeros((9, 9, 9), dtype=bool)
    mask[4, 1:8, 4] = True
    head_foot_first = np.eye(4)[[2, 1, 0, 3]]  # voxel axis 0 runs to the head
    found = measure_lesion(mask, head_foot_first)
    assert (found.axis, found.index) == (0, 4)
    assert found.diameters.longest.length_mm == 7


def line_over_square():
    mask = np.zeros((14, 14, 2), dtype=bool)
    mask[0, :, 0] = True  # 14 x 1
    mask[3:11, 3:11, 1] = True  # 8 x 8
    return mask


def test_slice_is_chosen_by_the_longest_diameter():
    found = measure_lesion(line_over_square(), np.eye(4))
    assert (found.index, found.diameters.product_mm2) == (0, 14)


def test_slice_is_chosen_by_the_largest_product_if_asked():
    found = measure_lesion(line_over_square(), np.eye(4), choice=SliceChoice.PRODUCT)
    assert found.index == 1


@pytest.mark.parametrize("choice", SliceChoice)
@pytest.mark.parametrize("pair", PairChoice)
def test_chosen_slice_is_the_best_of_all_slices(choice, pair):
    rng, calipers = np.random.default_rng(3), Calipers(pair=pair)
    for _ in range(10):
        mask = rng.random((8, 9, 6)) < 0.7
        slices = [measure_slice(mask[..., z], (1, 1.3), calipers=calipers) for z in range(6)]
        found = measure_lesion(
            mask, np.diag([1, 1.3, 2, 1]), choice=choice, calipers=calipers
        ).diameters
        if choice is SliceChoice.LONGEST:
            best = max((s.longest.length_mm, s.product_mm2) for s in slices)
            assert (found.longest.length_mm, found.product_mm2) == best
        else:
            assert found.product_mm2 == max(s.product_mm2 for s in slices)


@pytest.mark.parametrize("turn", [(10, 5, 20), (-20, 10, 0), (0, 0, 45)])
def test_lengths_do_not_depend_on_how_the_head_lies_in_the_scanner(turn):
    spacing = (0.8, 1.1, 3.0)
    mask = sphere(9, spacing) & ~np.roll(sphere(9, spacing), 4, axis=0)
    upright = measure_lesion(mask, np.diag([*spacing, 1.0])).diameters
    oblique = np.eye(4)
    oblique[:3, :3] = Rotation.from_euler("xyz", turn, degrees=True).as_matrix() * spacing
    oblique[:3, 3] = (40, -7, 12)
    found = measure_lesion(mask, oblique).diameters
    assert found.longest.length_mm == pytest.approx(upright.longest.length_mm)
    assert found.perpendicular.length_mm == pytest.approx(upright.perpendicular.length_mm)


def test_lowest_of_equal_slices_is_chosen():
    assert measure_lesion(np.ones((3, 3, 4), dtype=bool), np.eye(4)).index == 0


CASES = ["TCIA01_201", "TCIA01_378", "TCIA01_425", "TCIA01_499", "TCIA02_135", "TCIA02_370"]
CASES += ["TCIA02_606", "TCIA03_265", "TCIA10_628", "TCIA10_637", "TCIA10_639", "TCIA13_623"]
REGIONS = {"TC": (1, 4), "ET": (4,)}  # labels of these older maps
QUICK = {("TCIA01_425", "TC"), ("TCIA03_265", "ET"), ("TCIA10_628", "ET"), ("TCIA10_639", "ET")}


@pytest.mark.parametrize(
    ("case", "region"),
    [
        pytest.param(case, region, marks=() if (case, region) in QUICK else pytest.mark.slow)
        for case in CASES
        for region in REGIONS
    ],
)
def test_diameters_of_real_lesions_equal_a_search_of_all_pairs(shared_data, case, region):
    image = nib.load(shared_data / "studies" / "labelled" / case / "seg.nii.gz")
    labels = np.asarray(image.dataobj)
    mask = cc3d.largest_k(np.isin(labels, REGIONS[region]), k=1, connectivity=26) > 0
    found = measure_lesion(mask, image.affine)
    measured = np.take(mask, found.index, axis=found.axis)
    expected = search_all_pairs(measured, (1, 1))
    diameters = found.diameters
    assert (diameters.longest.length_mm, diameters.perpendicular.length_mm) == pytest.approx(
        expected
    )
