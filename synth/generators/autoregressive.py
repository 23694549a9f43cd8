"""An autoregressive network: columns one after another, in whatever order a question needs.

The network (`masked`) predicts each column from any others. People are drawn column by column in
the table's order; what is known comes first, so evidence on any columns is answered by the order
that begins with them. Probability, marginals and people are then exact under the model of that
order: combinations of known codes are enumerated where they are few. Where they are many (wide
ranges of several numbers), people are still exact, and the probability is estimated.

Two orders of the same network agree as far as it has learned, not to the last digit: each answer is
that of the order which puts what is known, then what is asked, first.
"""

from __future__ import annotations

from typing import Any

from synth.generators.base import Progress, Settings, register
from synth.generators.coded import CodedGenerator, Rows
from synth.generators.masked import MaskedLaw, learn


class Autoregressive(CodedGenerator):
    """Learns to predict every column from any others."""

    name = "autoregressive"
    title = "Autoregressive network"
    description = (
        "A neural network that draws one column after another, each given those before: close to "
        "the table, any facts can be given, minutes to learn."
    )
    law = MaskedLaw
    bins = 48

    def learn(
        self, rows: Rows, settings: Settings, progress: Progress
    ) -> tuple[MaskedLaw, dict[str, Any]]:
        """Learn until people kept apart are predicted no better."""
        network, report = learn(rows, settings, progress, ordered=0.6, minutes=3.0)
        note = (
            f"A masked network, learned in {report['passes']} passes on {report['device']} until "
            f"{report['ended']}. Answers are exact for the order of columns that begins with what "
            "is known."
        )
        return MaskedLaw(network), {"notes": [note], **report}


register(Autoregressive())
