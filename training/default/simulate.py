"""Grow the simulated patients that the default model learns from.

python training/default/simulate.py --anatomy FOLDER --out FOLDER --patients 240

One `.npy` of tissues per patient (uint8, 1 mm). Seeded by the patient's number and written
whole, so a second run goes on where the first stopped. Images are drawn later, ever anew.
"""

import argparse
from pathlib import Path

import numpy as np

from gliokit.phantom.body.anatomy import read_anatomy
from gliokit.phantom.study import simulate_person
from gliokit.phantom.tumor.grown import paint

HELD_OUT = 4  # the last anatomies by name are never trained on
HEALTHY_SHARE = 0.04


def main() -> None:
    """Grow patients that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--anatomy", type=Path, required=True, help="label maps, FreeSurfer numbers"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--patients", type=int, default=240)
    parser.add_argument("--first", type=int, default=0, help="number of the first patient")
    parser.add_argument("--held-out", action="store_true", help="use the held-out anatomies")
    args = parser.parse_args()
    maps = sorted(args.anatomy.glob("*.nii.gz"))
    maps = maps[-HELD_OUT:] if args.held_out else maps[:-HELD_OUT]
    args.out.mkdir(parents=True, exist_ok=True)
    for number in range(args.first, args.first + args.patients):
        path = args.out / f"{number:05d}.npy"
        if path.exists():
            continue
        rng = np.random.default_rng([number, 2026])
        anatomy = read_anatomy(maps[number % len(maps)])
        person, grown = simulate_person(anatomy, rng, healthy=rng.random() < HEALTHY_SHARE)
        person = paint(grown) if grown else person
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.save(file, person.tissues)
        part.rename(path)
        print(number, flush=True)


if __name__ == "__main__":
    main()
