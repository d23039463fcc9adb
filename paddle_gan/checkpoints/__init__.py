"""Networks and optimizers in files: read as data, written whole, found again."""
