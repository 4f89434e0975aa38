"""What does segmenting cost beside the bare networks, by size of image and of tumor?

python -m benchmarks.segmentation_cost [--threads 2]     prints one JSON line

The whole stage (images in memory to labels, a new session that compiles on the way) takes turns
with one plain OpenVINO pass of the same networks on the same shapes: a script of five lines that
reads, reshapes, compiles and runs, with the same precision and threads. `stage_to_plain` is the
ratio of their medians; `passes_s` is of the plain passes alone, without reading and compiling.

Images: one simulated patient, of the middle size of the first eight, in voxels of 1 mm, of
0.75 mm, and in slices of 5 mm. Tumors: the smallest and the largest of these eight. Each study is
measured in a process of its own; memory is its peak, with the study in it. Simulated is in yet
another process: Linux counts the peak of a parent among its child's.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias

import numpy as np
import openvino as ov

from gliokit.bundles.bundle import Bundle, read_bundle, shipped_bundles
from gliokit.bundles.session import Session
from gliokit.core.image import Image
from gliokit.core.study import Study
from gliokit.io.layouts import read_study
from gliokit.io.nifti import write_image
from gliokit.measurement.volume import volume_ml
from gliokit.phantom.study import simulate_study
from gliokit.preprocessing.contrast import read_contrast_model
from gliokit.preprocessing.resampling import resample_inside
from gliokit.segmentation.calibration import CALIBRATION, read_calibration
from gliokit.segmentation.cavity import CAVITY, read_cavity_model
from gliokit.segmentation.default import DEFAULT, DefaultSegmenter
from gliokit.segmentation.lesion_belief import LESIONS, read_lesion_model

Spacing: TypeAlias = tuple[float, float, float]
Submit: TypeAlias = Callable[..., Future[None]]

ISOTROPIC = (1.0, 1.0, 1.0)
SPACINGS_MM = {"1 mm": ISOTROPIC, "0.75 mm": (0.75, 0.75, 0.75), "1×1×5 mm": (1.0, 1.0, 5.0)}
KB_PER_MB = 1024


class Recorder:
    """A session that remembers the shape that each network was given last."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.device, self.precision = session.device, session.precision
        self.shapes: dict[str, tuple[int, ...]] = {}

    def run(self, network: str, x: np.ndarray) -> np.ndarray:
        """Pass a batch on."""
        self.shapes[network] = x.shape
        return self._session.run(network, x)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--patients", type=int, default=8, help="to find a small and a large tumor")
    parser.add_argument("--study", type=Path, help="only this folder, in this process")
    args = parser.parse_args()
    if args.study:
        print(json.dumps(measure(read_study(args.study), args.threads, args.repeats)))
        return
    with ProcessPoolExecutor(1, get_context("spawn")) as elsewhere:
        milliliters = dict(enumerate(elsewhere.map(tumor_ml, range(args.patients))))
        small, *others, large = sorted(milliliters, key=milliliters.__getitem__)
        middle = others[len(others) // 2]
        cases = {
            "by_image": {name: (middle, spacing) for name, spacing in SPACINGS_MM.items()},
            "by_tumor": {"small": (small, ISOTROPIC), "large": (large, ISOTROPIC)},
        }
        figures = {
            question: {
                name: {"tumor_ml": round(milliliters[seed], 1)}
                | measure_apart(args, elsewhere.submit, seed, spacing)
                for name, (seed, spacing) in answers.items()
            }
            for question, answers in cases.items()
        }
    bundle = read_bundle(shipped_bundles()[DEFAULT])
    line = {
        "benchmark": "segmentation_cost",
        "device": "cpu",
        "threads": args.threads,
        "study": "simulated",
        "bundle": f"{bundle.name} {bundle.version}",
        **figures,
        "versions": {package: version(package) for package in ("gliokit", "openvino", "numpy")},
    }
    print(json.dumps(line, ensure_ascii=False))


def tumor_ml(seed: int) -> float:
    labels = simulate_study(seed).labels
    return volume_ml(labels.array > 0, labels.affine)


def measure_apart(
    args: argparse.Namespace, elsewhere: Submit, seed: int, spacing: Spacing
) -> dict[str, object]:
    """Measure one study in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        elsewhere(write_study, Path(folder), seed, spacing).result()
        command = [sys.executable, "-m", "benchmarks.segmentation_cost", "--study", folder]
        command += ["--threads", str(args.threads), "--repeats", str(args.repeats)]
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout.splitlines()[-1])


def write_study(folder: Path, seed: int, spacing: Spacing) -> None:
    for sequence, image in simulate_study(seed).study.images.items():
        write_image(folder / f"{sequence}.nii.gz", at_spacing(image, np.array(spacing)))


def at_spacing(image: Image, wanted: np.ndarray) -> Image:
    """Resample a simulated image of 1 mm voxels along its own axes."""
    if np.all(wanted == 1):
        return image
    array, inside = resample_inside(image.array, image.array != 0, np.ones(3), wanted)
    affine = image.affine.copy()
    affine[:3, :3] *= wanted
    affine[:3, 3] += image.affine[:3, :3] @ (wanted / 2 - 0.5)  # same outer face
    return Image(np.where(inside, array, np.float32(0)), affine)


def measure(study: Study, threads: int, repeats: int) -> dict[str, object]:
    """Time the stage and the plain passes in turns; the peak of memory is the first stage's."""
    bundle = read_bundle(shipped_bundles()[DEFAULT])
    shapes, _ = stage(bundle, study, threads)  # warm-up of the libraries
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    plain(bundle, shapes, threads)
    turns = [
        (stage(bundle, study, threads)[1], *plain(bundle, shapes, threads)) for _ in range(repeats)
    ]
    stages, plains, passes = zip(*turns, strict=True)
    stage_s, plain_s = statistics.median(stages), statistics.median(plains)
    return {
        "image": study.reference.array.shape,
        "shapes": {network: shape[2:] for network, shape in shapes.items()},
        "stage_s": round(stage_s, 2),
        "worst_stage_s": round(max(stages), 2),
        "plain_s": round(plain_s, 2),
        "passes_s": round(statistics.median(passes), 2),
        "stage_to_plain": round(stage_s / plain_s, 2),
        "peak_mb": round(peak / KB_PER_MB),
    }


def stage(bundle: Bundle, study: Study, threads: int) -> tuple[dict[str, tuple[int, ...]], float]:
    """Segment with a new session; the shapes that the networks saw, and seconds."""
    start = time.perf_counter()
    recorder = Recorder(Session(bundle, threads=threads))
    DefaultSegmenter(
        bundle,
        recorder,
        read_calibration(bundle.file(CALIBRATION)),
        read_contrast_model(),
        cavity=read_cavity_model(bundle.file(CAVITY)),
        lesions=read_lesion_model(bundle.file(LESIONS)),
    ).predict(study)
    return recorder.shapes, time.perf_counter() - start


def plain(
    bundle: Bundle, shapes: Mapping[str, tuple[int, ...]], threads: int
) -> tuple[float, float]:
    """Run the bare networks with OpenVINO; seconds in all, and of the passes alone."""
    start, passes = time.perf_counter(), 0.0
    core = ov.Core()
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    for network, shape in shapes.items():
        x = np.zeros(shape, dtype=np.float32)
        model = core.read_model(*bundle.network(network))
        model.reshape(list(shape))
        compiled = core.compile_model(model, "CPU", settings)
        begin = time.perf_counter()
        compiled(x)
        passes += time.perf_counter() - begin
    return time.perf_counter() - start, passes


if __name__ == "__main__":
    main()
