"""The log of a training: a CSV, and TensorBoard's format where that is installed."""

import csv
import math
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


LOG = "log.csv"
COLUMNS = ("step", "loss", "score", "rate", "time")


class TrainingLog:
    """One line per step; empty cells where a step was not validated.

    Parameters
    ----------
    folder : Path or None
        Where it is written; None writes nothing.
    step : int
        Steps that are kept of a log that stands there: later ones will be taken again.
    """

    def __init__(self, folder: Path | None, step: int) -> None:
        self.folder = folder
        if folder is None:
            return
        self.path = folder / LOG
        kept = self.path.read_text().splitlines()[1 : step + 1] if self.path.exists() else []
        self.path.write_text("\n".join([",".join(COLUMNS), *kept]) + "\n")

    def __enter__(self) -> Self:
        if self.folder is not None:
            self.file = self.path.open("a", newline="", buffering=1)
            self.board = open_board(self.folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.folder is not None:
            self.file.close()
            if self.board:
                self.board.close()

    def write(self, step: int, *, loss: float, score: float | None, rate: float) -> None:
        """Add a step."""
        if self.folder is None:
            return
        shown = "" if score is None or math.isnan(score) else f"{score:.6g}"
        row = (step, f"{loss:.6g}", shown, f"{rate:.6g}", f"{time.time():.0f}")
        csv.writer(self.file).writerow(row)
        if self.board:
            self.board.add_scalar("loss", loss, step)
            self.board.add_scalar("rate", rate, step)
            if shown:
                self.board.add_scalar("score", score, step)


def open_board(folder: Path) -> "SummaryWriter | None":
    """Open TensorBoard's log, or None where TensorBoard is not installed."""
    if find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter  # optional, and slow to import

    return SummaryWriter(str(folder / "tensorboard"))
