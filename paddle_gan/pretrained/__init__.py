"""Weights that come with the package, a folder for each name; ``checkpoints.pretrained`` reads."""
