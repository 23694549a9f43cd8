"""Three pictures for three interests: none twice on a page, none where nothing fits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from synth.bayes.random import stream_key
from synth.interests.vocabulary import KEYWORDS
from synth.people.pictures.library import Library, Picture, load_library

THRESHOLD = 0.25
"""Below this score a picture is not shown. A picture that a person found to fit starts at 1."""

PICTORIAL = ("photograph", "painting")
"""Kinds of pictures that show a scene, come first, and may fill a cover."""

ABROAD = ("travelling", "religion")
"""Interests that sights of other countries stand for too; a cathedral is one wherever it is."""

_KIND_BONUS = {"photograph": 0.3, "painting": 0.1, "cut-out": 0.1, "drawing": 0.0}
_POOL = 8  # how many of the best are drawn from, so that people who share an interest differ


@dataclass(frozen=True)
class Choice:
    """A picture for an interest, and why.

    interest: what it stands for; probability: the scorer's; curated: whether a person found that it
    fits.
    """

    picture: Picture
    interest: str
    probability: float
    curated: bool

    @property
    def why(self) -> str:
        """One sentence for the screen."""
        topic = self.interest.replace("_", " ")
        looked = "chosen by eye as fitting" if self.curated else "found by the scorer for"
        return f"{self.picture.caption}: {looked} {topic} (scorer: {self.probability:.0%})"


@dataclass(frozen=True)
class Chosen:
    """What was found for one person: up to `count` choices, and notes on what was not found."""

    choices: tuple[Choice, ...]
    notes: tuple[str, ...] = ()


def choose(
    interests: Sequence[str],
    *,
    seed: int,
    index: int = 0,
    count: int = 3,
    used: Collection[str] = (),
    avoid: Collection[str] = (),
    country: str = "",
    subjects: Mapping[str, str] | None = None,
    library: Library | None = None,
    keywords: Mapping[str, Sequence[str]] | None = None,
) -> Chosen:
    """Pictures for a person's interests, the first interest first.

    Each interest gets one; where an interest has none left (or none that fits), another interest of
    the same person gives a second one, and a note says so.

    Parameters
    ----------
    interests: up to `count` names, best first.
    seed, index: person `index` of the people of `seed`; the same pair draws the same pictures.
    used: ids of pictures already on the page.
    avoid: ids of pictures beside the page: a draw that falls on one goes to the next best, and no
        other draw is changed.
    country: where the person lives, in two letters: what is at home in other countries alone is
        shown for journeys only. Nothing is left out where it is not known.
    subjects: interest → what its words are about: a picture of another `Picture.subject` is left
        out, no cat beside the words about a dog.
    keywords: interest → words; the shipped ones when left out. Where an interest's words are not
        the shipped ones, what a person found to fit counts no longer: the scorer alone decides.

    Returns
    -------
    Chosen
        The choices, and notes on what was not found.
    """
    library = load_library() if library is None else library
    taken = set(used)
    wanted = list(dict.fromkeys(interests))[:count]
    fitting = _Fitting(country, subjects or {})
    chosen: dict[int, Choice] = {}
    notes: list[str] = []
    # Each place draws by itself: another picture in one leaves the others as they are.
    draws = [f"{seed}\x1f{index}\x1f{slot}" for slot in range(count)]
    for slot, interest in enumerate(wanted):
        choice = _draw(interest, taken, avoid, draws[slot], library, keywords, fitting)
        if choice is None:
            notes.append(f"No picture that fits {interest.replace('_', ' ')} was left.")
        else:
            chosen[slot] = choice
            taken.add(choice.picture.id)
    for slot in range(count):
        for interest in wanted if slot not in chosen else ():
            choice = _draw(interest, taken, avoid, draws[slot], library, keywords, fitting)
            if choice is not None:
                chosen[slot] = choice
                taken.add(choice.picture.id)
                break
    return Chosen(tuple(chosen[slot] for slot in sorted(chosen)), tuple(notes))


def best(
    interest: str,
    count: int = 3,
    *,
    library: Library | None = None,
    keywords: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Choice, ...]:
    """The `count` best pictures of the whole library for an interest, without chance.

    Parameters
    ----------
    interest : str
        One that has keywords.
    count : int, optional
        The most choices.
    library : Library, optional
        The shipped one when left out.
    keywords : mapping of str to sequence of str, optional
        Interest → words; the shipped ones when left out.

    Returns
    -------
    tuple of Choice
        The choices, best first.
    """
    library = load_library() if library is None else library
    return tuple(_ranked(interest, (), library, keywords)[:count])


def is_at_home(picture: Picture, interest: str, country: str) -> bool:
    """Whether people of a country see what a picture shows, or look for it abroad.

    Parameters
    ----------
    picture : Picture
    interest : str
        What the picture stands for.
    country : str
        In two letters; empty where it is not known, and everything may be seen.
    """
    return not country or interest in ABROAD or country in (picture.at_home or (country,))


@dataclass(frozen=True)
class _Fitting:
    """What a card's pictures must agree with beside the interest: a country, and subjects of words.

    Nothing is left out where these are not known.
    """

    country: str
    subjects: Mapping[str, str]

    def __call__(self, interest: str, picture: Picture) -> bool:
        subject = self.subjects.get(interest, picture.subject)
        return is_at_home(picture, interest, self.country) and picture.subject in ("", subject)


def _draw(
    interest: str,
    taken: Collection[str],
    avoid: Collection[str],
    draw: str,
    library: Library,
    keywords: Mapping[str, Sequence[str]] | None,
    fitting: _Fitting,
) -> Choice | None:
    ranked = [
        choice
        for choice in _ranked(interest, taken, library, keywords)
        if fitting(interest, choice.picture)
    ]
    # Photographs and paintings as long as there are some, then cut-outs; no drawing on a card.
    pictures = [choice for choice in ranked if choice.picture.kind in PICTORIAL]
    rest = [choice for choice in ranked if choice.picture.kind == "cut-out"]
    pool = pictures[:_POOL] or rest[:_POOL]
    if not pool:
        return None
    # By a number of each picture's own, so that the pool's order does not matter.
    shuffled = sorted(pool, key=lambda choice: stream_key(0, f"{draw}\x1f{choice.picture.id}"))
    turned = [*shuffled, *pictures[_POOL:], *rest]
    return next((choice for choice in turned if choice.picture.id not in avoid), None)


def _ranked(
    interest: str,
    taken: Collection[str],
    library: Library,
    keywords: Mapping[str, Sequence[str]] | None,
) -> list[Choice]:
    as_shipped = keywords is None or tuple(keywords.get(interest, ())) == KEYWORDS.get(interest)
    if keywords is not None and as_shipped:  # other words for one interest leave the others alone
        keywords = {name: KEYWORDS.get(name, words) for name, words in keywords.items()}
    probabilities = library.probabilities(interest, keywords)
    judged = as_shipped and any(picture.fits for picture in library.pictures)
    scored = []
    for picture, probability in zip(library.pictures, probabilities.tolist(), strict=True):
        if picture.id in taken:
            continue
        curated = as_shipped and interest in picture.fits
        # A library that a person has looked at is taken at that person's word on the shipped words;
        # of what was fetched since, the search and the scorer must agree.
        sought = not curated and as_shipped and interest == picture.sought
        if not curated and ((judged and not sought) or probability < THRESHOLD):
            continue
        first = curated and picture.fits[0] == interest
        score = probability + (curated or sought) + 0.2 * first + _KIND_BONUS.get(picture.kind, 0)
        scored.append((score, Choice(picture, interest, probability, curated)))
    scored.sort(key=lambda pair: (-pair[0], pair[1].picture.id))
    return [choice for _, choice in scored]
