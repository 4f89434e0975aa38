"""Linear algebra on one thread: the order in which threads add up shows in the last bits.

So the same seed gives the same bytes on any number of cores; and the small matrices here are
slower on several threads than on one.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

Given = ParamSpec("Given")
Result = TypeVar("Result")


def one_thread(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Keep BLAS to one thread while a function runs."""

    @wraps(function)
    def limited(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with threadpool_limits(1):
            return function(*args, **kwargs)

    return limited
