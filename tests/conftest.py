"""Every test runs as the scripts do: Paddle imported by the package, with all cores in use."""

from paddle_gan.runtime import import_paddle

import_paddle()
