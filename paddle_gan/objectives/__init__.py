"""What the players minimize: losses, penalties, and what D is shown."""
