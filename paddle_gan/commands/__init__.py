"""What the commands do with files: draw from a checkpoint, score it."""
