"""A profile as a card: HTML, PNG and files to take home."""
