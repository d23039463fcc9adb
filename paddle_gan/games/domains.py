"""What games have in common that translate images from any of several domains to another."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_gan.errors import UserError, unknown
from paddle_gan.games.base import Game
from paddle_gan.games.optimizers import OPTIMIZER
from paddle_gan.networks.initialization import INITS
from paddle_gan.networks.options import CLASSES, DOUBLED
from paddle_gan.options import NAME, Option, Row, one_of, whole


class Domains(Game):
    """A game on images with a domain each; their names are the classes of the data."""

    options = {
        **Game.options,
        "image_size": Option(32, one_of(DOUBLED), "images are resized to this"),
        "domains": Option("data", CLASSES, "domains that the networks are told"),
        "width": Option(64, whole(1), "features of G's outermost layer; the others follow from it"),
        "d_width": Option(64, whole(1), "features of D's first layer"),
        "init": Option("own", Row(INITS), "how weights are initialized"),
        **OPTIMIZER,
        "lr": Option(0.0001, OPTIMIZER["lr"].range, "learning rate"),
    }
    rules = [
        (
            lambda c: c["domains"] in (0, 1),
            "domains {domains}: a translation takes two; leave it out for as many as there are",
        ),
    ]
    watched, judge = "test", "domains"
    asked = {"domain": Option(None, NAME, "the domain to translate to, by its name")}

    @staticmethod
    def number_of_domains(config: dict) -> int:
        """Two where the data, which tells, has not been read."""
        return 2 if config["domains"] == "data" else config["domains"]

    @classmethod
    def with_data(cls, config: dict, images) -> dict:
        if config["domains"] != "data":
            return config
        return {**config, "domains": len(images.classes)}

    def check_data(self, images) -> None:
        found, known = len(images.classes), self.config["domains"]
        if found > known:
            raise UserError(f"{known} domains are known, and there are {found} in {images.source}")


def number_of(domain: str | None, names: Sequence[str]) -> int:
    """The number of a domain. Raises UserError, with all names, for none or an unknown one."""
    if domain is None:
        raise UserError(f"translate to which domain? Give --domain and one of {', '.join(names)}")
    if domain not in names:
        raise unknown("domain", domain, names)
    return names.index(domain)
