"""What a device computes fast: precision and memory layout."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


def mixed_precision(device: str) -> torch.dtype:
    """Choose bfloat16 where the device computes in it natively, else float32."""
    if torch.device(device).type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = (
            torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
        )
    return torch.bfloat16 if native else torch.float32


def placed(x: Tensor) -> Tensor:
    """Lay a batch out with its channels last, which convolutions run faster on."""
    layouts = {4: torch.channels_last, 5: torch.channels_last_3d}
    return x.contiguous(memory_format=layouts[x.ndim]) if x.ndim in layouts else x


@contextmanager
def answering(device: str, *, mixed: bool) -> Iterator[None]:
    """Compute without gradients, in the precision of a training with this `mixed`."""
    precision = mixed_precision(device) if mixed else torch.float32
    enabled = precision is not torch.float32
    kind = torch.device(device).type
    with torch.inference_mode(), torch.autocast(kind, dtype=precision, enabled=enabled):
        yield
