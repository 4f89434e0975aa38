"""Are all families of radiomics faster here than in pyradiomics and mirp, at the same values?

python -m benchmarks.radiomics_speed [--pyradiomics PYTHON] [--mirp PYTHON] [--repeats 3]

prints one JSON line. The case is simulated: an image of 240×240×155 voxels of 1 mm with texture of
three scales, and a region of 60 mL as irregular as gliomas are (sphericity 0.56; of 12 patients of
TCGA 0.37 to 0.72). All three discretize it into 32 levels between
least and greatest, without resampling, and look in three dimensions: pyradiomics computes its 107
features of the original image, mirp all its families, gliokit all its families; the last two
co-occurrence and run length both averaged over directions and merged.

Each program runs in a process of its own. `whole` is from the start of the interpreter to the
first result: import, reading, extraction, for gliokit once with an empty cache of compiled
kernels (`gliokit_cold`) and once with a full one. `warm` is the median of further extractions
in the same process, from images in memory (mirp: from its files). Memory is what was resident at
most, of the process and beyond what it held before the first extraction. Ratios are above 1 where
gliokit is faster or smaller. `cpu_s` counts all threads.

Agreement is the largest relative difference of the values that should be the same. Known
departures of a peer stand apart, with reason and difference.

Either peer needs a folder of its own, whose interpreter is handed over. pyradiomics 3.0.1 is not
built by plain pip on Python >= 3.10; 3.9 with older packages and no isolation does it (needs gcc):

python3.9 -m venv /tmp/pyradiomics
/tmp/pyradiomics/bin/pip install "numpy<2" SimpleITK PyWavelets six pykwalify \
    versioneer setuptools wheel cython
/tmp/pyradiomics/bin/pip install --no-build-isolation pyradiomics==3.0.1

python3.11 -m venv /tmp/mirp
/tmp/mirp/bin/pip install mirp==2.7.0

Linux only: resident memory is read where Linux keeps it.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.radiomics_names import tag_of_mirp, tag_of_pyradiomics
from gliokit.radiomics.pyradiomics_parameters import FEATURE_DIFFERENCES

ROOT = Path(__file__).parents[1]
SHAPE = (240, 240, 155)
CENTER = (90, 130, 80)
VOXELS = 60_000  # of 1 mm³
TEXTURE = {6.0: 60.0, 2.0: 40.0, 0.7: 25.0}  # smoothness in voxels: standard deviation
OUTLINE = {5.0: 5.0, 1.5: 1.0}  # of the outline, both in voxels; sphericity 0.56
START = "from benchmarks.radiomics_process import main; main()"

MESH = "another triangulation where the surface is ambiguous"
SAMPLED = "of a random sample of voxels, in large regions"
DEPARTURES = {
    "pyradiomics": dict.fromkeys(
        ("morph_volume", "morph_area_mesh", "morph_av", "morph_sphericity"), MESH
    ),
    "mirp": dict.fromkeys(("morph_moran_i", "morph_geary_c"), SAMPLED),
}

Figures = dict[str, dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for peer in DEPARTURES:
        parser.add_argument(f"--{peer}", metavar="PYTHON", help=f"interpreter that has {peer}")
    parser.add_argument("--repeats", type=int, default=3, help="warm extractions")
    args = parser.parse_args()
    interpreters = {peer: getattr(args, peer) for peer in DEPARTURES if getattr(args, peer)}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_case(folder)
        cold = run("gliokit", sys.executable, folder, args.repeats)
        ours = run("gliokit", sys.executable, folder, args.repeats)
        theirs = {
            peer: run(peer, python, folder, args.repeats) for peer, python in interpreters.items()
        }
    print(
        json.dumps(
            {
                "benchmark": "radiomics_speed",
                "device": "cpu",
                "cores": os.cpu_count(),
                "simulated": True,
                "shape": SHAPE,
                "voxels": VOXELS,
                "gliokit": figures(ours),
                "gliokit_cold": figures(cold),
                "peers": {
                    peer: {
                        **figures(their),
                        "ratios": ratios(ours, their),
                        "agreement": agreement(
                            ours["values"], tagged(peer, their["values"]), DEPARTURES[peer]
                        ),
                    }
                    for peer, their in theirs.items()
                },
                "versions": {n: version(n) for n in ("gliokit", "numpy", "numba", "scipy")},
            }
        )
    )


def write_case(folder: Path) -> None:
    """Write image.nii and mask.nii, always the same."""
    rng = np.random.default_rng(0)
    image = 400 + noise(rng, TEXTURE)
    axes = np.ogrid[tuple(slice(side) for side in SHAPE)]
    radius = np.sqrt(sum((axis - at) ** 2 for axis, at in zip(axes, CENTER, strict=True)))
    mask = nearest(radius + noise(rng, OUTLINE), VOXELS)
    for name, array in (("image", image.astype(np.float32)), ("mask", mask.astype(np.uint8))):
        nib.save(nib.Nifti1Image(array, np.eye(4)), folder / f"{name}.nii")


def noise(rng: np.random.Generator, scales: dict[float, float]) -> NDArray[np.float32]:
    """Add smooth fields (X, Y, Z) of the given smoothness and standard deviation."""
    total = np.zeros(SHAPE, dtype=np.float32)
    for smoothness, deviation in scales.items():
        field = ndimage.gaussian_filter(rng.standard_normal(SHAPE, dtype=np.float32), smoothness)
        total += field * (deviation / field.std())
    return total


def nearest(distance: NDArray[np.floating], voxels: int) -> NDArray[np.bool_]:
    """Take so many voxels of least distance, (X, Y, Z)."""
    return distance < np.partition(distance.ravel(), voxels)[voxels]


def run(program: str, python: str, folder: Path, repeats: int) -> Figures:
    """Let a program describe the case in a process of its own."""
    target = folder / "figures.json"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "kernels")}
    arguments = [program, str(folder), str(target), str(repeats), str(time.time())]
    subprocess.run(
        [python, "-c", START, *arguments], cwd=ROOT, env=environment, check=True, stdout=sys.stderr
    )
    return json.loads(target.read_text())


def figures(found: Figures) -> dict[str, object]:
    rounded = {
        part: {name: round(value, 3) for name, value in found[part].items()}
        for part in ("whole", "warm", "memory")
    }
    return {"features": len(found["values"]), **rounded, "versions": found["versions"]}


def ratios(ours: Figures, theirs: Figures) -> dict[str, float]:
    """How many times as much a peer needs."""
    return {
        f"{part}_{name}": round(theirs[part][name] / max(ours[part][name], 1e-9), 1)
        for part in ("whole", "warm", "memory")
        for name in ours[part]
    }


def tagged(peer: str, values: dict[str, float]) -> dict[str, float]:
    """Name a peer's values by our tags, and undo what it is known to add; without the nameless."""
    if peer == "mirp":
        return {tag_of_mirp(name): value for name, value in values.items()}
    known = {name: tag_of_pyradiomics(name) for name in values}
    nameless = {name for name, tag in known.items() if tag is None}
    if unlisted := nameless - set(FEATURE_DIFFERENCES):
        raise ValueError(f"no tag for {sorted(unlisted)}; add it to radiomics_names")
    tags = {tag: values[name] for name, tag in known.items() if tag}
    return tags | {"stat_kurt": tags["stat_kurt"] - 3}  # its normal distribution has 3


def agreement(
    ours: dict[str, float], theirs: dict[str, float], departures: dict[str, str]
) -> dict[str, object]:
    """Give the largest relative difference, and the known departures one by one."""
    apart = {tag: relative(ours[tag], theirs[tag]) for tag in ours if tag in theirs}
    same = {tag: value for tag, value in apart.items() if tag not in departures}
    worst = max(same, key=lambda tag: same[tag])
    return {
        "compared": len(same),
        "largest": {worst: same[worst]},
        "within_1e-6": sum(value <= 1e-6 for value in same.values()),
        "departures": {
            tag: {"relative": apart[tag], "reason": reason} for tag, reason in departures.items()
        },
        "ours_only": len(set(ours) - set(theirs)),
        "theirs_only": sorted(set(theirs) - set(ours)),
    }


def relative(one: float, other: float) -> float:
    """Difference over the larger magnitude; infinite where only one of both is a number."""
    if math.isnan(one) or math.isnan(other):
        return 0.0 if math.isnan(one) and math.isnan(other) else math.inf
    largest = max(abs(one), abs(other))
    return abs(one - other) / largest if largest else 0.0


if __name__ == "__main__":
    main()
