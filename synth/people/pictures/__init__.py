"""Content pictures: a library of photographs and scorers that match them to interests."""
