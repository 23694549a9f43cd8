"""Privacy: do the synthetic people give away the real ones?

Copies and closeness are judged against what fresh real people would show (`closeness`, `copies`).
Three attacks, one a file of `attacks`, are each tried on real people whom the generator learned
from and, as a control, on people of the holdout, whom it never saw. Without a holdout the control
is guessing, which any useful synthetic table beats; the result says so and no level is drawn from
it.

The level goes by the attack that surely does most: the one whose interval starts highest. The
intervals hold for all attacks at once (C. Bonferroni, 1936), for one of many looks bad by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from types import MappingProxyType
from typing import Any, Literal

from synth.evaluate.attacks.inference import SECRETS, inference
from synth.evaluate.attacks.linkability import linkability
from synth.evaluate.attacks.rate import Attack
from synth.evaluate.attacks.singling_out import singling_out, singling_out_by_value
from synth.evaluate.closeness import Closeness, closeness, identical_shares
from synth.evaluate.comparison import Comparison
from synth.evaluate.copies import FlagShares, flag_shares
from synth.evaluate.html import details, intervals, key, paragraph, sides, table
from synth.evaluate.question import FRESH, Answer, Progress, Question, Section, Titles, percent
from synth.jobs.limits import one_thread

Control = Literal["holdout", "guessing"]
Level = Literal["strong", "fair", "weak", "open"]

SURE = 0.95
"""How sure all intervals are at once."""
FEWEST = 100
"""Unseen people; with fewer an attack can show nothing."""

LEVELS: Mapping[Level, str] = MappingProxyType(
    {
        "strong": "No attack surely gets over 5% of the people who were learned from, beyond what "
        "it gets of people never seen, and copies and close records are no commoner than among "
        "fresh real people.",
        "fair": "The worst attack surely gets 5% to 20% of the people who were learned from, "
        "beyond what it gets of people never seen, or copies and close records are somewhat "
        "commoner than among fresh real people.",
        "weak": "An attack surely gets over 20% of the people who were learned from, beyond what "
        "it gets of people never seen, or the synthetic rows stand clearly closer to real rows "
        "than fresh real people do.",
        "open": "Copies and close records are as common as among fresh real people; attacks "
        "cannot be judged without a holdout of at least 100 people whom the generator never saw.",
    }
)
LEVEL = (
    "The privacy level is strong, fair or weak by the worst of all attacks: what it gets of people "
    "who were learned from beyond what it gets of people never seen, by the lower end of a 95% "
    "interval that holds for all attacks at once (up to 5%, up to 20%, more). Copies lower it too: "
    "to fair where identical rows are 5 points or rows near a real one 10 points commoner than "
    "among fresh real people, or the mean distance to the closest real row is below 0.85 of "
    "theirs; to weak from 20 points, or below 0.6."
)


@dataclass(frozen=True)
class Privacy:
    """What the synthetic people give away; see the module.

    Attributes
    ----------
    control : "holdout" or "guessing"
        What attacks stand beside.
    identical, identical_reference : float
        The share of synthetic, and of fresh, rows equal to a real row in every column, 0 to 1.
    closeness : Closeness
        Distances to the closest real record.
    flags : FlagShares
        Copies, near copies and outliers.
    singling_out : Attack
        By four columns of a synthetic row.
    singling_out_value : Attack
        By one column's value.
    leaking_column : str
        The column whose single values single out most; empty where no column has any.
    linkability : Attack
        Linking two halves of a person.
    inference : Attack
        Inferring the column that fares worst.
    inference_columns : mapping of str to Attack
        By column.
    level : "strong", "fair", "weak" or "open"
        What `LEVEL` defines; open where attacks cannot be judged.
    """

    control: Control
    identical: float  # share of synthetic rows equal to a real row in every column
    identical_reference: float
    closeness: Closeness
    flags: FlagShares
    singling_out: Attack
    singling_out_value: Attack  # by one column's value
    leaking_column: str  # the column whose single values single out most
    linkability: Attack
    inference: Attack  # of the column that fares worst
    inference_columns: Mapping[str, Attack]
    level: Level

    @property
    def attacks(self) -> Mapping[str, Attack]:
        """All attacks by their names in words."""
        by_value = f" ({self.leaking_column})" if self.leaking_column else ""
        return {
            "Singling out by four columns": self.singling_out,
            f"Singling out by one value{by_value}": self.singling_out_value,
            "Linking two halves of a person": self.linkability,
            **{f"Inferring {name}": attack for name, attack in self.inference_columns.items()},
        }

    @property
    def worst(self) -> tuple[str, Attack]:
        """The attack that the level goes by, and its name."""
        return max(
            self.attacks.items(),
            key=lambda item: (item[1].lower, item[1].attack.value - item[1].control.value),
        )

    @property
    def words(self) -> str:
        """What the level means."""
        return LEVELS[self.level]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        out: dict[str, Any] = {
            "level": self.level,
            "words": self.words,
            "level_words": LEVEL,
            "control": self.control,
            "worst": {"name": self.worst[0], **asdict(self.worst[1])},
        }
        for name in ("identical", "identical_reference", "leaking_column"):
            out[name] = getattr(self, name)
        for name in (
            "closeness",
            "flags",
            "singling_out",
            "singling_out_value",
            "linkability",
            "inference",
        ):
            out[name] = asdict(getattr(self, name))
        out["inference_columns"] = {
            name: asdict(attack) for name, attack in self.inference_columns.items()
        }
        return out


@one_thread()
def privacy(
    comparison: Comparison, progress: Callable[[str], None] = lambda words: None
) -> Privacy:
    """Attack the people that a generator learned from with what it drew.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.
    progress : callable
        Gets the words for what comes next.

    Returns
    -------
    Privacy
    """
    columns, space = comparison.columns, comparison.space
    truth, synthetic, fresh = comparison.real, comparison.synthetic, comparison.holdout
    random = comparison.random()
    attacks = 3 + (min(len(columns), SECRETS) if len(columns) > 1 else 0)
    z = NormalDist().inv_cdf(1 - (1 - SURE) / 2 / attacks)
    identical, identical_fresh = identical_shares(comparison)
    progress("Distances to the closest real person")
    near = closeness(space, truth, synthetic, fresh, random)
    progress("Copies, near copies and outliers")
    flags = flag_shares(comparison, random)
    progress("Singling people out")
    single = singling_out(columns, truth, synthetic, fresh, random, z)
    values, leaking = singling_out_by_value(columns, truth, synthetic, fresh, random, z)
    progress("Linking two halves of a person")
    linked = linkability(space, truth, synthetic, fresh, random, z)
    progress("Inferring what is not known")
    inferred = inference(columns, space, truth, synthetic, fresh, random, z)
    worst = max(inferred.values(), key=lambda attack: attack.lower, default=linked)
    return Privacy(
        "holdout" if fresh is not None else "guessing",
        identical,
        identical_fresh,
        near,
        flags,
        single,
        values,
        leaking,
        linked,
        worst,
        MappingProxyType(inferred),
        _level(
            fresh is not None and min(len(fresh), len(truth)) >= FEWEST,
            identical - identical_fresh,
            near,
            [single, values, linked, *inferred.values()],
        ),
    )


def _level(judged: bool, copies: float, near: Closeness, attacks: Sequence[Attack]) -> Level:
    excess = max(attack.lower for attack in attacks) if judged else 0.0
    nearer = near.nearer - near.nearer_reference
    if excess > 0.2 or copies > 0.2 or nearer > 0.2 or near.ratio < 0.6:
        return "weak"
    if excess > 0.05 or copies > 0.05 or nearer > 0.1 or near.ratio < 0.85:
        return "fair"
    return "strong" if judged else "open"


# ── The question ─────────────────────────────────────────────────────────────────────────────────


def _ask(comparison: Comparison, progress: Progress) -> Answer:
    """Do they give real people away?"""
    shares = {
        "Distances to the closest real person": 0.0,
        "Copies, near copies and outliers": 0.16,
        "Singling people out": 0.49,
        "Linking two halves of a person": 0.57,
        "Inferring what is not known": 0.62,
    }
    figures = privacy(comparison, lambda words: progress(shares[words], words))
    return Answer(privacy_section(figures, Titles.of(comparison.columns)), {"privacy": figures})


QUESTION: Question[Comparison] = Question("privacy", 37, _ask)


def privacy_section(figures: Privacy, titles: Titles) -> Section:
    """Do they give real people away?

    Parameters
    ----------
    figures : Privacy
        The answer in figures.
    titles : Titles
        Words for columns.

    Returns
    -------
    Section
    """
    near, flags = figures.closeness, figures.flags
    control = "people never seen" if figures.control == "holdout" else "guessing"
    name, worst = figures.worst
    sentence = (
        f"{percent(figures.identical)} of the rows equal a real row ({FRESH} "
        f"{percent(figures.identical_reference)}), and the mean distance to the closest real "
        f"person is {near.ratio:.2f} of theirs. The worst attack is “{_worded(name, titles)}”: "
        f"right for {percent(worst.attack.value)} of those learned from, "
        f"{percent(worst.control.value)} by {control}, an excess of {percent(worst.excess)} "
        f"({percent(worst.lower)} to {percent(worst.upper)})."
        if figures.control == "holdout"
        else f"{percent(figures.identical)} of the rows equal a real row ({FRESH} "
        f"{percent(figures.identical_reference)}), and the mean distance to the closest real "
        f"person is {near.ratio:.2f} of theirs. Attacks stand beside mere guessing, which any "
        "useful synthetic table beats, so they tell nothing of single people here."
    )
    rows = [
        ("Rows equal to a real row", figures.identical, figures.identical_reference),
        ("Rows as near as the nearest 5%", near.nearer, near.nearer_reference),
        ("Copies of one person", flags.copies, flags.copies_reference),
        ("Near copies", flags.near_copies, flags.near_copies_reference),
        ("Outliers, where nobody real is", flags.outliers, flags.outliers_reference),
        ("… left out when filtered", flags.filtered, flags.filtered_reference),
    ]
    shown = [(words, percent(own), percent(fresh)) for words, own, fresh in rows]
    shown.insert(
        1,
        ("Median distance to the closest", f"{near.median:.3f}", f"{near.median_reference:.3f}"),
    )
    attacks = figures.attacks
    heads = ("attack", "success", control, "excess")
    cells = [
        (
            _worded(words, titles),
            _between(attack.attack.value, attack.attack.lower, attack.attack.upper),
            _between(attack.control.value, attack.control.lower, attack.control.upper),
            _between(attack.excess, attack.lower, attack.upper),
        )
        for words, attack in attacks.items()
    ]
    chart = [
        (
            _worded(words, titles),
            attack.excess,
            attack.lower,
            attack.upper,
            f"{100 * attack.excess:.0f}% ({100 * attack.lower:.0f}–{100 * attack.upper:.0f})",
        )
        for words, attack in attacks.items()
    ]
    left = table(("", "synthetic", FRESH), shown) + paragraph(
        "A near copy is less than a fifth as far from a real person as the next real person is; an "
        "outlier is farther from every real person than 99.9% of them are from the next.",
        quiet=True,
    )
    right = (
        key(("", f"excess of each attack over {control}, with its interval (95%, all at once)"))
        + intervals(chart)
        + paragraph(
            "Excess: of the people whom the attack would not get by knowing the population, the "
            "share that it gets all the same. It is wide where the control already knows nearly "
            "everybody.",
            quiet=True,
        )
    )
    body = sides(left, right) + details("Every attack and its control", table(heads, cells))
    return Section("privacy", "Privacy: do they give real people away?", sentence, body)


def _worded(attack: str, titles: Titles) -> str:
    """An attack's name with the column's words."""
    start, _, name = attack.partition("Inferring ")
    if name and not start:
        return f"Inferring {titles(name)}"
    return attack


def _between(value: float, lower: float, upper: float) -> str:
    return f"{percent(value)} ({percent(lower)}–{percent(upper)})"
