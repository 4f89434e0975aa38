"""Every architecture by name. To add one: write its file, add its line."""

from torch import nn

from gliokit.networks.unet import UNet

ARCHITECTURES: dict[str, type[nn.Module]] = {
    "unet": UNet,
}
