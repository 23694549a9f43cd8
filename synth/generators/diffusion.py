"""Absorbing diffusion: everything is hidden, then revealed in random order, one cell at a time.

In the forward process each cell of a row is absorbed by the state "hidden" at a time of its own,
at random; the network (`masked`) learns to undo that from whatever is visible (Austin et al. 2021).
Which cell comes back next does not depend on the values, so the continuous process can be followed
event by event, without steps of time: one cell after another, in an order of each person's own
(Zheng et al. 2024), and the network needs no time as an input (Ou et al. 2024).

Facts are in-painted: known cells are drawn from what is known and visible from the start. That is
approximate, for the reverse process of everybody, followed until it meets the facts by chance,
would not quite give the same people; `exact` is False and says so.

References
----------
.. [1] J. Austin et al., "Structured Denoising Diffusion Models in Discrete State-Spaces", NeurIPS
   2021.
.. [2] K. Zheng et al., "Masked Diffusion Models are Secretly Time-Agnostic Masked Models and
   Exploit Inaccurate Categorical Sampling", 2024.
.. [3] J. Ou et al., "Your Absorbing Discrete Diffusion Secretly Models the Conditional
   Distributions of Clean Data", 2024.
"""

from __future__ import annotations

from typing import Any

from synth.generators.base import Progress, Settings, register
from synth.generators.coded import CodedGenerator, Rows
from synth.generators.masked import MaskedLaw, learn


class DiffusionLaw(MaskedLaw):
    """Cells are revealed in an order of each person's own."""

    exact = False
    random_order = True


class Diffusion(CodedGenerator):
    """Learns to reveal hidden cells."""

    name = "diffusion"
    title = "Diffusion"
    description = (
        "Hidden cells are revealed one by one, in random order: close to the table, minutes to "
        "learn, facts are in-painted and so approximate."
    )
    law = DiffusionLaw
    bins = 48

    def learn(
        self, rows: Rows, settings: Settings, progress: Progress
    ) -> tuple[DiffusionLaw, dict[str, Any]]:
        """Learn until people kept apart are predicted no better."""
        network, report = learn(rows, settings, progress, ordered=0.0, minutes=5.0)
        note = (
            f"Absorbing diffusion, learned in {report['passes']} passes on {report['device']} "
            f"until {report['ended']}. Facts are in-painted, which is approximate."
        )
        return DiffusionLaw(network), {"notes": [note], **report}


register(Diffusion())
