"""One OpenVINO session that runs every network of a bundle on this machine's CPU.

Networks are `NAME.xml` and `NAME.bin`. A network is compiled for the shape that it is given
and kept until it is given another one: the same shape again need not be compiled, and memory
does not grow with the number of studies. What the layers wrote is given back after each run.
The same input, threads, precision and machine give the same bytes.

Nothing is cached on disk. Compiling takes 0.1 to 0.2 s a network (bf16, one core of a Zen 4);
OpenVINO 2026.4's own cache saves 0.03 to 0.06 s of that, writes 2.5 to 6 MB per shape that
nobody removes, and runs a blob with a flipped bit without a word, to another result.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from gliokit.bundles.bundle import Bundle
from gliokit.core.errors import BundleError

Device: TypeAlias = Literal["cpu", "cuda"]  # this session is of the first
Precision: TypeAlias = Literal["bf16", "f32"]
Shape: TypeAlias = tuple[int, ...]
NOTHING_AHEAD: Mapping[str, Shape] = MappingProxyType({})


class Session:
    """The networks of one bundle, ready to run.

    Parameters
    ----------
    bundle : Bundle
        Already checked.
    threads : int or None
        Most CPU threads; all cores when None.
    precision : {"bf16", "f32"} or None
        Of the arithmetic; the fastest that this CPU computes in natively when None.
    ahead : mapping of str to tuple of int
        Networks that are compiled for these shapes at once, in a thread beside the caller's.

    Attributes
    ----------
    device : str
        `cpu`.
    precision : str
        `bf16` or `f32`.
    """

    device = "cpu"

    def __init__(
        self,
        bundle: Bundle,
        *,
        threads: int | None = None,
        precision: Precision | None = None,
        ahead: Mapping[str, Shape] = NOTHING_AHEAD,
    ) -> None:
        self._core = ov.Core()
        self._bundle = bundle
        self.precision = precision or cpu_precision(self._core)
        self._settings: dict[str, str | int] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": self.precision,
        }
        if threads:
            self._settings["INFERENCE_NUM_THREADS"] = threads
        self._compiled: dict[str, tuple[Shape, ov.CompiledModel]] = {}
        beside = ThreadPoolExecutor(1)
        self._ahead: dict[str, tuple[Shape, Future[ov.CompiledModel]]] = {
            network: (shape, beside.submit(self._compile, network, shape))
            for network, shape in ahead.items()
        }
        beside.shutdown(wait=False)

    def run(self, network: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map a batch (N, C, X, Y, Z) through a network; (N, regions, X, Y, Z).

        Raises
        ------
        BundleError
            If the bundle has no such network, or it cannot take this shape.
        """
        if network in self._ahead:
            expected, compiling = self._ahead.pop(network)
            self._compiled[network] = (expected, compiling.result())
        shape, compiled = self._compiled.get(network, (None, None))
        if compiled is None or shape != x.shape:
            self._compiled.pop(network, None)  # its buffers go before the new ones come
            compiled = self._compile(network, x.shape)
            self._compiled[network] = (x.shape, compiled)
        y = np.asarray(compiled(x)[0], dtype=np.float32)  # OpenVINO's own copy
        compiled.release_memory()  # what layers wrote: most of the memory, and soon had again
        return y

    def _compile(self, network: str, shape: Shape) -> ov.CompiledModel:
        structure, weights = self._bundle.network(network)
        try:
            model = self._core.read_model(structure, weights)
            model.reshape(list(shape))
            return self._core.compile_model(model, "CPU", self._settings)
        except RuntimeError as error:
            reason = str(error).strip().rpartition("\n")[2]
            raise BundleError(f"{structure} cannot be run on shape {shape}: {reason}") from error


def cpu_precision(core: ov.Core) -> Precision:
    """Name the fastest precision that this CPU computes in natively."""
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
