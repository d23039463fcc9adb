"""From images in a folder to their codes in a file."""

from __future__ import annotations

import os
from pathlib import Path

from paddle_gan.checkpoints.generators import load_generator
from paddle_gan.data.folder import opened
from paddle_gan.errors import UserError
from paddle_gan.games.autoencoder import codes_of_files
from paddle_gan.networks.autoencoder import Encoder
from paddle_gan.sampling.pictures import write_npy
from paddle_gan.system.files import write_whole


def embed(
    encoder: str | os.PathLike,
    folder: str | os.PathLike,
    output: str | os.PathLike = "work/codes.npy",
) -> Path:
    """Write the codes of all images below ``folder`` to ``output``, float32, N x latent.

    The images, in the order of their paths, are prepared as those that the encoder was trained on.
    ``output`` with the suffix ``.txt`` names the image of each row; one that cannot be read is
    named on stderr and has none. Returns the path.

    Raises UserError for a file that is no encoder, and for a folder without images.
    """
    output = Path(output)
    if output.suffix.lower() != ".npy":
        raise UserError(f"output {output}: the suffix must be .npy")
    network = load_generator(encoder)
    if not isinstance(network, Encoder):
        raise UserError(f"{encoder} holds no encoder; give the Enet.pdparams of an autoencoder")
    network.fold()
    files = opened(Path(folder))
    codes, kept = codes_of_files(network, files)
    names = "".join(f"{files.names[index]}\n" for index in kept)
    write_whole(output.with_suffix(".txt"), names.encode())
    write_npy(output, len(codes), [codes.reshape([len(codes), -1])])
    return output
