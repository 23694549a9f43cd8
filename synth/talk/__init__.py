"""A talk: slides that are views of the app, as a file, and taken along as one HTML page or PPTX."""

from synth.talk.talk import Places, Slide, Talk, from_json, slide, to_json

__all__ = ["Places", "Slide", "Talk", "from_json", "slide", "to_json"]
