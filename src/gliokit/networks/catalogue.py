"""Every architecture from a volume to its logits. To add one: write its file, add its line.

Those of published systems (`chen2018`, `havaei2017`, `rao2015`, `yi2016`) are not among them: they
give two outputs, or take slices, patches or features.
"""

from torch import nn

from gliokit.networks.unet import UNet

ARCHITECTURES: dict[str, type[nn.Module]] = {
    "unet": UNet,
}
