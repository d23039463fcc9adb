"""Architectures: nothing but layers. ``NETWORKS`` names each pair for the recipes."""

from paddle_gan.networks import conditional, dcgan

NETWORKS = {
    "dcgan": (dcgan.Generator, dcgan.Discriminator),
    "cdcgan": (conditional.Generator, conditional.Discriminator),
}
