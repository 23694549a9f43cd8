"""Keywords and icons of interests.

An interest is a topic: a few concrete words say what a person with that interest talks about and
photographs. The words become picture prompts (paper, section 3.3) and chips on the card. Icons are
Material symbol names. Concrete, photographable words come first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from synth.errors import PopulaceError

KEYWORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # The 26 interests of the US time-use diaries.
        "television": ("television", "sofa", "series", "film night", "remote control", "popcorn"),
        "reading": ("book", "novel", "library", "bookshelf", "newspaper", "poetry", "glasses"),
        "computer_internet": ("laptop", "keyboard", "computer", "screen", "website", "mouse"),
        "games": ("board game", "chess", "video game", "playing cards", "dice", "puzzle"),
        "music_radio": ("guitar", "piano", "record", "concert", "radio", "violin", "trumpet"),
        "arts_crafts_sewing": (
            "painting",
            "sewing machine",
            "knitting",
            "pottery",
            "scissors",
            "paint brush",
            "yarn",
        ),
        "culture_outings": (
            "museum",
            "theatre",
            "cathedral",
            "castle",
            "sculpture",
            "gallery",
            "temple",
        ),
        "parties_events": ("birthday cake", "balloon", "fireworks", "gift", "wedding", "costume"),
        "socializing": ("friends", "coffee", "dinner table", "wine", "picnic", "cake", "tea"),
        "phone": ("telephone", "mobile phone", "call", "message", "phone booth", "headset"),
        "relaxing": ("beach", "sunset", "hammock", "tea", "sofa", "lake", "bath", "clouds"),
        "walking_hiking": ("mountain", "forest path", "hiking boots", "hill", "trail", "backpack"),
        "gym_fitness": ("dumbbell", "gym", "swimming pool", "treadmill", "weights", "workout"),
        "running_cycling": ("bicycle", "running shoes", "marathon", "cycle path", "helmet", "road"),
        "ball_team_sports": ("football", "basketball", "tennis", "volleyball", "baseball", "rugby"),
        "outdoor_sports": (
            "fishing",
            "skiing",
            "kayak",
            "sailing boat",
            "climbing",
            "horse riding",
        ),
        "yoga_dance": ("yoga mat", "ballet", "dancer", "stretching", "tango", "meditation"),
        "watching_sports": ("stadium", "football match", "trophy", "crowd", "scoreboard", "fans"),
        "religion": ("church", "bible", "candle", "prayer", "choir", "mosque", "chapel"),
        "volunteering": ("food bank", "helping hands", "charity", "animal shelter", "first aid"),
        "cooking": ("vegetables", "bread", "soup", "kitchen", "frying pan", "spices", "pasta"),
        "gardening": ("flowers", "roses", "tomatoes", "greenhouse", "watering can", "tulips"),
        "pets": ("dog", "cat", "rabbit", "puppy", "parrot", "kitten", "goldfish"),
        "diy_vehicles": ("hammer", "screwdriver", "car", "tools", "motorcycle", "saw", "wrench"),
        "children_play": (
            "toys",
            "playground",
            "teddy bear",
            "children",
            "building blocks",
            "doll",
        ),
        "learning": ("notebook", "pencil", "classroom", "globe", "microscope", "calculator"),
        # The hobbies of the French survey that are named differently.
        "listening_music": ("record", "headphones", "concert", "radio", "loudspeaker", "guitar"),
        "cinema": ("cinema", "film", "popcorn", "camera", "screen", "ticket"),
        "shows": ("theatre", "stage", "concert hall", "opera", "circus", "curtain"),
        "exhibitions": ("museum", "painting", "sculpture", "gallery", "statue", "archaeology"),
        "computer": ("laptop", "keyboard", "computer", "screen", "mouse", "program"),
        "sport": ("football", "running shoes", "tennis", "bicycle", "swimming pool", "judo"),
        "walking": ("forest path", "mountain", "hill", "walking stick", "meadow", "trail"),
        "travelling": ("aeroplane", "suitcase", "beach", "train", "map", "monument", "ship"),
        "playing_music": ("piano", "violin", "guitar", "trumpet", "drum", "sheet music"),
        "collecting": ("stamps", "coins", "shells", "minerals", "butterflies", "old toys"),
        "diy": ("hammer", "screwdriver", "drill", "saw", "pliers", "wood", "paint pot"),
        "knitting": ("knitting", "yarn", "wool", "sewing", "thread", "scarf"),
        "fishing": ("fish", "fishing rod", "river", "lake", "boat", "trout"),
    }
)
"""Interest → 5–8 words, the most concrete first."""

ICONS: Mapping[str, str] = MappingProxyType(
    {
        "television": "tv",
        "reading": "menu_book",
        "computer_internet": "computer",
        "games": "casino",
        "music_radio": "music_note",
        "arts_crafts_sewing": "palette",
        "culture_outings": "museum",
        "parties_events": "celebration",
        "socializing": "groups",
        "phone": "call",
        "relaxing": "weekend",
        "walking_hiking": "hiking",
        "gym_fitness": "fitness_center",
        "running_cycling": "directions_bike",
        "ball_team_sports": "sports_soccer",
        "outdoor_sports": "kayaking",
        "yoga_dance": "self_improvement",
        "watching_sports": "stadium",
        "religion": "church",
        "volunteering": "volunteer_activism",
        "cooking": "restaurant",
        "gardening": "yard",
        "pets": "pets",
        "diy_vehicles": "handyman",
        "children_play": "toys",
        "learning": "school",
        "listening_music": "headphones",
        "cinema": "movie",
        "shows": "theater_comedy",
        "exhibitions": "museum",
        "computer": "computer",
        "sport": "sports_tennis",
        "walking": "hiking",
        "travelling": "flight",
        "playing_music": "piano",
        "collecting": "collections_bookmark",
        "diy": "handyman",
        "knitting": "checkroom",
        "fishing": "phishing",
    }
)
"""Interest → name of a Material symbol."""

US_INTERESTS: tuple[str, ...] = tuple(KEYWORDS)[:26]
"""The 26 interests of the US time-use population, in the survey's order."""

FRENCH_HOBBIES: tuple[str, ...] = (
    "reading",
    "listening_music",
    "cinema",
    "shows",
    "exhibitions",
    "computer",
    "sport",
    "walking",
    "travelling",
    "playing_music",
    "collecting",
    "volunteering",
    "diy",
    "gardening",
    "knitting",
    "cooking",
    "fishing",
)
"""The 17 hobbies of the French population."""


MOST_WORDS = 12
_LONGEST = 40
_WORD = re.compile(r"[^\W_](?:[\w' -]*[^\W_])?")


def read_words(text: str) -> tuple[str, ...]:
    """Keywords as people type them: separated by commas or lines, in lower case, each once.

    Raises
    ------
    PopulaceError: no word, more than `MOST_WORDS`, or one that is no plain word or phrase.
    """
    told = (" ".join(part.split()).lower() for part in re.split(r"[,;\n]", text))
    words = tuple(dict.fromkeys(part for part in told if part))
    if not words:
        raise PopulaceError("There is no keyword: write at least one, such as dog or forest path.")
    if len(words) > MOST_WORDS:
        raise PopulaceError(f"These are {len(words)} keywords: keep the {MOST_WORDS} best.")
    for word in words:
        if len(word) > _LONGEST or not _WORD.fullmatch(word):
            raise PopulaceError(
                f"“{word[:_LONGEST]}” is no keyword: use letters, figures, spaces and hyphens, at "
                f"most {_LONGEST} of them."
            )
    return words


def interest_title(interest: str) -> str:
    """Words for the screen: `music_radio` → `Music & radio`."""
    return _TITLES.get(interest, interest.replace("_", " ").capitalize())


_TITLES = {
    "computer_internet": "Computer & internet",
    "music_radio": "Music & radio",
    "arts_crafts_sewing": "Arts, crafts & sewing",
    "culture_outings": "Culture & outings",
    "parties_events": "Parties & events",
    "walking_hiking": "Walking & hiking",
    "gym_fitness": "Gym & fitness",
    "running_cycling": "Running & cycling",
    "ball_team_sports": "Ball & team sports",
    "outdoor_sports": "Outdoor sports",
    "yoga_dance": "Yoga & dance",
    "watching_sports": "Watching sports",
    "diy_vehicles": "DIY & vehicles",
    "children_play": "Playing with children",
    "listening_music": "Listening to music",
    "playing_music": "Playing music",
    "diy": "DIY",
}
