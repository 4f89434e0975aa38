"""Tasks on two workers of dask give what tasks on processes of this machine give."""

import gc
import os
import sys
import threading
import time
from contextlib import closing
from importlib.metadata import version
from operator import neg
from subprocess import check_output

import dask
import pytest
from distributed import Client, LocalCluster

from gliokit.cluster import scheduler as on_dask
from gliokit.cluster.tasks import run_tasks
from gliokit.core.errors import DeviceError


@pytest.fixture(autouse=True)
def no_client_in_the_garbage():
    """Collect clients without a scheduler: one that dies while dask starts a loop locks it."""
    gc.collect()  # of other files, too
    yield
    gc.collect()


@pytest.fixture
def url(fakes):
    """Start a scheduler and two worker processes, which are started again when they die."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        ) as cluster,
    ):
        yield cluster.scheduler_address


@pytest.fixture
def threads():
    """Start a scheduler whose two workers are threads of this process."""
    with LocalCluster(
        n_workers=2, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster.scheduler_address


class Careful:
    """Notes on its first call that it was loaded, and when two tasks meet in it."""

    loads = 0
    inside = threading.Lock()

    def __init__(self):
        self.loaded = False

    def __call__(self, task):
        """Give the negative of a number."""
        assert self.inside.acquire(blocking=False), "two tasks at a time"
        if not self.loaded:
            self.loaded = True
            Careful.loads += 1
        time.sleep(0.01)
        self.inside.release()
        return -task


def test_two_workers_give_the_answers_of_one_process(url):
    answers = sorted(run_tasks(range(7), neg, scheduler=url))
    assert answers == sorted(run_tasks(range(7), neg)) == [(n, -n) for n in range(7)]


def test_both_workers_are_at_work_at_a_time(url):
    say_who = ("sh", "-c", "sleep 0.5; echo $PPID")
    workers = {who for _, who in run_tasks([say_who] * 2, check_output, scheduler=url)}
    assert len(workers) == 2
    assert str(os.getpid()).encode() not in {who.strip() for who in workers}


def test_task_that_kills_its_workers_costs_no_other(url, fakes):
    answers = dict(run_tasks([1, 0, 2, 3], fakes.negate, scheduler=url))
    assert answers == {1: -1, 0: None, 2: -2, 3: -3}


def test_closing_the_iterator_drops_what_waits(threads):
    with closing(run_tasks(range(1000), neg, scheduler=threads)) as answers:
        next(answers)
    with Client(threads, set_as_default=False) as client:
        assert client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)) == 0


def test_handler_is_loaded_once_and_never_called_twice_at_a_time(threads, monkeypatch):
    monkeypatch.setattr(Careful, "loads", 0)
    assert len(list(run_tasks(range(20), Careful(), scheduler=threads))) == 20
    assert Careful.loads == 1


def test_no_task_gives_no_answer(threads):
    assert list(run_tasks([], neg, scheduler=threads)) == []


# what cannot be used


def test_worker_of_another_version_is_refused_before_any_task(threads, monkeypatch):
    def of_the_machine(package):  # this thread is the user's; others are the workers'
        return "99" if threading.current_thread() is threading.main_thread() else version(package)

    monkeypatch.setattr(on_dask, "version", of_the_machine)
    with pytest.raises(DeviceError, match=f"has gliokit {version('gliokit')}; needed 99, as here"):
        next(run_tasks([1], neg, scheduler=threads))


def test_worker_without_gliokit_is_refused(threads, monkeypatch):
    def of_the_machine(package):
        return version("gliokit" if threading.current_thread() is threading.main_thread() else "?")

    monkeypatch.setattr(on_dask, "version", of_the_machine)
    with pytest.raises(DeviceError, match="has no gliokit; needed"):
        next(run_tasks([1], neg, scheduler=threads))


def test_scheduler_without_workers_is_refused(monkeypatch):
    monkeypatch.setattr(on_dask, "PATIENCE_S", 0.2)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0") as cluster,
        pytest.raises(
            DeviceError, match=r"has no worker since 0\.2 s; start some with `dask worker"
        ),
    ):
        next(run_tasks([1], neg, scheduler=cluster.scheduler_address))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "ftp://here:1"])
def test_address_where_no_scheduler_answers_is_refused(address):
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "0.3s"}),
        pytest.raises(DeviceError, match=f"no dask scheduler answers at {address}"),
    ):
        next(run_tasks([1], neg, scheduler=address))


def test_scheduler_that_is_lost_is_said():
    cluster = LocalCluster(n_workers=1, processes=False, dashboard_address="127.0.0.1:0")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "0.3s"}),
        closing(run_tasks([1, 2], neg, scheduler=cluster.scheduler_address)) as answers,
    ):
        next(answers)
        cluster.close()
        with pytest.raises(DeviceError, match="was lost"):
            next(answers)


def test_worker_that_cannot_do_the_task_is_said(threads):
    with pytest.raises(DeviceError, match=r"cannot do its task \(TypeError: bad operand"):
        next(run_tasks(["no number"], neg, scheduler=threads))


def test_installation_without_distributed_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DeviceError, match=r"install gliokit\[cluster\]"):
        next(run_tasks([1], neg, scheduler="tcp://127.0.0.1:1"))
