"""The Studio: bring a table, correct, learn, use."""
