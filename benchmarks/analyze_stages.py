"""How many seconds does each stage of `gliokit analyze` take, and how much memory the whole?

python -m benchmarks.analyze_stages [STUDY_FOLDER] [--threads 2]     prints one JSON line

The command runs as a user runs it, in a process of its own, and says on stderr what it begins;
the seconds lie between these lines. `starting` is until the first of them, `closing` from the
end of the result to the end of the process. Memory is the peak of the process; simulated is in
another one, since Linux counts the peak of a parent among its child's. `cpu_s` are the seconds
that its threads computed: where a machine has other work they say more than the clock does.
Without a folder a study of 240×240×155 voxels of 1 mm is simulated, laid out as BraTS lays them
out. One run warms up the disk; every figure is then of the run whose total is the median.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from gliokit.core.geometry import bounding_box
from gliokit.core.image import Image
from gliokit.io.layouts import read_study
from gliokit.io.nifti import write_image
from gliokit.phantom.study import simulate_study

SHAPE = (240, 240, 155)  # of BraTS, voxels of 1 mm
PREFIX = "gliokit: "  # of each line on stderr
STAGES = ("reading images", "outlining the tumor", "measuring", "writing the report")
PREPARING = ("registering the images", "finding the brain")  # of heads as scanned only
STARTING, CLOSING = "starting", "closing"
KB_PER_MB = 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, nargs="?", help="folder; simulated if not given")
    parser.add_argument("--seed", type=int, default=0, help="of the simulated study")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        study = args.study or scratch / "study"
        with ProcessPoolExecutor(1, get_context("spawn")) as elsewhere:
            if not args.study:
                elsewhere.submit(simulate, study, args.seed).result()
            shape = elsewhere.submit(shape_of, study).result()
        runs = [
            timed_run(study, scratch / f"result-{number}", args.threads)
            for number in range(args.repeats + 1)
        ][1:]
    runs.sort(key=lambda run: run["total_s"])
    line = {
        "benchmark": "analyze_stages",
        "device": "cpu",
        "threads": args.threads,
        "study": "given" if args.study else "simulated",
        "shape": shape,
        **runs[len(runs) // 2],
        "worst_s": runs[-1]["total_s"],
        "worst_peak_mb": max(run["peak_mb"] for run in runs),
        "versions": {package: version(package) for package in ("gliokit", "openvino", "numpy")},
    }
    print(json.dumps(line))


def timed_run(study: Path, out: Path, threads: int) -> dict[str, object]:
    """Analyze once; seconds by stage and in all, of all threads, and peak memory in MB."""
    command = [Path(sys.executable).with_name("gliokit"), "analyze", study, "-o", out]
    begun = {STARTING: time.perf_counter()}
    with subprocess.Popen(
        [*map(str, command), "--threads", str(threads)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        for line in run.stderr:
            stage = said = line.strip().removeprefix(PREFIX)
            if stage not in STAGES + PREPARING:  # what it found, which it says in the end
                stage = CLOSING
            begun.setdefault(stage, time.perf_counter())
        ended = time.perf_counter()  # the process closes stderr when it ends
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    usual = [stage for stage in begun if stage not in PREPARING]
    if run.returncode or usual != [STARTING, *STAGES, CLOSING]:
        raise SystemExit(f"gliokit analyze ended with {run.returncode} after {begun}: {said}")
    ends = [*begun.values(), ended][1:]
    return {
        "total_s": round(ended - begun[STARTING], 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": round(usage.ru_maxrss / KB_PER_MB),
        "stages_s": {
            stage: round(end - begin, 2)
            for (stage, begin), end in zip(begun.items(), ends, strict=True)
        },
    }


def shape_of(study: Path) -> tuple[int, ...]:
    return read_study(study).reference.array.shape


def simulate(folder: Path, seed: int) -> None:
    """Write the four images of a simulated study, its brain in the middle of the BraTS grid."""
    folder.mkdir()
    study = simulate_study(seed).study
    brain = np.logical_or.reduce([image.array != 0 for image in study.images.values()])
    box = bounding_box(brain)
    for sequence, image in study.images.items():
        array, shift = centered(image.array, box)
        affine = image.affine.copy()
        affine[:3, 3] += affine[:3, :3] @ shift
        write_image(folder / f"{sequence}.nii.gz", Image(array, affine))


def centered(array: np.ndarray, box: tuple[slice, ...]) -> tuple[np.ndarray, list[int]]:
    """Cut and pad an array so that a box of it lies in the middle; also where it now begins."""
    out = np.zeros(SHAPE, dtype=array.dtype)
    source, target, shift = [], [], []
    for side, n, wanted in zip(box, array.shape, SHAPE, strict=True):
        first = (side.start + side.stop - wanted) // 2
        start, stop = max(first, 0), min(first + wanted, n)
        source.append(slice(start, stop))
        target.append(slice(start - first, stop - first))
        shift.append(first)
    out[tuple(target)] = array[tuple(source)]
    return out, shift


if __name__ == "__main__":
    main()
