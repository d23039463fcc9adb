"""From a network to files that other programs run."""
