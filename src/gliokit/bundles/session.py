"""One OpenVINO session that runs every network of a bundle on this machine's CPU.

Networks are `NAME.xml` and `NAME.bin`. A network is compiled for the shape that it is given
and kept until it is given another one: the same shape again costs nothing, and memory does
not grow with the number of studies. The same input, threads and machine give the same bytes.
"""

from pathlib import Path

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from gliokit.bundles.bundle import Bundle
from gliokit.core.errors import BundleError


class Session:
    """The networks of one bundle, ready to run.

    Parameters
    ----------
    bundle : Bundle
        Already checked.
    threads : int or None
        CPU threads; all cores when None.

    Attributes
    ----------
    precision : str
        `bf16` where the CPU computes in it, else `f32`.
    """

    def __init__(self, bundle: Bundle, *, threads: int | None = None) -> None:
        self._core = ov.Core()
        self._folder = bundle.folder
        self.precision = cpu_precision(self._core)
        self._settings: dict[str, str | int] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": self.precision,
        }
        if threads:
            self._settings["INFERENCE_NUM_THREADS"] = threads
        self._compiled: dict[str, tuple[tuple[int, ...], ov.CompiledModel]] = {}

    def run(self, network: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map a batch (N, C, X, Y, Z) through a network; (N, regions, X, Y, Z)."""
        shape, compiled = self._compiled.get(network, (None, None))
        if compiled is None or shape != x.shape:
            self._compiled.pop(network, None)  # its buffers go before the new ones come
            compiled = self._compile(self._folder / f"{network}.xml", x.shape)
            self._compiled[network] = (x.shape, compiled)
        return np.array(compiled(x)[0], dtype=np.float32)

    def _compile(self, path: Path, shape: tuple[int, ...]) -> ov.CompiledModel:
        try:
            model = self._core.read_model(path)
            model.reshape(list(shape))
            return self._core.compile_model(model, "CPU", self._settings)
        except RuntimeError as error:
            reason = str(error).strip().rpartition("\n")[2]
            raise BundleError(f"{path} cannot be run on shape {shape}: {reason}") from error


def cpu_precision(core: ov.Core) -> str:
    """Name the fastest precision that this CPU computes in natively."""
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
