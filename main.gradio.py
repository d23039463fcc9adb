"""The page of a checkpoint as AI Studio starts it.

Unless one is named that is work/Gnet.pdparams, or where it is missing one of the package.
"""

import sys
from pathlib import Path

from paddle_gan.__main__ import main

if __name__ == "__main__":
    default = Path(__file__).with_name("work") / "Gnet.pdparams"
    shown = str(default) if default.exists() else "pretrained:dcgan"
    sys.exit(main(sys.argv[1:] or [shown], command="demo"))
