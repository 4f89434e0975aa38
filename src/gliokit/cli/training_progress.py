"""How a training goes on, on stderr: a bar per part on a terminal, else a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from gliokit.cli.progress import say
from gliokit.core.system import Progress, say_nothing

LINE_EVERY_S = 30.0


@contextmanager
def training_progress(*, shown: bool = True) -> Iterator[Callable[[Progress], None]]:
    """Give a function that is told of every step."""
    console = Console(stderr=True)
    if not shown:
        yield say_nothing
    elif not console.is_terminal:
        yield _Lines()
    else:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f} of at most {task.total:.0f} steps"),
            TextColumn("loss {task.fields[loss]:.4g}"),
            TextColumn("{task.fields[left]} left"),
        )
        with Bars(*columns, console=console) as bars:
            yield _Moving(bars)


def time_left(seconds: float) -> str:
    """Write a span of time by its two largest units."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


class _Lines:
    """Says a line when a part begins, and then at most one in half a minute."""

    def __init__(self) -> None:
        self.part, self.said = "", 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.part == self.part and now - self.said < LINE_EVERY_S:
            return
        self.part, self.said = progress.part, now
        say(
            f"{progress.part}: step {progress.step} of at most {progress.steps}, "
            f"loss {progress.loss:.4g}, {time_left(progress.seconds_left)} left"
        )


class _Moving:
    """Moves a bar per part."""

    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        self.of_part: dict[str, TaskID] = {}

    def __call__(self, progress: Progress) -> None:
        loss, left = progress.loss, time_left(progress.seconds_left)
        if progress.part not in self.of_part:
            self.of_part[progress.part] = self.bars.add_task(
                progress.part, total=progress.steps, loss=loss, left=left
            )
        task = self.of_part[progress.part]
        self.bars.update(task, completed=progress.step, loss=loss, left=left)
