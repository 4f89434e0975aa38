"""Worker processes that take one task at a time and may die without harm to the others.

Each worker has a pipe of its own, so that a process which the system kills (out of memory,
a crash in native code) is known with the task it held: that task is lost, a new worker goes
on with the next. A stopped worker unwinds its stack first, which removes temporary folders.
"""

import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Generic, NoReturn, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

PATIENCE_S = 20.0  # for a stopped worker to come back from native code and clean up


def run_in_processes(
    tasks: Iterable[Task], handler: Callable[[Task], Answer], *, jobs: int
) -> Generator[tuple[Task, Answer | None], None, None]:
    """Handle tasks in worker processes; give each with its answer, as they come.

    Close the iterator to stop early; no worker outlives it.

    Parameters
    ----------
    tasks : iterable
        Values that pickle.
    handler : callable
        Turns a task into its answer; must not raise. It is pickled to each worker once, so
        that what it loads on its first call serves all later ones.
    jobs : int
        Workers at a time.

    Yields
    ------
    task, answer
        The answer is None if the worker died of the task.
    """
    waiting = deque(tasks)
    idle: list[_Worker[Task, Answer]] = []
    busy: dict[object, _Worker[Task, Answer]] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < jobs:
                worker = idle.pop() if idle else _Worker(handler)
                busy[worker.connection] = worker
                worker.begin(waiting.popleft())
            for connection in wait([worker.connection for worker in busy.values()]):
                worker = busy.pop(connection)
                task, answer = worker.finish()
                if answer is not None:
                    idle.append(worker)
                yield task, answer
    finally:
        workers = [*idle, *busy.values()]
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.join()


class _Worker(Generic[Task, Answer]):
    """A process, our end of its pipe, and the task it holds."""

    def __init__(self, handler: Callable[[Task], Answer]) -> None:
        context = get_context("spawn")  # a fork would copy the locks of running threads
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, handler), daemon=True)
        with _interrupts_blocked():
            self.process.start()
        theirs.close()

    def begin(self, task: Task) -> None:
        self.task = task
        with suppress(BrokenPipeError):  # it died idle: `finish` tells
            self.connection.send(task)

    def finish(self) -> tuple[Task, Answer | None]:
        """Take the answer, or bury the process that can give none."""
        try:
            return self.task, self.connection.recv()
        except (EOFError, ConnectionResetError):
            self.join()
            return self.task, None

    def join(self) -> None:
        self.connection.close()
        self.process.join(PATIENCE_S)
        self.process.kill()
        self.process.join()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start processes that do not hear Ctrl-C, which a terminal sends to all of them.

    Only the parent answers it, and stops its workers in order. Blocked signals are handed
    down from the very start, before any handler of the child's own could be.
    """
    resource_tracker.ensure_running()  # its own start would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, handler: Callable[[Task], Answer]) -> None:
    """Answer tasks until stopped, or until the parent is gone."""
    signal.signal(signal.SIGTERM, _unwind)
    with suppress(EOFError, BrokenPipeError):
        while True:
            connection.send(handler(connection.recv()))


def _unwind(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)  # what a shell reports of a process that a signal ended
