"""A population that moves: an animated pyramid under scenarios."""
