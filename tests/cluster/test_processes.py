"""Worker processes, one task at a time each."""

from contextlib import closing
from operator import neg

import psutil
import pytest

from gliokit.cluster.processes import run_in_processes


def children():
    return {p.pid for p in psutil.Process().children() if "spawn_main" in " ".join(p.cmdline())}


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_is_answered_once(jobs):
    assert sorted(run_in_processes(range(5), neg, jobs=jobs)) == [(n, -n) for n in range(5)]


def test_no_task_starts_no_worker():
    assert list(run_in_processes([], neg, jobs=2)) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_worker_that_dies_costs_only_its_task(fakes, jobs):
    answers = dict(run_in_processes([1, 0, 2, 3], fakes.negate, jobs=jobs))
    assert answers == {1: -1, 0: None, 2: -2, 3: -3}


def test_no_worker_outlives_the_iterator():
    with closing(run_in_processes(range(100), neg, jobs=2)) as answers:
        next(answers)
        assert len(children()) == 2
    assert children() == set()
