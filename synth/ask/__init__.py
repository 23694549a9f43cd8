"""Questions in plain words, the inverse of `synth.describe`: "single dads who fish" → evidence.

No model and no network: `synth.ask.lexicon` holds the population's own words (levels, titles,
keywords) and what people call them in English and French, `synth.ask.parser` reads a question by
the longest words that are known. What is not understood is named, never guessed.

>>> from synth import load
>>> from synth.ask import understand
>>> str(understand("divorced women over 60", load("us-time-use")).evidence)
'gender=female,marital=divorced,age=61..'
"""

from synth.ask.parser import Understood, understand

__all__ = ["Understood", "understand"]
