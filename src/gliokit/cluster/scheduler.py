"""The workers of a dask scheduler, on any number of machines, one task at a time each.

Workers must run the same version of gliokit, which is checked, and see the same files under the
same names (a shared file system). They may come and go: who joins gets work, and the task of a
worker that dies is given to another, until dask gives it up as one that kills whoever takes it
(`distributed.scheduler.allowed-failures`; by default at the fourth death). Closing the iterator
drops what waits; a task at work runs to its end on its worker, and its answer is lost.

Source: distributed.dask.org
"""

import pickle
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from gliokit.core.errors import DeviceError

if TYPE_CHECKING:
    from distributed import Client, Future

Task = TypeVar("Task")
Answer = TypeVar("Answer")

PATIENCE_S = 60.0  # for the first worker to come, and for another when all are gone
LOOK_AROUND_S = 5.0  # so often new workers are noticed while no task ends

_one_at_a_time = Lock()  # a worker of dask may have many threads, and they share the handler


def run_on_workers(
    tasks: Iterable[Task], handler: Callable[[Task], Answer], *, scheduler: str
) -> Generator[tuple[Task, Answer | None], None, None]:
    """Handle tasks on the workers of a scheduler; see `gliokit.cluster.tasks.run_tasks`.

    Raises
    ------
    DeviceError
        If distributed is not installed, the scheduler cannot be reached or is lost, no worker
        comes, or a worker is of another version or fails for a reason that is not in the task.
    """
    waiting, packed = deque(tasks), pickle.dumps(handler)
    at_work: dict[Future[Answer], Task] = {}
    ended: SimpleQueue[Future[Answer]] = SimpleQueue()
    checked: set[str] = set()  # addresses of workers
    with _connected(scheduler) as client:
        while waiting or at_work:
            count = _count_workers(client, scheduler, checked)
            while waiting and len(at_work) < count:
                task = waiting.popleft()
                future = client.submit(_handle, packed, task, pure=False)
                at_work[future] = task
                future.add_done_callback(ended.put)
            try:
                future = ended.get(timeout=LOOK_AROUND_S)
            except Empty:
                continue
            yield at_work.pop(future), _answer(future, scheduler)


@contextmanager
def _connected(scheduler: str) -> Iterator["Client"]:
    try:
        from distributed import Client
    except ImportError:
        raise DeviceError(
            f"scheduler {scheduler}: the package distributed is not installed; "
            "install gliokit[cluster]"
        ) from None
    try:
        client = Client(scheduler, set_as_default=False)
    except (OSError, ValueError) as error:  # no answer, no address
        raise DeviceError(
            f"no dask scheduler answers at {scheduler} ({error}); start one with `dask scheduler`, "
            "and give the address that it prints"
        ) from error
    with client:
        yield client


def _count_workers(client: "Client", scheduler: str, checked: set[str]) -> int:
    """Count the workers that are there, and check the version of those not `checked` yet."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE_S)
        present = set(client.nthreads())
        if new := present - checked:
            found = client.run(version, "gliokit", workers=list(new), on_error="return")
            _check_versions(found)
            checked |= new
    except TimeoutError:
        raise DeviceError(
            f"scheduler {scheduler} has no worker since {PATIENCE_S:g} s; "
            f"start some with `dask worker {scheduler}`"
        ) from None
    except OSError as error:
        raise DeviceError(_lost(scheduler)) from error
    return len(present)


def _check_versions(found: dict[str, str | Exception]) -> None:
    """Refuse workers of another version; one that is gone already needs no check."""
    needed = version("gliokit")
    for address, answer in found.items():
        if answer != needed and not isinstance(answer, OSError):
            has = "no gliokit" if isinstance(answer, Exception) else f"gliokit {answer}"
            raise DeviceError(
                f"worker {address} has {has}; needed {needed}, as here; "
                "install it there, and start the worker again"
            )


def _answer(future: "Future[Answer]", scheduler: str) -> Answer | None:
    """Take the answer; None if the task has killed its workers."""
    from distributed import CancelledError, KilledWorker

    try:
        return future.result()
    except KilledWorker:
        return None
    except CancelledError as error:
        raise DeviceError(_lost(scheduler)) from error
    except Exception as error:  # handlers do not raise: it is the worker that does not fit
        raise DeviceError(
            f"a worker of {scheduler} cannot do its task ({type(error).__name__}: {error}); "
            "workers need the packages and files of this machine"
        ) from error


def _lost(scheduler: str) -> str:
    return f"scheduler {scheduler} was lost; see that it runs, and start again: what is done stays"


def _handle(packed: bytes, task: Task) -> Any:
    """Run on a worker."""
    with _one_at_a_time:
        return _unpacked(packed)(task)


@lru_cache(maxsize=1)  # one run's handler, with whatever it has loaded
def _unpacked(handler: bytes) -> Callable[..., Any]:
    return pickle.loads(handler)
