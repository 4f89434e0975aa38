"""What a piece of work costs: seconds, and the most memory that this process held meanwhile.

Linux counts the peak anew for every piece. Elsewhere it is the peak since the process began, and
so that of the largest piece so far, training included.
"""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import nan
from pathlib import Path

PROCESS = Path("/proc/self")
RESET_PEAK = "5"  # of the resident set; proc(5), clear_refs
KIB, MB = 1024, 1_000_000


@dataclass(slots=True)
class Cost:
    """Seconds of wall time, and MB (10⁶ bytes) of resident memory at the peak."""

    seconds: float = nan
    peak_mb: float = nan


@contextmanager
def measured() -> Iterator[Cost]:
    """Give a record that holds the cost of the block once it has ended."""
    cost = Cost()
    _reset_peak()
    began = time.perf_counter()
    try:
        yield cost
    finally:
        cost.seconds = time.perf_counter() - began
        cost.peak_mb = _peak_bytes() / MB


def _reset_peak() -> None:
    try:
        (PROCESS / "clear_refs").write_text(RESET_PEAK)
    except OSError:  # not Linux, or not allowed
        return


def _peak_bytes() -> int:
    try:
        status = (PROCESS / "status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * KIB
    except (OSError, IndexError, ValueError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * KIB
