"""Words as the parser compares them, and what people call things in English and French."""

from __future__ import annotations

import re
import unicodedata

Words = tuple[str, ...]

_TOKEN = re.compile(r"\d+(?:\.\d+)?|[a-z]+|>=|<=|[<>+]")
_THOUSANDS = re.compile(r"(?<=\d)[,\u202f\u00a0](?=\d{3}(?!\d))")
_SHORT = re.compile(r"\b(\w+)n['’]t\b|\bcannot\b")
_DECADES = re.compile(r"\b(\d)0'?s\b")
_DASH = re.compile(r"(?<=\d)\s*[-–—]\s*(?=\d)")
_KILO = re.compile(r"\b(\d+(?:\.\d+)?)\s?k\b")


def plain(text: str) -> str:
    """Lower case without accents."""
    decomposed = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("≥", ">="))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def stem(word: str) -> str:
    """A word without the endings that number, tense and case give it; crude, and the same for all.

    Parameters
    ----------
    word : str
        In lower case, without accents.

    Returns
    -------
    str
    """
    if not word.isalpha() or len(word) < 4:
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if word.endswith("ing") and len(word) > 5:
        word = word[:-3]
        if word[-1] == word[-2] and word[-1] not in "ls":
            word = word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def words_of(text: str) -> Words:
    """A text as the stems that are compared; decades are one word (`30s`), ranges have a `to`.

    Parameters
    ----------
    text : str
        Anything that somebody typed, a level or a title.

    Returns
    -------
    tuple of str
    """
    return tuple(stem(word) for word in tokens(text))


def tokens(text: str) -> list[str]:
    """The words of a text before their endings are taken off; as many as `words_of` gives.

    Parameters
    ----------
    text : str
        Anything that somebody typed.

    Returns
    -------
    list of str
    """
    text = _SHORT.sub(r"\1 not", plain(text).replace("≤", "<="))
    text = _DECADES.sub(lambda match: f" decade{match[1]} ", text)
    text = _DASH.sub(" to ", _THOUSANDS.sub("", text))
    text = _KILO.sub(lambda match: f"{float(match[1]) * 1000:.0f}", text)
    text = re.sub(r"decade(\d)", lambda match: "decade" + "abcdefghij"[int(match[1])], text)
    return _TOKEN.findall(text)


def number(word: str) -> float | None:
    """The number that a word is, in digits or in words up to twelve."""
    if word[0].isdigit():
        return float(word)
    return _NUMBERS.get(word)


_NUMBERS = {
    stem(word): float(value)
    for value, names in enumerate(
        (
            *("zero", "one un une", "two deux", "three trois", "four quatre", "five cinq"),
            *("six", "seven sept", "eight huit", "nine neuf", "ten dix", "eleven onze"),
            "twelve douze",
        )
    )
    for word in names.split()
}


def _listed(text: str) -> frozenset[str]:
    return frozenset(word for part in text.split() for word in words_of(part))


NOTHING = _listed(
    "a an the of in at on to for by from with and or who whom that which are is was be do does have"
    " has had people person persons somebody someone anybody everybody everyone all those they them"
    " their his her its as also but only any some living live lives home like likes love loves"
    " enjoy enjoys fond into keen interested doing playing going go goes please show me give find"
    " respondent folk adults population worker owner lover fan usually often much very first then"
    " le la les un une des du de d l au aux qui que et ou sont est ont a il elle ils elles gens"
    " personne ayant aiment aime vivent leur dans en font fait pratiquent vont moi ne n"
)
"""Words that say nothing by themselves."""
NEGATIONS = _listed("not no without never non neither nor except sans pas ni aucun sauf")
EITHER = _listed("or ou nor ni")
TEENS = _listed("teen teens teenager teenagers adolescent adolescents adolescente")
UNITS = _listed("year years old ans an dollar dollars usd euro euros")
ABOVE = tuple(
    words_of(text) for text in ("more than", "older than", "over", "above", ">", "plus de")
)
AT_LEAST = tuple(words_of(text) for text in ("at least", ">=", "from", "minimum", "au moins"))
BELOW = tuple(
    words_of(text)
    for text in ("less than", "younger than", "fewer than", "under", "below", "<", "moins de")
)
AT_MOST = tuple(words_of(text) for text in ("at most", "up to", "<=", "no more than", "au plus"))
BETWEEN = tuple(words_of(text) for text in ("between", "entre", "aged between"))
AND_ABOVE = tuple(
    words_of(text)
    for text in (
        *("and over", "and older", "or older", "or more", "and more", "+", "et plus", "ou plus"),
    )
)
AND_BELOW = tuple(
    words_of(text) for text in ("and under", "and younger", "or younger", "or less", "et moins")
)
JOINTS = _listed("to and et a")
AGED = tuple(words_of(text) for text in ("aged", "age", "ages", "ages de", "age de"))
_DECADE_WORDS = {
    20: "decadec twenties twentysomethings vingtaine",
    30: "decaded thirties thirtysomethings trentaine trentenaires",
    40: "decadee forties quarantaine quarantenaires quadragenaires",
    50: "decadef fifties cinquantaine quinquagenaires",
    60: "decadeg sixties soixantaine sexagenaires sexagenarians",
    70: "decadeh seventies septuagenarians septuagenaires",
    80: "decadei eighties octogenarians octogenaires",
}
DECADES = {
    stem(plain(word)): float(begin)
    for begin, names in _DECADE_WORDS.items()
    for word in names.split()
}
PARTS = {stem("early"): (0.0, 3.0), "mid": (4.0, 6.0), stem("late"): (7.0, 9.0)}
"""Of a decade, after its stem."""
AGES: dict[str, tuple[float | None, float | None]] = {
    "teens teenagers teenager teenage adolescents adolescentes": (13, 19),
    "young youth jeunes": (None, 29),
    "elderly seniors pensioners retirees old aged retraites": (65, None),
    "middle-aged": (40, 59),
    "minors": (None, 17),
    "grown-ups": (18, None),
}
"""What ages are called, and their years."""
GENDERS = {
    "female": "woman women lady ladies girl girls female females femme femmes filles dames",
    "male": "man men guy guys boy boys male males gentlemen homme hommes garcons",
}
KIN = {
    "mother mothers mum mums mom moms mere meres mamans": {"gender": "female", "children": "yes"},
    "father fathers dad dads daddies pere peres papas": {"gender": "male", "children": "yes"},
    "parent parents": {"children": "yes"},
    "childless": {"children": "no"},
    "widow widows veuve veuves": {"gender": "female", "marital": "widowed"},
    "widower widowers": {"gender": "male", "marital": "widowed"},
    "wife wives epouses": {"gender": "female", "marital": "married"},
    "husband husbands epoux maris": {"gender": "male", "marital": "married"},
}
"""What people are called by several facts at once: meaning → value."""
CHILDREN = "children child kids kid children-at-home kids-at-home enfants enfant"
MARITAL = {
    "married": "married maries mariees mariee marie",
    "remarried": "remarried remaries remariees",
    "single": "single singles bachelors unwed celibataires celibataire never-married",
    "divorced": "divorced divorcees divorces divorcee",
    "separated": "separated separes separees",
    "widowed": "widowed veufs veuf",
    "partnered": "cohabiting unmarried-couples living-together partnered en-couple",
}
UNMARRIED = "unmarried"
ALIASES = {
    "phd phds doctorate doctorates": "doctoral degree",
    "foreign-born immigrants immigrant born-abroad": "not born in the us",
    "american-born us-born native-born": "born in the us",
    "graduates graduate college-educated university-educated college-graduates": "higher education",
    "jobless": "unemployed",
    "smokers smoker smoke": "smoked 100 cigarettes",
    "diabetics diabetic": "diabetes",
    "southerners southern": "south",
    "midwesterners midwestern": "midwest",
    "westerners western": "west",
    "northeastern": "northeast",
    "pray prays praying religious church-goers prier prient": "religion",
    "tv telly watch-tv watch-television": "television",
    "hike hikes hikers hiking marchent marche marcheurs randonnee": "walking",
    "fishermen anglers peche pechent pecheurs": "fishing",
    "gardeners jardinent jardinage jardinier": "gardening",
    "knitters tricotent tricot": "knitting",
    "readers lisent lecture lecteurs": "reading",
    "cooks cuisinent cuisine": "cooking",
    "bricolent bricolage bricoleurs": "diy",
    "travel travellers voyagent voyages voyageurs": "travelling",
    "collect collectors collectionnent collectionneurs": "collecting",
    "volunteers benevoles benevolat": "volunteering",
    "movies movie cinemas": "cinema",
    "museums expositions expos musees": "exhibitions",
    "theatre spectacles": "shows",
    "computers ordinateur ordinateurs informatique": "computer",
    "sports sportifs": "sport",
    "ecoutent-de-la-musique ecouter-de-la-musique": "listening to music",
    "jouent-de-la-musique musicians musiciens play-music": "playing music",
    "ouvriers labourers blue-collar": "manual labourer",
    "cadres managers": "senior management",
    "employes": "employee",
    "techniciens": "technician",
    "gamers": "games",
    "runners joggers jog": "running",
    "cyclists": "cycling",
    "pet-owners": "pets",
    "exercise active": "physically active",
}
"""What people say → the population's own words, where it has them."""
COLUMNS = {
    "earn earns earning earnings wage wages salary paid": "earn",
    "income incomes": "income",
    "household households household-members people-at-home persons-at-home": "household size",
    "hours-of-sleep sleep sleeping": "sleep",
}
"""What people call columns of numbers → a part of their names, or their meaning."""


def phrases(text: str) -> list[Words]:
    """Phrases of a line, which are parted by spaces; a hyphen stands for a space in one."""
    return [words_of(phrase.replace("-", " ")) for phrase in text.split()]
