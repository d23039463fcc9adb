"""From a generator to images, and from images to pictures in files."""
