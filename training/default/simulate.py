"""Grow the simulated patients that the default model learns from.

python training/default/simulate.py --anatomy FOLDER --out FOLDER --patients 320 --jobs 2

One `.npz` of tissues per patient (1 mm). Seeded by the patient's number and written whole, so
a second run goes on where the first stopped. Images are drawn later, ever anew.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from patients import Kind, draw_training_patient
from rich.progress import track

from gliokit.phantom.body.anatomy import read_anatomy
from gliokit.phantom.one_thread import one_thread

HELD_OUT = 4  # the last anatomies by name are never trained on
# streams of random numbers
STREAMS = {"training": 2026, "testing": 2027, "calibration": 2028, "lesions": 2029}


def main() -> None:
    """Grow patients that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--anatomy", type=Path, required=True, help="label maps, FreeSurfer numbers"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--patients", type=int, default=320)
    parser.add_argument("--first", type=int, default=0, help="number of the first patient")
    parser.add_argument("--kind", type=Kind, choices=list(Kind), help="all of one kind")
    parser.add_argument(
        "--purpose",
        choices=list(STREAMS),
        default="training",
        help="testing uses the held-out anatomies",
    )
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    maps = sorted(args.anatomy.glob("*.nii.gz"))
    maps = maps[-HELD_OUT:] if args.purpose == "testing" else maps[:-HELD_OUT]
    args.out.mkdir(parents=True, exist_ok=True)
    stream = STREAMS[args.purpose]
    make = partial(write_patient, out=args.out, maps=maps, kind=args.kind, stream=stream)
    with ProcessPoolExecutor(args.jobs) as pool:
        grown = pool.map(make, range(args.first, args.first + args.patients))
        for _ in track(grown, "growing patients", total=args.patients):
            pass


@one_thread
def write_patient(
    number: int, *, out: Path, maps: list[Path], kind: Kind | None, stream: int
) -> None:
    """Grow one patient, unless it is there."""
    path = out / f"{number:05d}.npz"
    if not path.exists():
        rng = np.random.default_rng([number, stream])
        draw_training_patient(read_anatomy(maps[number % len(maps)]), rng, kind).write(path)


if __name__ == "__main__":
    main()
