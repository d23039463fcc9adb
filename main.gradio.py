"""The page of a checkpoint, work/Gnet.pdparams unless named, as AI Studio starts it."""

import sys
from pathlib import Path

from paddle_gan.__main__ import main

if __name__ == "__main__":
    default = Path(__file__).with_name("work") / "Gnet.pdparams"
    sys.exit(main(sys.argv[1:] or [str(default)], command="demo"))
