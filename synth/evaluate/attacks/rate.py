"""How often an attack succeeds, beside its control.

What works on people learned from and on people never seen alike is knowledge of the population, not
of a person; the excess is (attack - control) / (1 - control) (Giomi et al. 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synth.errors import PopulaceError

Z = 1.959964
"""Standard deviations to each side of one interval of 95%."""
TRIES = 2000
"""How often an attack is tried."""


@dataclass(frozen=True)
class Rate:
    """A share of successes with its interval.

    The interval is Wilson's (E. Wilson, "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22, 1927).

    Attributes
    ----------
    value : float
        Successes over tries, 0 to 1.
    lower, upper : float
        Ends of the interval, 0 to 1.
    tries : int
        At least 1.
    """

    value: float
    lower: float
    upper: float
    tries: int

    @classmethod
    def of(cls, successes: int, tries: int, z: float = Z) -> Rate:
        """The rate and its interval.

        Parameters
        ----------
        successes : int
            How many tries succeeded.
        tries : int
            How many there were.
        z : float
            Standard deviations to each side; the default makes an interval of 95%.

        Returns
        -------
        Rate

        Raises
        ------
        PopulaceError
            Nothing was tried.
        """
        if tries < 1:
            raise PopulaceError("A rate needs at least one try: ask for more attacks.")
        centre = (successes + z**2 / 2) / (tries + z**2)
        spread = z / (tries + z**2) * np.sqrt(successes * (tries - successes) / tries + z**2 / 4)
        return cls(
            successes / tries,
            max(0.0, float(centre - spread)),
            min(1.0, float(centre + spread)),
            tries,
        )


@dataclass(frozen=True)
class Attack:
    """How often an attack succeeds on people learned from, and its control (Giomi et al. 2023).

    Attributes
    ----------
    attack, control : Rate
        On people learned from; on people never seen, or by guessing.
    excess : float
        (attack - control) / (1 - control), at least 0; 0 where the control always succeeds.
    lower, upper : float
        Ends of its interval, 0 to 1.
    """

    attack: Rate
    control: Rate
    excess: float
    lower: float
    upper: float

    @classmethod
    def of(cls, attack: Rate, control: Rate) -> Attack:
        """The excess of one rate over another, its interval by propagation of both errors.

        Parameters
        ----------
        attack, control : Rate
            Both with intervals of the same confidence.

        Returns
        -------
        Attack
        """
        left = 1 - control.value
        if left <= 0:
            return cls(attack, control, 0.0, 0.0, 1.0)
        excess = (attack.value - control.value) / left
        spread = float(
            np.hypot(
                (attack.upper - attack.lower) / 2 / left,
                (1 - attack.value) * (control.upper - control.lower) / 2 / left**2,
            )
        )
        return cls(
            attack,
            control,
            max(0.0, excess),
            min(1.0, max(0.0, excess - spread)),
            min(1.0, max(0.0, excess + spread)),
        )


def some(frame: pd.DataFrame, rows: int, random: np.random.Generator) -> pd.DataFrame:
    """At most so many rows of a frame, drawn at random.

    Parameters
    ----------
    frame : DataFrame
        People.
    rows : int
        How many at most.
    random : numpy Generator
        Draws them; unused where there are no more.

    Returns
    -------
    DataFrame
    """
    if len(frame) <= rows:
        return frame
    return frame.iloc[random.permutation(len(frame))[:rows]]
