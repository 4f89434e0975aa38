"""Is our rigid registration as exact as that of elastix, and how much time does either take?

python -m benchmarks.registration_against_elastix [PAIRS_FOLDER] [--pairs 10] [--pose header]

prints one JSON line. The pairs are right ones that `registration_error --pairs FOLDER` has kept:
simulated heads, turned by up to 20 degrees and moved by up to 30 mm; without a folder they are made
of the MNI152 brain. elastix runs its default
rigid parameter map (mutual information of random samples, four resolutions), from the pose of the
headers or, with `--pose centers`, from the geometric centers of both images laid onto each other.
Both use one thread; counted are processor seconds from images in memory to the matrix. Errors
are target registration errors in mm; the ratio of time is above 1 where gliokit is faster.

elastix is heavy, so a folder of its own holds it; where it is not installed it is left out:

python -m venv /tmp/peers
/tmp/peers/bin/pip install --editable . itk-elastix==0.25.4
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.registration_error import Pair, keep_pair, read_pair, target_error_mm
from gliokit.core.geometry import Affine, spacing_mm
from gliokit.core.image import Image
from gliokit.preprocessing.registration import register_rigid

FAILED_MM = 2.0
POSES = {"header": "false", "centers": "true"}
TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--pairs", type=int, default=10, help="at most so many, evenly spread")
    parser.add_argument("--pose", choices=list(POSES), default="header")
    args = parser.parse_args()
    peer = find_spec("itk") is not None
    with tempfile.TemporaryDirectory() as scratch, threadpool_limits(1):
        paths = (
            sorted(args.folder.glob("pair-*.npz"))
            if args.folder
            else [keep_pair(Path(scratch), [None], seed) for seed in range(args.pairs)]
        )
        pairs = [read_pair(p) for p in paths[:: max(1, len(paths) // args.pairs)][: args.pairs]]
    with threadpool_limits(1):
        ours = timed(pairs, by_gliokit)
        theirs = timed(pairs, partial(by_elastix, pose=args.pose)) if peer else []
    print(
        json.dumps(
            {
                "benchmark": "registration_against_elastix",
                "device": "cpu",
                "simulated": True,
                "pairs": len(pairs),
                "pose": args.pose,
                "gliokit": figures(ours),
                "elastix": figures(theirs) if peer else "not installed",
                "time_ratio": round(seconds_of(theirs) / seconds_of(ours), 1) if peer else None,
                "versions": {n: version(n) for n in ("gliokit", "numpy", *["itk-elastix"] * peer)},
            }
        )
    )


def timed(pairs: list[Pair], register: Callable[[Pair], Affine]) -> list[tuple[float, float]]:
    register(pairs[0])  # loads the library
    return [measure(pair, register) for pair in pairs]


def measure(pair: Pair, register: Callable[[Pair], Affine]) -> tuple[float, float]:
    """Give error in mm and processor seconds."""
    begun = time.process_time()
    to_moving = register(pair)
    seconds = time.process_time() - begun
    return target_error_mm(pair, to_moving), seconds


def by_gliokit(pair: Pair) -> Affine:
    return register_rigid(pair.moving, pair.fixed).to_moving


def by_elastix(pair: Pair, *, pose: str) -> Affine:
    """Register by elastix; RAS+ mm of the fixed image to RAS+ mm of the moving one."""
    import itk

    itk.MultiThreaderBase.SetGlobalMaximumNumberOfThreads(1)
    parameters = itk.ParameterObject.New()
    rigid = parameters.GetDefaultParameterMap("rigid")
    rigid["AutomaticTransformInitialization"] = [POSES[pose]]
    parameters.AddParameterMap(rigid)
    _, found = itk.elastix_registration_method(
        itk_image(pair.fixed), itk_image(pair.moving), parameter_object=parameters
    )
    result = found.GetParameterMap(0)
    x, y, z, *shift = map(float, result["TransformParameters"])
    center = np.array([float(c) for c in result["CenterOfRotationPoint"]])
    transform = itk.Euler3DTransform[itk.D].New()
    transform.SetComputeZYX(result.get("ComputeZYX", ["false"])[0] == "true")
    transform.SetRotation(x, y, z)
    matrix = itk.array_from_matrix(transform.GetMatrix())
    motion = np.eye(4)
    motion[:3, :3] = matrix
    motion[:3, 3] = center + shift - matrix @ center
    return TO_LPS @ motion @ TO_LPS


def itk_image(image: Image) -> object:
    """Hand an image over in LPS."""
    import itk

    affine = TO_LPS @ image.affine
    there = itk.image_from_array(np.ascontiguousarray(image.array.transpose(2, 1, 0)))
    spacing = spacing_mm(affine)
    there.SetSpacing([float(step) for step in spacing])
    there.SetOrigin([float(value) for value in affine[:3, 3]])
    there.SetDirection(itk.matrix_from_array(affine[:3, :3] / spacing))
    return there


def figures(rows: list[tuple[float, float]]) -> dict[str, float]:
    errors = [error for error, _ in rows]
    return {
        "tre_mm": round(statistics.median(errors), 3),
        "worst_tre_mm": round(max(errors), 3),
        "failures": sum(error > FAILED_MM for error in errors),
        "cpu_s": round(seconds_of(rows), 2),
    }


def seconds_of(rows: list[tuple[float, float]]) -> float:
    return statistics.median(seconds for _, seconds in rows)


if __name__ == "__main__":
    main()
