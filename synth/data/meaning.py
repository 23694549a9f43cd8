"""What a column says about a person: its meaning, guessed from name, kind and levels.

Whoever needs a person's gender or age asks the schema for the column of that meaning
(`Schema.first`), so that ``sex``, ``Geschlecht`` and ``gender`` serve alike. A guess is exact
matching against a table of names in nine languages after case, accents, separators and filler words
are removed; levels help where the name says nothing. `Column.meaning` overrules the guess.

The same tables read the levels themselves: `gender_of`, `marital_of`, `partner_of`, `works_of`,
`children_of`, `years_of`, `ethnicity_of`, `country_of`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, get_args

Meaning = Literal[
    "gender",
    "age",
    "age group",
    "marital",
    "partner",
    "children",
    "household size",
    "education",
    "work",
    "occupation",
    "ethnicity",
    "birth country",
    "interest",
    "",
]
Gender = Literal["female", "male", "unknown"]
Ethnicity = Literal["White", "Black", "Asian", "Indian", "Hispanic", "Other"]
Marital = Literal["married", "remarried", "partnered", "single", "divorced", "separated", "widowed"]

MEANINGS: Final[tuple[Meaning, ...]] = get_args(Meaning)
"""Every meaning; the last, empty one says that a column has none of them."""


def guess(name: str, kind: str, levels: tuple[str, ...] = ()) -> Meaning:
    """Guess the meaning of a column.

    Parameters
    ----------
    name : str
        The column's name, in English, German, French, Spanish, Italian, Dutch, Portuguese, Polish
        or Swedish: ``sex (M/F)``, ``AgeGroup``, ``Familienstand``, ``nb_enfants``.
    kind : str
        The column's kind (``categorical``, ``boolean``, ``integer`` or ``real``).
    levels : tuple of str
        The levels of a categorical column.

    Returns
    -------
    Meaning
        The meaning, or an empty text where nothing suggests one.
    """
    return guess_by_name(name, kind, levels) or guess_by_levels(kind, levels)


def guess_by_name(name: str, kind: str, levels: tuple[str, ...] = ()) -> Meaning:
    """The meaning that the name suggests, where kind and levels allow it."""
    words = next(filter(_known, _readings(name)), "")
    meaning: Meaning = _BY_NAME.get(words, "interest" if words else "")
    if meaning == "age" and kind == "categorical":
        meaning = "age group"
    if kind not in _KINDS[meaning]:
        return ""
    if meaning == "age group" and not _mostly(any(c.isdigit() for c in v) for v in levels):
        return ""
    if words in _AMBIGUOUS and not any(gender_of(v, levels) != "unknown" for v in levels):
        return ""
    return meaning


def guess_by_levels(kind: str, levels: tuple[str, ...]) -> Meaning:
    """The meaning that the levels alone suggest: ``("f", "m")``, ``("ledig", "verheiratet", …)``.

    Only gender and marital status have levels that nothing else has.
    """
    if kind != "categorical" or not 2 <= len(levels) <= 12:
        return ""
    genders = [gender_of(level, levels) for level in levels]
    if len(levels) <= 3 and {"female", "male"} <= set(genders):
        return "gender"
    known = [marital_of(level) for level in levels]
    if "married" in known and {"divorced", "widowed"} & set(known) and known.count(None) <= 2:
        return "marital"
    return ""


# --------------------------------------------------------------------------- reading levels


def gender_of(value: object, levels: Iterable[str] = ()) -> Gender:
    """Read a table's word for gender: ``female``, ``F``, ``weiblich``, ``homme``, ``1 - male``.

    Parameters
    ----------
    value : object
        The value of a cell.
    levels : iterable of str
        All levels of the column. In Spanish and Portuguese tables ``m`` beside ``h`` is a woman.
    """
    text = _plain(value)
    if text == "m" and {"h", "m"} <= {_plain(level) for level in levels}:
        return "female"
    return _GENDERS.get(text, "unknown")


def marital_of(value: object) -> Marital | None:
    """Read a word for marital status; None where it says nothing or several things at once."""
    text = f" {_plain(value)} "
    statuses_seen: list[Marital] = []
    for phrase, status in _MARITAL:
        if f" {phrase} " in text:
            text = text.replace(f" {phrase} ", "  ")
            statuses_seen.append(status)
    if "separated" in statuses_seen and set(statuses_seen) <= {"separated", "married"}:
        return "separated"
    return statuses_seen[0] if len(set(statuses_seen)) == 1 else None


def partner_of(value: object) -> Literal["spouse", "partner", "none"] | None:
    """Who lives with the person: read from ``spouse``, ``cohabit``, ``none``, ``yes``, …"""
    text = _plain(value)
    if text in _NO:
        return "none"
    if text in _YES or text in _PARTNER:
        return "partner"
    return "spouse" if text in _SPOUSE else None


def works_of(value: object) -> bool | None:
    """Whether the person works; None where the word is unknown."""
    text = f" {_plain(value)} "
    if text.strip() in _YES or text.strip() in _NO:
        return text.strip() in _YES
    if any(f" {phrase} " in text for phrase in _IDLE):
        return False
    return True if any(f" {phrase} " in text for phrase in _WORKING) else None


def children_of(value: object) -> bool | None:
    """Whether there are children: read from ``yes``, a number of them, ``keine``, ``3+``."""
    text = _plain(value)
    if text in _YES or text in _NO:
        return text in _YES
    number = re.match(r"\d+", _folded(value).strip())
    return int(number[0]) > 0 if number else None


def ethnicity_of(value: object) -> Ethnicity | None:
    """Read a word for ethnicity: ``Caucasian``, ``Non-Hispanic Black``, ``Asian-Pac-Islander``.

    ``Other`` where the word names no group of these or several at once, such as ``Amer-Indian``
    (who are no Indians) or ``Mixed``; None where the value is missing.

    Parameters
    ----------
    value : object
        The value of a cell.
    """
    text = f" {_plain(value)} "
    if not text.strip():
        return None
    text = re.sub(r" (?:non|not|no) (?:hispanic|latino)(?: or latino)? ", " ", text)
    if any(f" {phrase} " in text for phrase in _NO_GROUP):
        return "Other"
    groups = set()
    for phrase, group in _GROUPS:
        if f" {phrase} " in text:
            text = text.replace(f" {phrase} ", "  ")
            groups.add(group)
    if "Hispanic" in groups:
        return "Hispanic"
    return groups.pop() if len(groups) == 1 else "Other"


def country_of(value: object) -> str | None:
    """Read the name of a country in English: ``Mexico``, ``El-Salvador``, ``Viet Nam``.

    Parameters
    ----------
    value : object
        The value of a cell.

    Returns
    -------
    str or None
        Two letters (ISO 3166), such as ``MX``; None for a missing value or an unknown name.
    """
    return _COUNTRIES.get(_plain(value))


def years_of(value: object) -> float | None:
    """Years: a number, or the middle of a group such as ``26-35``; the bound of ``65+``."""
    numbers = _numbers(value)
    return sum(numbers) / len(numbers) if numbers else None


def group_of_years(value: object) -> tuple[float, float] | None:
    """The first and the last year of a group such as ``26-35``; None for any other value."""
    numbers = _numbers(value)
    return (numbers[0], numbers[1]) if len(numbers) == 2 and numbers[0] < numbers[1] else None


def _numbers(value: object) -> list[float]:
    """The first two numbers of a text, at most."""
    found = re.findall(r"\d+(?:\.\d+)?", "" if value is None else str(value))
    return [float(number) for number in found[:2]]


# --------------------------------------------------------------------------- private

_SPECIAL = str.maketrans(
    {"ß": "ss", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae", "’": "'"}
)


def _folded(text: object) -> str:
    """Lower case without accents."""
    plain = unicodedata.normalize("NFKD", str(text).translate(_SPECIAL))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=4096)
def _plain_text(text: str) -> str:
    words = re.sub(r"[^a-z0-9<>+]+", " ", _folded(text)).strip()
    coded = re.sub(r"^\d+ (?=[a-z])|(?<=[a-z]) \d+$", "", words)
    return " ".join(coded.split())


def _plain(value: object) -> str:
    """Words of a level: without accents, marks, and the code before or behind; "" if missing."""
    text = str(value)
    if value is None or text == "missing" or (value != text and text in ("nan", "<NA>", "NaT")):
        return ""
    return _plain_text(text)


@lru_cache(maxsize=4096)
def _readings(name: str) -> tuple[str, ...]:
    """Words of a name without brackets, then also without words around them that say nothing."""
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", name)
    text = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", text)
    text = re.sub(r"[^a-z0-9]+", " ", _folded(text)).strip()
    text = re.sub(r"^(?:q|v|var)\s*\d+[a-z]? (?=[a-z])", "", text)
    text = re.sub(r"(?<=[a-z])(?=\d)", " ", text)
    words = text.split()
    readings = [" ".join(words)]
    while len(words) > 1 and words[-1] in _FILLER:
        words.pop()
        readings.append(" ".join(words))
    while len(words) > 1 and words[0] in _FILLER:
        words.pop(0)
        readings.append(" ".join(words))
    return tuple(readings)


def _known(words: str) -> bool:
    return words in _BY_NAME or _INTEREST_NAME.fullmatch(words) is not None


def _mostly(truths: Iterable[bool]) -> bool:
    values = list(truths)
    return not values or 2 * sum(values) > len(values)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILLER = _words(
    "respondent respondents person persons people patient participant customer client "
    "user kunde kunden befragte befragter teilnehmer personne client cliente persona "
    "pessoa of the in at der des de du la le el do da au a years year yrs yr jahre "
    "jahren jahr ans annees anos anni jaar jaren lat ar code coded label text "
    "interview survey"
)

_AGE = ("age", "alter", "edad", "eta", "leeftijd", "idade", "wiek", "alder", "lebensalter")
_KINDS: Mapping[Meaning, frozenset[str]] = MappingProxyType(
    {
        "gender": frozenset({"categorical", "integer"}),
        "age": frozenset({"integer", "real"}),
        "age group": frozenset({"categorical"}),
        "marital": frozenset({"categorical"}),
        "partner": frozenset({"categorical", "boolean"}),
        "children": frozenset({"categorical", "boolean", "integer", "real"}),
        "household size": frozenset({"categorical", "integer", "real"}),
        "education": frozenset({"categorical"}),
        "work": frozenset({"categorical", "boolean"}),
        "occupation": frozenset({"categorical"}),
        "ethnicity": frozenset({"categorical"}),
        "birth country": frozenset({"categorical"}),
        "interest": frozenset({"categorical"}),
        "": frozenset({"categorical", "boolean", "integer", "real"}),
    }
)
_NAMES: Mapping[Meaning, str] = MappingProxyType(
    {
        "gender": "sex, gender, geschlecht, sexe, genre, sexo, genero, sesso, genere, geslacht, "
        "sekse, plec, kon, kjonn",
        "age": ", ".join(_AGE),
        "age group": "age group, age groups, agegroup, agegrp, age grp, age range, age band, "
        "age class, age bracket, age cat, age category, altersgruppe, altersklasse, alters gruppe, "
        "tranche d age, tranche age, classe d age, groupe d age, grupo de edad, grupo edad, "
        "rango de edad, tramo de edad, fascia d eta, fascia eta, fascia di eta, classe di eta, "
        "classe d eta, leeftijdsgroep, leeftijdsklasse, leeftijdscategorie, faixa etaria, "
        "grupo etario, grupa wiekowa, przedzial wiekowy, aldersgrupp, aldersklass",
        "marital": "marital, marital status, maritalstatus, marital stat, marstat, marst, "
        "civil status, civil state, relationship status, familienstand, zivilstand, "
        "personenstand, situation matrimoniale, statut matrimonial, etat matrimonial, "
        "etat civil, situation familiale, situation de famille, estado civil, stato civile, "
        "burgerlijke staat, burgerlijke stand, stan cywilny, civilstand",
        "partner": "partner, has partner, partner in household, spouse, spouse in household, "
        "lives with partner, living with partner, married, partnerschaft, hat partner, "
        "partner im haushalt, verheiratet, conjoint, en couple, vit en couple, couple, pareja, "
        "tiene pareja, vive en pareja, convivente, vive in coppia, heeft partner, parceiro, "
        "sambo",
        "children": "children, has children, n children, nchild, num children, nr children, "
        "number of children, no of children, children in household, kids, has kids, kinder, "
        "hat kinder, anzahl kinder, kinderzahl, kinder im haushalt, enfants, a des enfants, "
        "nombre d enfants, nombre enfants, nb enfants, nb d enfants, hijos, tiene hijos, "
        "numero de hijos, num hijos, figli, ha figli, numero di figli, numero figli, kinderen, "
        "heeft kinderen, aantal kinderen, filhos, tem filhos, numero de filhos, dzieci, "
        "liczba dzieci, barn, har barn, antal barn",
        "household size": "household size, householdsize, size of household, hh size, hhsize, "
        "n in household, number in household, people in household, persons in household, "
        "household members, family size, haushaltsgrosse, haushaltsgroesse, "
        "grosse des haushalts, personen im haushalt, haushaltsmitglieder, taille du menage, "
        "taille menage, personnes dans le menage, tamano del hogar, tamano hogar, "
        "personas en el hogar, dimensione famiglia, componenti famiglia, numero componenti, "
        "huishoudgrootte, grootte huishouden, tamanho do agregado, tamanho da familia, "
        "wielkosc gospodarstwa, liczba osob, hushallsstorlek",
        "education": "education, education level, level of education, educational level, educ, "
        "edu, schooling, degree, highest degree, highest education, educational attainment, "
        "bildung, bildungsstand, bildungsgrad, bildungsabschluss, schulabschluss, schulbildung, "
        "hochster abschluss, hoechster abschluss, ausbildung, diplome, niveau d etudes, "
        "niveau etudes, niveau d education, educacion, nivel educativo, nivel de estudios, "
        "nivel estudios, estudios, istruzione, titolo di studio, livello di istruzione, "
        "opleiding, opleidingsniveau, escolaridade, educacao, nivel de instrucao, "
        "wyksztalcenie, utbildning, utbildningsniva",
        "work": "labor status, labour status, labor force status, labour force status, "
        "employment, employment status, employed, work status, working, working status, "
        "workclass, job status, erwerbsstatus, erwerbstatigkeit, erwerbstatig, "
        "beschaftigung, beschaftigungsstatus, berufstatig, berufstatigkeit, situation d emploi, "
        "statut d emploi, emploi, situation professionnelle, en emploi, situacion laboral, "
        "empleo, trabaja, condizione lavorativa, condizione professionale, occupato, "
        "werkstatus, arbeidsstatus, werkzaam, situacao profissional, "
        "situacao no emprego, emprego, zatrudnienie, sysselsattning, arbetsmarknadsstatus",
        "occupation": "occupation, profession, job, job title, beruf, tatigkeit, "
        "berufsgruppe, metier, categorie socioprofessionnelle, csp, ocupacion, profesion, "
        "professione, occupazione, beroep, profissao, ocupacao, zawod, yrke",
        "ethnicity": "ethnicity, race, ethnic group, ethnic origin, race ethnicity, ethnie, "
        "ethnizitat, ethnische herkunft, origine ethnique, etnia, raza, razza, etniciteit, "
        "etnische herkomst, raca, cor ou raca, grupa etniczna, etnicitet",
        "birth country": "native country, country of birth, birth country, birthcountry, "
        "country born, born in country, place of birth, birthplace, geburtsland, geburtsort, "
        "pays de naissance, lieu de naissance, pais de nacimiento, lugar de nacimiento, "
        "paese di nascita, luogo di nascita, geboorteland, pais de nascimento, kraj urodzenia, "
        "fodelseland",
        "interest": "interest, main interest, first interest, second interest, third interest, "
        "hobby, main hobby, first hobby, second hobby, third hobby, favourite hobby, "
        "favorite hobby, hobbys, interesse, freizeitinteresse, loisir, loisir prefere, "
        "passe temps, centre d interet, aficion, pasatiempo, passatempo, "
        "zainteresowanie, intresse",
    }
)
_AMBIGUOUS = frozenset({"genre", "genero", "genere", "kon"})
"""Names that mean something else too, such as a kind of film: the levels must speak of gender."""
_INTEREST_NAME = re.compile(r"(?:top|interest|hobby|interesse|loisir|intresse) \d+")


_BY_NAME: Mapping[str, Meaning] = MappingProxyType(
    {name: meaning for meaning, names in _NAMES.items() for name in names.split(", ")}
)

_GENDERS: Mapping[str, Gender] = MappingProxyType(
    {
        **dict.fromkeys(
            _words(
                "f w v k fem female females woman women girl weiblich weibl frau "
                "frauen femme femmes feminin feminine fille mujer mujeres femenino "
                "femenina donna donne femmina femminile vrouw vrouwen vrouwelijk "
                "mulher mulheres feminino feminina kobieta kobiety kvinna kvinnor "
                "kvinde kvinne"
            ),
            "female",
        ),
        **dict.fromkeys(
            _words(
                "m h male males man men boy mannlich maennlich mannl mann manner "
                "maenner herr homme hommes masculin garcon hombre hombres masculino "
                "masculina varon uomo uomini maschio maschile mannen mannelijk homem "
                "homens mezczyzna mezczyzni mand mande"
            ),
            "male",
        ),
    }
)


def _marital() -> tuple[tuple[str, Marital], ...]:
    words: Mapping[Marital, str] = {
        "single": "never married, not married, nie verheiratet, nicht verheiratet, jamais marie, "
        "jamais mariee, non marie, non mariee, single, unmarried, ledig, unverheiratet, "
        "celibataire, soltero, soltera, celibe, nubile, ongehuwd, ongetrouwd, alleenstaand, "
        "solteiro, solteira, kawaler, panna, ogift",
        "remarried": "remarried, wiederverheiratet, wieder verheiratet, remarie, remariee, omgift",
        "partnered": "civil partnership, registered partnership, domestic partnership, cohabiting, "
        "cohabitation, living together, living with partner, with partner, verpartnert, "
        "eingetragene lebenspartnerschaft, lebenspartnerschaft, eingetragene partnerschaft, "
        "in partnerschaft, pacse, pacsee, pacs, en couple, concubinage, union libre, "
        "pareja de hecho, en pareja, conviviente, convivente, samenwonend, "
        "geregistreerd partnerschap, partnerschap, uniao de facto, uniao estavel, konkubinat, "
        "zwiazek partnerski, sambo, registrerad partner",
        "separated": "married spouse absent, legally separated, separated, getrennt lebend, "
        "getrennt, separe, separee, separado, separada, separato, separata, "
        "gescheiden van tafel en bed, w separacji, "
        "separacja, separerad",
        "divorced": "divorced, geschieden, divorce, divorcee, divorciado, divorciada, divorziato, "
        "divorziata, gescheiden, rozwiedziony, rozwiedziona, rozwodnik, rozwodka, skild, "
        "franskild",
        "widowed": "widowed, widow, widower, verwitwet, veuf, veuve, viudo, viuda, vedovo, "
        "vedova, verweduwd, weduwe, weduwnaar, viuvo, viuva, wdowiec, wdowa, anka, ankling",
        "married": "married civ spouse, married af spouse, married, verheiratet, marie, mariee, "
        "casado, casada, sposato, sposata, coniugato, coniugata, gehuwd, getrouwd, "
        "zonaty, zamezna, mezatka, gift",
    }
    pairs = [(phrase, status) for status, text in words.items() for phrase in text.split(", ")]
    # Longer phrases first: "never married" is not "married".
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0].split())))


_MARITAL = _marital()
_NO_GROUP = (
    "amer indian",
    "american indian",
    "native american",
    "alaska native",
    "alaskan native",
    "native hawaiian",
    "first nations",
    "two or more",
    "more than one",
)
_GROUP_WORDS: Mapping[Ethnicity, str] = MappingProxyType(
    {
        "Indian": "south asian, asian indian, indian, inder, indien, indienne, indio",
        "Black": "african american, black african, black, african, afro american, schwarz, noir, "
        "noire, negro, negra, preto, nero",
        "White": "caucasian, european, white, weiss, blanc, blanche, blanco, blanca, branco, "
        "bianco, wit, bialy",
        "Asian": "east asian, asian, chinese, japanese, korean, vietnamese, filipino, asiatisch, "
        "asiatique, asiatico, amarela",
        "Hispanic": "hispanic, latino, latina, latinx, mexican, mexican american, puerto rican, "
        "cuban, hispanique, hispano, hispana",
    }
)
# Longer phrases first: "south asian" is not "asian".
_GROUPS: tuple[tuple[str, Ethnicity], ...] = tuple(
    sorted(
        ((word, group) for group, text in _GROUP_WORDS.items() for word in text.split(", ")),
        key=lambda pair: -len(pair[0].split()),
    )
)
_COUNTRY_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "AR": "argentina",
        "BO": "bolivia",
        "BR": "brazil",
        "CL": "chile",
        "CN": "china, people s republic of china",
        "CO": "colombia, columbia",
        "CR": "costa rica",
        "CU": "cuba",
        "DE": "germany",
        "DO": "dominican republic",
        "EC": "ecuador",
        "ES": "spain",
        "FR": "france",
        "GT": "guatemala",
        "HK": "hong kong, hong",
        "HN": "honduras",
        "HT": "haiti",
        "HU": "hungary",
        "IN": "india",
        "IT": "italy",
        "JP": "japan",
        "MX": "mexico",
        "NI": "nicaragua",
        "NL": "netherlands, the netherlands, holland, holand netherlands",
        "PA": "panama",
        "PE": "peru",
        "PH": "philippines, the philippines",
        "PL": "poland",
        "PR": "puerto rico",
        "PT": "portugal",
        "PY": "paraguay",
        "SV": "el salvador",
        "TW": "taiwan",
        "US": "united states, united states of america, usa, us, u s a",
        "UY": "uruguay",
        "VE": "venezuela",
        "VN": "vietnam, viet nam",
    }
)
_COUNTRIES: Mapping[str, str] = MappingProxyType(
    {name: code for code, names in _COUNTRY_NAMES.items() for name in names.split(", ")}
)
_YES = _words("yes true ja oui si sim tak y j o s vrai wahr verdadero vero")
_NO = _words(
    "no false none nein non nee nao nie nej n keine kein keiner aucun aucune sans "
    "ohne ninguno ninguna nessuno nessuna geen nenhum zadne inga ingen without faux "
    "falsch falso"
)
_SPOUSE = _words(
    "spouse husband wife married ehepartner ehepartnerin ehemann ehefrau epoux epouse "
    "esposo esposa coniuge marito moglie echtgenoot conjuge maz zona make maka "
    "verheiratet"
)
_PARTNER = _words(
    "partner cohabit cohabiting cohabitee unmarried lebensgefahrte lebensgefahrtin "
    "lebenspartner conjoint concubin pareja compagno compagna parceiro parceira sambo"
)
_IDLE = (
    "unemployed",
    "not employed",
    "not in labor force",
    "not in labour force",
    "not working",
    "out of work",
    "never worked",
    "retired",
    "student",
    "homemaker",
    "inactive",
    "arbeitslos",
    "nicht erwerbstatig",
    "nicht berufstatig",
    "nicht beschaftigt",
    "rentner",
    "rentnerin",
    "in rente",
    "ruhestand",
    "hausfrau",
    "chomeur",
    "chomeuse",
    "au chomage",
    "sans emploi",
    "retraite",
    "retraitee",
    "inactif",
    "desempleado",
    "desempleada",
    "parado",
    "jubilado",
    "jubilada",
    "disoccupato",
    "disoccupata",
    "pensionato",
    "pensionata",
    "werkloos",
    "gepensioneerd",
    "desempregado",
    "desempregada",
    "reformado",
    "aposentado",
    "bezrobotny",
    "bezrobotna",
    "emeryt",
    "arbetslos",
    "pensionar",
)
_WORKING = (
    "employed",
    "self employed",
    "working",
    "works",
    "worker",
    "full time",
    "part time",
    "at work",
    "erwerbstatig",
    "berufstatig",
    "beschaftigt",
    "angestellt",
    "angestellte",
    "selbstandig",
    "vollzeit",
    "teilzeit",
    "employe",
    "employee",
    "salarie",
    "salariee",
    "en emploi",
    "temps plein",
    "temps partiel",
    "empleado",
    "empleada",
    "ocupado",
    "ocupada",
    "autonomo",
    "occupato",
    "occupata",
    "werkzaam",
    "werkend",
    "empregado",
    "empregada",
    "zatrudniony",
    "zatrudniona",
    "pracujacy",
    "anstalld",
    "sysselsatt",
)


_WEIGHT = re.compile(r"(^|[_\s.-])(\w*weight|\w*wgt|wt|pw)([_\s.-]|$)")


def may_weigh(name: str) -> bool:
    """Whether a column's name says that it weighs the rows: ``fnlwgt``, ``pweight``."""
    return _WEIGHT.search(name.casefold()) is not None
