"""What is trained and how: recipes, and what a configuration may hold."""
