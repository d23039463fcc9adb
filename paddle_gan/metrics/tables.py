"""What a judge of images found, as a table for people."""

from __future__ import annotations

_LINES = {  # title -> form
    "FID": "{fid:.2f}",
    "KID": "{kid:.4f} ± {kid_std:.4f}",
    "inception score": "{is:.3f} ± {is_std:.3f}",
    "precision (k = 3)": "{precision:.3f}",
    "recall (k = 3)": "{recall:.3f}",
    "density (k = 5)": "{density:.3f}",
    "coverage (k = 5)": "{coverage:.3f}",
    "SWD x 1000": "{swd:.1f}",
}


def summary(result: dict) -> str:
    """What ``evaluate_images`` found."""
    rows, nearest, network = (result, result["floor"], result["noise"]), result["nearest"], ""
    forms = dict(_LINES)
    for name in result:
        if name.startswith("swd_"):
            forms[f"  of {name[4:]} pixels"] = f"{{{name}:.1f}}"
    lines = [f"{'':<18}" + "".join(f"{name:>20}" for name in ("samples", "floor (train)", "noise"))]
    for title, form in forms.items():
        try:
            lines.append(f"{title:<18}" + "".join(f"{form.format(**row):>20}" for row in rows))
        except KeyError:
            pass  # a score that these features do not give
    if facts := result["network"]:
        network = (
            f"feature network: sha256 {facts['sha256'][:16]}, trained on {facts['trained_on']}"
        )
        if "accuracy" in facts:
            network += f"; {facts['accuracy']:.2%} of {facts['tested_on']:,} test images right"
    if "class_shares" in result:
        shares = zip(facts["classes"], result["class_shares"])
        lines.append("classes  " + "  ".join(f"{name}: {share:.1%}" for name, share in shares))
    if "agreement" in result:
        lines.append(f"the class asked for: {result['agreement']:.1%}")
    lines.append(
        f"{nearest['protocol']}: samples {nearest['samples']:.2f}, "
        f"held-out images {nearest['held_out']:.2f}"
    )
    head = [result["protocol"], result.get("why"), network]
    return "\n".join([line for line in head if line] + lines)
