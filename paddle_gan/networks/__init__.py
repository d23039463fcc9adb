"""Architectures: nothing but layers. ``NETWORKS`` names each pair for the recipes."""

from paddle_gan.networks import conditional, conv, dcgan, mlp, sngan

NETWORKS = {
    "dcgan": (dcgan.Generator, dcgan.Discriminator),
    "cdcgan": (conditional.Generator, conditional.Discriminator),
    "mlp": (mlp.Generator, mlp.Discriminator),
    "conv": (conv.Generator, conv.Discriminator),
    "sngan": (sngan.Generator, sngan.Discriminator),
}
