"""People: names, words, portraits and pictures, joined into profiles."""
