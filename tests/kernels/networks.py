"""Networks of every kind of layer."""

from __future__ import annotations

from paddle import nn

from paddle_gan.networks.blocks import Residual, Skip
from tests.notebook import fill


def stack(*layers: nn.Layer, shape: tuple[int, ...]):
    """A network with values that matter everywhere, and the shape of its input."""
    return fill(nn.Sequential(*layers), seed=1), shape


def level(outside: int, inside: int, *deeper: nn.Layer) -> Skip:
    """A level of a U-Net: down to half the size, what is deeper, and up again."""
    return Skip(
        nn.Sequential(
            nn.Conv2D(outside, inside, 4, 2, 1, bias_attr=False),
            nn.BatchNorm2D(inside),
            nn.LeakyReLU(0.2),
            *deeper,
            nn.Conv2DTranspose(inside * (1 + len(deeper)), outside, 4, 2, 1),
            nn.ReLU(),
        )
    )


CASES = {
    "generator": lambda: stack(
        nn.Conv2DTranspose(8, 6, 4, 1, 0, bias_attr=False),
        nn.BatchNorm2D(6),
        nn.ReLU(),
        nn.Conv2DTranspose(6, 5, 4, 2, 1, bias_attr=False),
        nn.BatchNorm2D(5),
        nn.ReLU(),
        nn.Conv2DTranspose(5, 3, 4, 2, 1),
        nn.Tanh(),
        shape=(4, 8, 1, 1),
    ),
    "discriminator": lambda: stack(
        nn.Conv2D(3, 4, 4, 2, 1, bias_attr=False),
        nn.BatchNorm2D(4),
        nn.LeakyReLU(0.2),
        nn.Conv2D(4, 8, 4, 2, 1, bias_attr=False),
        nn.BatchNorm2D(8),
        nn.LeakyReLU(0.2),
        nn.Conv2D(8, 1, 4, 1, 0),
        shape=(5, 3, 16, 16),
    ),
    "one image": lambda: stack(
        nn.Conv2D(3, 4, 3), nn.BatchNorm2D(4), nn.ReLU(), shape=(1, 3, 6, 6)
    ),
    "odd sizes": lambda: stack(
        nn.Conv2D(2, 3, 3, 2, 1), nn.LeakyReLU(0.1), nn.Conv2D(3, 17, 5, 1, 2), shape=(3, 2, 7, 9)
    ),
    "a rest that no window covers": lambda: stack(nn.Conv2D(2, 3, 3, 2), shape=(2, 2, 8, 10)),
    "from one channel": lambda: stack(nn.Conv2D(1, 4, (3, 4), (2, 1), (1, 2)), shape=(3, 1, 8, 6)),
    "not square": lambda: stack(
        nn.Conv2D(2, 3, (3, 5), (1, 2), (2, 1)),
        nn.Tanh(),
        nn.Conv2DTranspose(3, 2, (4, 3), (2, 1), (1, 0)),
        shape=(2, 2, 6, 7),
    ),
    "transposed, odd": lambda: stack(
        nn.Conv2DTranspose(3, 4, 5, 2, 2),
        nn.LeakyReLU(0.3),
        nn.Conv2DTranspose(4, 1, (5, 4), (2, 3), (2, 1), output_padding=(1, 0)),
        shape=(2, 3, 5, 3),
    ),
    "to one channel": lambda: stack(
        nn.Conv2D(3, 8, 3),
        nn.LeakyReLU(0.2),
        nn.Conv2D(8, 1, (7, 3), 1, (3, 1)),
        nn.Tanh(),
        nn.Conv2D(1, 1, 1, bias_attr=False),
        shape=(3, 3, 9, 6),
    ),
    "to one channel of another size": lambda: stack(
        nn.Conv2D(2, 8, 3, 1, 1),
        nn.ReLU(),
        nn.Conv2D(8, 1, (3, 2), 1, (2, 0)),
        nn.Tanh(),
        nn.Conv2D(1, 1, (1, 3)),
        shape=(3, 2, 9, 8),
    ),
    "one pixel": lambda: stack(nn.Conv2D(4, 1, 3, 1, 1), shape=(1, 4, 1, 1)),
    "wide": lambda: stack(
        nn.Conv2D(16, 32, 3, 1, 1, bias_attr=False),
        nn.BatchNorm2D(32),
        nn.ReLU(),
        nn.Conv2D(32, 16, 1),
        shape=(2, 16, 8, 8),
    ),
    "BatchNorm behind the activation": lambda: stack(
        nn.Conv2D(1, 4, 3),
        nn.LeakyReLU(0.2),
        nn.BatchNorm2D(4),
        nn.Conv2D(4, 2, 3),
        shape=(3, 1, 8, 8),
    ),
    "BatchNorm first": lambda: stack(
        nn.BatchNorm2D(3), nn.Tanh(), nn.Conv2D(3, 2, 3), shape=(4, 3, 5, 5)
    ),
    "activation first": lambda: stack(nn.ReLU(), nn.Conv2D(2, 2, 3), shape=(2, 2, 6, 6)),
    "activation alone": lambda: stack(nn.LeakyReLU(0.2), shape=(2, 2, 6, 6)),
    "ReLU behind a convolution": lambda: stack(
        nn.Conv2D(2, 4, 3), nn.ReLU(), nn.Conv2D(4, 2, 3), shape=(2, 2, 7, 7)
    ),
    "BatchNorm of its own": lambda: stack(
        nn.Conv2D(2, 4, 3, bias_attr=False),
        nn.BatchNorm2D(4, momentum=0.7, epsilon=1e-2),
        nn.ReLU(),
        nn.Tanh(),
        shape=(2, 2, 7, 7),
    ),
    "two activations": lambda: stack(
        nn.Conv2D(2, 4, 3), nn.Tanh(), nn.LeakyReLU(0.2), nn.Tanh(), shape=(3, 2, 9, 9)
    ),
    "Sequential inside": lambda: stack(
        nn.Sequential(nn.Conv2D(2, 4, 3), nn.Sequential(nn.BatchNorm2D(4), nn.ReLU())),
        nn.Sequential(nn.Conv2D(4, 3, 3)),
        shape=(3, 2, 9, 7),
    ),
    "groups": lambda: stack(
        nn.Conv2D(4, 8, 3, groups=2, bias_attr=False),
        nn.BatchNorm2D(8),
        nn.ReLU(),
        nn.Conv2D(8, 8, (3, 1), 1, (1, 0), groups=8),
        nn.LeakyReLU(0.2),
        nn.Conv2DTranspose(8, 4, 4, 2, 1, groups=2, bias_attr=False),
        nn.BatchNorm2D(4),
        nn.Conv2D(4, 6, 1, groups=2),
        shape=(3, 4, 8, 7),
    ),
    "groups of sixteen": lambda: stack(
        nn.Conv2D(32, 64, 3, 1, 1, groups=2),
        nn.ReLU(),
        nn.Conv2DTranspose(64, 32, 3, 1, 1, groups=4),
        shape=(2, 32, 8, 8),
    ),
    "output padding": lambda: stack(
        nn.Conv2DTranspose(3, 4, 3, 2, 1, output_padding=1),
        nn.Tanh(),
        nn.Conv2DTranspose(4, 2, (3, 5), 2, (1, 2), output_padding=(0, 1)),
        shape=(2, 3, 5, 4),
    ),
    "InstanceNorm": lambda: stack(
        nn.Conv2D(2, 8, 3, bias_attr=False),
        nn.InstanceNorm2D(8),
        nn.ReLU(),
        nn.Conv2D(8, 5, 3, bias_attr=False),
        nn.InstanceNorm2D(5, weight_attr=False, bias_attr=False),
        nn.LeakyReLU(0.2),
        nn.Conv2D(5, 16, 3, bias_attr=False),
        nn.InstanceNorm2D(16, epsilon=1e-2),
        nn.Tanh(),
        nn.InstanceNorm2D(16, weight_attr=False, bias_attr=False),
        nn.ReLU(),
        shape=(3, 2, 12, 11),
    ),
    "norms alone": lambda: stack(
        Residual(nn.BatchNorm2D(3), nn.InstanceNorm2D(3)), shape=(4, 3, 5, 5)
    ),
    "reflection": lambda: stack(
        nn.Pad2D(3, mode="reflect"),
        nn.Conv2D(3, 4, 7),
        nn.ReLU(),
        nn.Pad2D([1, 2, 0, 3], mode="reflect"),
        nn.Conv2D(4, 2, 3),
        nn.Pad2D([0, 1, 2, 0], mode="reflect"),
        shape=(2, 3, 4, 6),
    ),
    "up and down": lambda: stack(
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Conv2D(2, 8, 3, 1, 1),
        nn.ReLU(),
        nn.AvgPool2D(2),
        nn.Conv2D(8, 3, 3, 1, 1),
        nn.Upsample(scale_factor=[2, 3]),
        nn.AvgPool2D((2, 3), (1, 2), (1, 0)),
        nn.Tanh(),
        nn.AvgPool2D(3, 2, 1, exclusive=False),
        shape=(2, 2, 6, 5),
    ),
    "nearest and bilinear, wide": lambda: stack(
        nn.Conv2D(3, 16, 3),
        nn.Upsample(scale_factor=2),
        nn.Conv2D(16, 16, 1),
        nn.Upsample(scale_factor=3, mode="bilinear"),
        nn.AvgPool2D(3, 1, 1),
        nn.Upsample(scale_factor=2, mode="nearest"),
        shape=(2, 3, 6, 6),
    ),
    "linear head": lambda: stack(
        nn.Conv2D(2, 4, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(48, 6),
        nn.Tanh(),
        nn.Linear(6, 1, bias_attr=False),
        shape=(3, 2, 8, 6),
    ),
    "linear": lambda: stack(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3), shape=(4, 5)),
    "residual": lambda: stack(
        nn.Conv2D(2, 4, 3, 1, 1),
        Residual(
            nn.Sequential(
                nn.Conv2D(4, 4, 3, 1, 1, bias_attr=False),
                nn.BatchNorm2D(4),
                nn.ReLU(),
                nn.Conv2D(4, 4, 3, 1, 1, bias_attr=False),
                nn.BatchNorm2D(4),
            )
        ),
        nn.ReLU(),
        Residual(nn.Conv2D(4, 4, 1)),
        nn.Conv2D(4, 1, 3),
        shape=(3, 2, 8, 7),
    ),
    "residual with shortcuts": lambda: stack(
        Residual(
            nn.Sequential(nn.LeakyReLU(0.2), nn.Conv2D(3, 6, 3, 1, 1), nn.AvgPool2D(2)),
            nn.Sequential(nn.AvgPool2D(2), nn.Conv2D(3, 6, 1)),
        ),
        Residual(
            nn.Sequential(nn.Conv2D(6, 4, 3, 1, 1), nn.LeakyReLU(0.2)),
            nn.Sequential(nn.Conv2D(6, 4, 1, bias_attr=False), nn.BatchNorm2D(4), nn.Tanh()),
        ),
        nn.LeakyReLU(0.2),
        Residual(nn.Tanh(), nn.LeakyReLU(0.3), 0.5),
        shape=(2, 3, 8, 6),
    ),
    "blocks in blocks": lambda: stack(
        Residual(
            nn.Sequential(
                Residual(nn.Conv2D(2, 2, 3, 1, 1)),
                nn.ReLU(),
                Skip(Residual(nn.InstanceNorm2D(2))),
                nn.Conv2D(4, 2, 1),
            )
        ),
        Skip(nn.ReLU()),
        shape=(2, 2, 5, 6),
    ),
    "U-Net": lambda: stack(
        level(2, 3, level(3, 4, level(4, 5))), nn.Conv2D(4, 1, 3, 1, 1), shape=(2, 2, 16, 16)
    ),
}
