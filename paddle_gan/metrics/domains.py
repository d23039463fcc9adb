"""Translations among domains: whether they look like the domain, and still show what they did.

Images are rounded to 8 bits and scaled to 32 x 32 first. A small network that is trained on the
domains' real images tells the domain. Where the domains are made of digits, another one is trained
to read the digits in all looks, as the digit network of plain ones misreads some: it tells whether
an output is read as its input is, and gives the features that images are compared by. Elsewhere
these are the first one's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from paddle_gan.data import DomainSet
from paddle_gan.data.image_set import spread
from paddle_gan.metrics import digits, scores, styles
from paddle_gan.metrics.digits import DigitNetwork, embed
from paddle_gan.metrics.evaluate import as_gray, sized
from paddle_gan.metrics.styles import seen
from paddle_gan.sampling.columns import Columns
from paddle_gan.sampling.pictures import to_uint8
from paddle_gan.system.cache import keep, kept

STEPS = 1000  # of 200 images
VERSION = 1  # counted up when training gives another network
_REAL = 2000  # images of a domain that features are compared with

Load = Callable[[str], DomainSet]


class DomainNetwork(DigitNetwork):
    """Images B x C x 32 x 32 in [-1, 1] to the logits of their domains."""

    kind, units = "domain network", "images"


class Known(NamedTuple):
    """What scoring takes beside the drawings. ``real`` are features of each domain's images."""

    network: DomainNetwork
    reader: DigitNetwork  # whose features are compared
    real: list[np.ndarray]


_known: dict[tuple, Known] = {}  # of the last data, as reading it takes long


def prepare(load: Load) -> None:
    """Make ready all that scores take; trains the networks the first time."""
    _prepared(load("validation"), load)


def _prepared(images: DomainSet, load: Load) -> Known:
    for k in range(len(images.classes)):
        images.members(k)  # refused before anything is learned
    key = images.name, images.images.shape[1:]
    if key not in _known:
        trainval = load("trainval")
        network, reader = networks(trainval, lambda: load("test"))
        of_domain = (trainval.images[trainval.members(k)] for k in range(len(images.classes)))
        real = [embed(reader, seen(spread(each, _REAL), reader))[0] for each in of_domain]
        _known.clear()
        _known[key] = Known(network, reader, real)
    return _known[key]


def networks(
    trainval: DomainSet, test: Callable[[], DomainSet]
) -> tuple[DomainNetwork, DigitNetwork]:
    """What tells domains, and the reader: from the cache if they are there, in eval mode."""
    network = DomainNetwork(0, trainval.images.shape[1], len(trainval.classes))
    _learn("domain-network", network, trainval, test)
    if trainval.digits is None:
        return network, network
    reader = DigitNetwork()
    _learn("domain-digit-network", reader, _as_digits(trainval), lambda: _as_digits(test()))
    return network, reader


def _learn(name: str, network: DigitNetwork, trainval: DomainSet, test: Callable) -> None:
    name = f"{name}-v{VERSION}-{trainval.fingerprint()['sha256'][:16]}"
    if digits.restored(kept(name) or {}, network) is None:
        digits.train(_sized(trainval), _sized(test()), STEPS, network=network)
        keep(name, digits.state_of(network))


def _as_digits(images: DomainSet) -> DomainSet:
    return replace(images, images=as_gray(images.images), labels=images.digits, classes=None)


def _sized(images: DomainSet) -> DomainSet:
    return replace(images, images=sized(images.images))


class _Made(NamedTuple):
    """Images of 8 bits, which of the inputs they show, and the domain they should be of."""

    images: np.ndarray
    shows: np.ndarray
    target: np.ndarray


def score(columns: Columns, images: DomainSet, load: Load) -> dict:
    """Score what a game drew of the first images of a set, ``input``, of which ``domain`` tells.

    Outputs are ``to NAME`` for each domain, or ``output 1`` and so on for the domain ``target``.
    Returns plain Python values: ``accuracy``, the share of outputs that are of the domain asked
    for; ``fid``, the mean of the domains' ``fids`` against real training images; of digits
    ``kept``, the share that is read as the input is, and ``back_kept`` of the ways back; ``error``,
    1 - accuracy · kept. An input's own domain does not count. ``copied`` has the scores of the
    inputs taken for outputs, ``real`` those of real images of the domain asked for (of digits the
    same digit), ``wrong`` those of real images of another.

    Of several styles also ``diversity``, the mean distance of features of the outputs of one input,
    and of digits the correlation of ``slant`` and ``thickness`` of the outputs that are guided by a
    reference with the reference's, and the same ``_within`` domains.
    """
    known = _prepared(images, load)
    given = to_uint8(columns["input"])
    own, target = columns["domain"], columns["target"]
    made = _join(_made(columns, images.classes, own, target))
    rows = {"own": made, "copied": made._replace(images=given[made.shows])}
    for name, offset in (("real", 0), ("wrong", 1)):
        domains = (made.target + offset) % len(images.classes)
        rows[name] = made._replace(images=_of_domains(images, len(given), made.shows, domains))
    read = _classes(given, known.reader) if images.digits is not None else None
    found = {name: _row(row, read, images.classes, known) for name, row in rows.items()}
    result = {"judge": "domains", **found.pop("own"), **found}
    if read is not None and "back" in columns:
        back = _classes(to_uint8(columns["back"]), known.reader)
        result["back_kept"] = float((back == read).mean())
    if "guided" in columns:
        result.update(styles.score(columns, images, target, known.reader))
    network, n = known.network, len(given)
    by = f", digits and features by {known.reader.sha256[:8]}" if read is not None else ""
    result["protocol"] = (
        f"{len(made.images)} translations of {n} images of {images.name} ({images.split}), "
        f"domains told by {network.sha256[:8]}, {network.accuracy:.2%} right{by}"
    )
    return result


def _made(columns: Columns, classes, own: np.ndarray, target: np.ndarray) -> list[_Made]:
    """The outputs, a column each."""
    found, all_of = [], np.arange(len(own))
    for number, name in enumerate(classes):
        if f"to {name}" in columns:
            part = np.flatnonzero(own != number)
            asked = np.full(len(part), number)
            found.append(_Made(to_uint8(columns[f"to {name}"][part]), part, asked))
    for name, each in columns.items():
        if name.startswith("output"):
            found.append(_Made(to_uint8(each), all_of, target))
    return found


def _join(made: list[_Made]) -> _Made:
    return _Made(*map(np.concatenate, zip(*made)))


def _of_domains(images: DomainSet, n: int, shows: np.ndarray, domains: np.ndarray) -> np.ndarray:
    """Real images of domains, of digits those that show the same as ``shows`` of n examples."""
    if images.digits is None:
        rng = np.random.default_rng(0)
        members = [images.members(k) for k in range(len(images.classes))]
        return images.images[[rng.choice(members[k]) for k in domains]]
    each = len(images) // len(images.classes)  # the digits, in the same order in every domain
    return images.images[domains * each + spread(np.arange(len(images)), n)[shows] % each]


def _row(made: _Made, read: np.ndarray | None, classes, known: Known) -> dict:
    _, told = embed(known.network, seen(made.images, known.network))
    features, guessed = embed(known.reader, seen(made.images, known.reader))
    fids = {
        name: scores.fid(known.real[k], features[made.target == k])
        for k, name in enumerate(classes)
        if (made.target == k).sum() > 1
    }
    row = {"accuracy": float((told.argmax(1) == made.target).mean())}
    if read is not None:
        row["kept"] = float((guessed.argmax(1) == read[made.shows]).mean())
    error = 1 - row["accuracy"] * row.get("kept", 1.0)
    return {**row, "fid": float(np.mean([*fids.values()])), "fids": fids, "error": error}


def _classes(images: np.ndarray, reader: DigitNetwork) -> np.ndarray:
    return embed(reader, seen(images, reader))[1].argmax(1)


_ROWS = {
    "accuracy": ("domain asked for", ".2%"),
    "kept": ("digits kept", ".2%"),
    "fid": ("FID", ".2f"),
}


def summary(result: dict) -> str:
    """What ``score`` found, as a table for people."""
    columns = {"output": result, **{n: result[n] for n in ("copied", "real", "wrong")}}
    titles = "output", "input copied", "real images", "wrong domain"
    lines = [result["protocol"], f"{'':<18}" + "".join(f"{title:>14}" for title in titles)]

    def line(title: str, values, form: str) -> str:
        return f"{title:<18}" + "".join(f"{format(value, form):>14}" for value in values)

    for name, (title, form) in _ROWS.items():
        if name in result:
            lines.append(line(title, (column[name] for column in columns.values()), form))
    for name in result["fids"]:
        lines.append(line(f"  to {name}", (c["fids"][name] for c in columns.values()), ".2f"))
    if "back_kept" in result:
        lines.append(f"digits kept there and back: {result['back_kept']:.2%}")
    if "diversity" in result:
        lines += styles.summary(result)
    return "\n".join(lines)
