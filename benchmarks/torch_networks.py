"""The networks of three recipes in PyTorch, layer by layer those of ``paddle_gan.networks``.

``torch_peers.py`` trains them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

DOMAINS = 7  # those of the data of starganv2


def dcgan(channels: int, image_size: int) -> tuple[nn.Module, nn.Module]:
    """G and D, without biases before BatchNorm."""
    widths = [64 << i for i in range(image_size.bit_length() - 3)]
    up, down = [], []
    for before, after in zip([100, *widths[::-1]], widths[::-1]):
        where = (2, 1) if up else (1, 0)  # stride and padding
        up += [nn.ConvTranspose2d(before, after, 4, *where, bias=False)]
        up += [nn.BatchNorm2d(after), nn.ReLU(True)]
    for before, after in zip([channels, *widths], widths):
        down += [nn.Conv2d(before, after, 4, 2, 1, bias=False)]
        down += [nn.BatchNorm2d(after), nn.LeakyReLU(0.2, True)]
    g = nn.Sequential(*up, nn.ConvTranspose2d(64, channels, 4, 2, 1), nn.Tanh())
    return g, nn.Sequential(*down, nn.Conv2d(widths[-1], 1, 4))


class Residual(nn.Sequential):
    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


def normed(convolution: nn.Module) -> list[nn.Module]:
    return [convolution, nn.InstanceNorm2d(convolution.out_channels)]


def reflected(before: int, after: int, kernel: int, bias: bool = False) -> nn.Module:
    padding = kernel // 2
    return nn.Conv2d(before, after, kernel, 1, padding, padding_mode="reflect", bias=bias)


def translator(channels: int) -> nn.Module:
    """G_AB or G_BA of cyclegan."""
    layers = [*normed(reflected(channels, 16, 7)), nn.ReLU(True)]
    for n in (16, 32):
        layers += [*normed(nn.Conv2d(n, 2 * n, 3, 2, 1, bias=False)), nn.ReLU(True)]
    for _ in range(2):
        first, second = normed(reflected(64, 64, 3)), normed(reflected(64, 64, 3))
        layers.append(Residual(*first, nn.ReLU(True), *second))
    for n in (64, 32):
        up = nn.ConvTranspose2d(n, n // 2, 3, 2, 1, output_padding=1, bias=False)
        layers += [*normed(up), nn.ReLU(True)]
    return nn.Sequential(*layers, reflected(16, channels, 7, bias=True), nn.Tanh())


def judge(channels: int) -> nn.Module:
    """D_A or D_B of cyclegan."""
    layers = [nn.Conv2d(channels, 32, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for n, stride in ((32, 2), (64, 1)):
        down = nn.Conv2d(n, 2 * n, 4, stride, 1, bias=False)
        layers += [*normed(down), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(128, 1, 4, 1, 1))


def cyclegan(channels: int) -> list[nn.Module]:
    """G_AB, G_BA, D_A and D_B."""
    return [kind(channels) for kind in (translator, translator, judge, judge)]


class AdaIN(nn.Module):
    def __init__(self, features: int):
        super().__init__()

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        return torch.addcmul(shift, F.instance_norm(x), 1 + scale)


def affine(features: int) -> nn.Module:
    return nn.InstanceNorm2d(features, affine=True)


class Block(nn.Module):
    """Two convolutions, each behind norm and activation; the size changes between or before."""

    def __init__(self, before: int, after: int, norm=nn.Identity, half=False, double=False):
        super().__init__()
        inside = after if double else before
        self.features = before, before, inside, inside  # scale and shift of each norm
        self.up = nn.Upsample(scale_factor=2) if double else nn.Identity()
        self.down = nn.AvgPool2d(2) if half else nn.Identity()
        self.norm, self.conv = norm(before), nn.Conv2d(before, inside, 3, padding=1)
        self.other_norm, self.other_conv = norm(inside), nn.Conv2d(inside, after, 3, padding=1)
        fits = before == after
        self.fit = nn.Identity() if fits else nn.Conv2d(before, after, 1, bias=False)

    def forward(self, x: Tensor, *styles: Tensor) -> Tensor:
        y = self.up(F.leaky_relu(self.norm(x, *styles[:2]), 0.2))
        y = F.leaky_relu(self.other_norm(self.down(self.conv(y)), *styles[2:]), 0.2)
        # The shortcut's convolution is where the image is smaller, as in ours.
        return (self.other_conv(y) + self.up(self.fit(self.down(x)))) * 2**-0.5


class StyledTranslator(nn.Module):
    """G of starganv2; one linear layer makes of a style all scales and shifts, as in ours."""

    def __init__(self, channels: int):
        super().__init__()
        self.plain = nn.Sequential(
            nn.Conv2d(channels, 16, 3, padding=1),
            Block(16, 32, affine, half=True), Block(32, 64, affine, half=True),
            Block(64, 64, affine),
        )  # fmt: skip
        styled = Block(64, 64, AdaIN), Block(64, 32, AdaIN, double=True)
        self.styled = nn.ModuleList([*styled, Block(32, 16, AdaIN, double=True)])
        self.last = nn.Sequential(affine(16), nn.LeakyReLU(0.2), nn.Conv2d(16, channels, 1))
        self.features = [n for block in self.styled for n in block.features]
        self.styles = nn.Linear(64, sum(self.features))

    def forward(self, images: Tensor, styles: Tensor) -> Tensor:
        parts = self.styles(styles)[:, :, None, None].split(self.features, 1)
        x = self.plain(images)
        for i, block in enumerate(self.styled):
            x = block(x, *parts[4 * i : 4 * i + 4])
        return self.last(x).float()


class Each(nn.Module):
    """A linear layer for each domain: B x before, of all, or K x B x before to K x B x after."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(DOMAINS, before, after) * (2 / before) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(DOMAINS, 1, after))

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x.expand(len(self.weight), -1, -1), self.weight)


def mapping() -> nn.Module:
    """F of starganv2: latents B x 16 to a style for each domain, K x B x 64."""
    shared = nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU()
    return nn.Sequential(*shared, Each(128, 128), nn.ReLU(), Each(128, 64))


def to_one_pixel(channels: int, image_size: int, size: int) -> nn.Module:
    """E or D of starganv2: images to ``size`` numbers for each domain, B x K * size."""
    widths = [min(16 << i, 64) for i in range(image_size.bit_length() - 2)]
    blocks = [Block(*pair, half=True) for pair in zip(widths, widths[1:])]
    last = widths[-1]
    shrunk = [nn.LeakyReLU(0.2), nn.Conv2d(last, last, 4), nn.LeakyReLU(0.2)]
    numbers = nn.Conv2d(last, DOMAINS * size, 1), nn.Flatten()
    return nn.Sequential(nn.Conv2d(channels, 16, 3, padding=1), *blocks, *shrunk, *numbers)


def starganv2(channels: int, image_size: int) -> tuple[nn.Module, ...]:
    """G, F, E and D."""
    sizes = 64, 1  # numbers for each domain: a style, a logit
    seeing = (to_one_pixel(channels, image_size, size) for size in sizes)
    return StyledTranslator(channels), mapping(), *seeing
