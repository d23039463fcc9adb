"""Architectures: nothing but layers. ``NETWORKS`` names each pair for the recipes."""

from paddle_gan.networks import dcgan

NETWORKS = {"dcgan": (dcgan.Generator, dcgan.Discriminator)}
