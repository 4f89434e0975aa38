"""Independent tasks, run here or on a cluster: the one way in."""

from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

from gliokit.cluster.processes import run_in_processes
from gliokit.cluster.scheduler import run_on_workers

Task = TypeVar("Task")
Answer = TypeVar("Answer")


def run_tasks(
    tasks: Iterable[Task],
    handler: Callable[[Task], Answer],
    *,
    jobs: int = 1,
    scheduler: str | None = None,
) -> Generator[tuple[Task, Answer | None], None, None]:
    """Handle tasks in worker processes; give each with its answer, as they come.

    Close the iterator to stop early.

    Parameters
    ----------
    tasks : iterable
        Values that pickle.
    handler : callable
        Turns a task into its answer; must not raise. Each worker unpickles it once, so that what
        it loads on its first call serves all later ones, and calls it for one task at a time.
    jobs : int
        Workers at a time on this machine.
    scheduler : str or None
        Address of a dask scheduler, such as `tcp://login:8786`: its workers, all of them, take
        the place of those on this machine.

    Yields
    ------
    task, answer
        The answer is None if the worker died of the task; no other task is lost with it.

    Raises
    ------
    DeviceError
        If the scheduler or its workers cannot be used.
    """
    if scheduler:
        return run_on_workers(tasks, handler, scheduler=scheduler)
    return run_in_processes(tasks, handler, jobs=jobs)
