"""Forms of words: the plural and past of English, the gender, number, person and accents of Spanish.

Only what the words of :mod:`attnkit.language.lexicon` need; the tests read every form out.
"""

from __future__ import annotations

import re
from typing import NamedTuple

VOWELS = "aeiouáéíóú"
ACUTE = str.maketrans("aeiou", "áéíóú")
PLAIN = str.maketrans("áéíóú", "aeiou")
NUCLEUS = re.compile("[iu]?[aeoáéó][iu]?|[íú]|[iu]+")  # the vowels of one syllable

PERSONS = ("1s", "2s", "3s", "1p", "3p")
ENDINGS = {
    "ar": {
        "present": "o as a amos an",
        "preterite": "é aste ó amos aron",
        "imperfect": "aba abas aba ábamos aban",
        "subjunctive": "es emos",
        "gerund": "ando",
    },
    "er": {
        "present": "o es e emos en",
        "preterite": "í iste ió imos ieron",
        "imperfect": "ía ías ía íamos ían",
        "subjunctive": "as amos",
        "gerund": "iendo",
    },
    "ir": {
        "present": "o es e imos en",
        "preterite": "í iste ió imos ieron",
        "imperfect": "ía ías ía íamos ían",
        "subjunctive": "as amos",
        "gerund": "iendo",
    },
}
# What the endings do not give. The subjunctive has two forms, of tú and of nosotros.
IRREGULAR = {
    "cerrar": {"present": "cierro cierras cierra cerramos cierran", "subjunctive": "cierres cerremos"},
    "conocer": {"present": "conozco conoces conoce conocemos conocen", "subjunctive": "conozcas conozcamos"},
    "dar": {"present": "doy das da damos dan", "preterite": "di diste dio dimos dieron", "subjunctive": "des demos"},
    "dormir": {
        "present": "duermo duermes duerme dormimos duermen",
        "preterite": "dormí dormiste durmió dormimos durmieron",
        "subjunctive": "duermas durmamos",
        "gerund": "durmiendo",
    },
    "encontrar": {
        "present": "encuentro encuentras encuentra encontramos encuentran",
        "subjunctive": "encuentres encontremos",
    },
    "estar": {"present": "estoy estás está estamos están"},
    "ir": {
        "present": "voy vas va vamos van",
        "preterite": "fui fuiste fue fuimos fueron",
        "imperative": "ve",
        "subjunctive": "vayas vayamos",
        "gerund": "yendo",
    },
    "jugar": {"present": "juego juegas juega jugamos juegan", "subjunctive": "juegues juguemos"},
    "leer": {"preterite": "leí leíste leyó leímos leyeron", "gerund": "leyendo"},
    "mostrar": {"present": "muestro muestras muestra mostramos muestran", "subjunctive": "muestres mostremos"},
    "oler": {"present": "huelo hueles huele olemos huelen"},
    "poder": {"present": "puedo puedes puede podemos pueden"},
    "querer": {"present": "quiero quieres quiere queremos quieren", "subjunctive": "quieras queramos"},
    "ser": {"present": "soy eres es somos son", "imperfect": "era eras era éramos eran"},
    "tener": {"present": "tengo tienes tiene tenemos tienen"},
    "traer": {
        "present": "traigo traes trae traemos traen",
        "preterite": "traje trajiste trajo trajimos trajeron",
        "subjunctive": "traigas traigamos",
        "gerund": "trayendo",
    },
    "ver": {
        "present": "veo ves ve vemos ven",
        "preterite": "vi viste vio vimos vieron",
        "imperfect": "veía veías veía veíamos veían",
        "subjunctive": "veas veamos",
    },
}
IRREGULAR_PLURALS = {"joven": "jóvenes"}


class Agreement(NamedTuple):
    """The gender and number of a Spanish noun, and the small words that follow it.

    Attributes
    ----------
    code
        Gender, then number: m, f, or a for a feminine noun that begins with a stressed a and takes el;
        s, p, or u for what is not counted.
    the, a, this, my, our, many
        The forms of el, un, este, mi, nuestro and mucho; your and his rhyme with my.
    it
        The pronoun of the object.
    """

    code: str
    the: str
    a: str
    this: str
    my: str
    our: str
    many: str
    it: str

    def __str__(self) -> str:
        return self.code

    @property
    def person(self) -> str:
        """The person of the verb: 3s or 3p."""
        return "3p" if self.code[1] == "p" else "3s"

    @property
    def plural(self) -> bool:
        """Whether the noun is plural."""
        return self.code[1] == "p"


AGREEMENTS = {
    row.split()[0]: Agreement(*row.split())
    for row in """
    ms el  un   este  mi  nuestro  mucho  lo
    fs la  una  esta  mi  nuestra  mucha  la
    as el  un   esta  mi  nuestra  mucha  la
    mp los unos estos mis nuestros muchos los
    fp las unas estas mis nuestras muchas las
    mu el  un   este  mi  nuestro  mucho  lo
    fu la  una  esta  mi  nuestra  mucha  la
    au el  un   esta  mi  nuestra  mucha  la
    """.strip().splitlines()
}


def plural(word: str) -> str:
    """Return the plural of a Spanish noun or adjective.

    >>> [plural(word) for word in ("árbol", "león", "lápiz", "café")]
    ['árboles', 'leones', 'lápices', 'cafés']
    """
    if word in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[word]
    if word[-1] in VOWELS:
        return word + "s"
    if word[-1] in "ns" and word[-2] in "áéíóú":
        return word[:-2] + word[-2].translate(PLAIN) + word[-1] + "es"
    return word.removesuffix("z") + ("ces" if word[-1] == "z" else "es")


def agreeing(adjective: str, agreement: Agreement) -> str:
    """Return a Spanish adjective, given in the masculine singular, in this gender and number.

    >>> [agreeing(word, AGREEMENTS["fp"]) for word in ("rojo", "azul", "español", "feliz")]
    ['rojas', 'azules', 'españolas', 'felices']
    """
    if agreement.code[0] != "m":
        adjective = re.sub("o$", "a", adjective.replace("español", "española"))
    return plural(adjective) if agreement.plural else adjective


def english_plural(noun: str) -> str:
    """Return the regular plural of an English noun.

    >>> [english_plural(noun) for noun in ("box", "story", "toy")]
    ['boxes', 'stories', 'toys']
    """
    if re.search("[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search("(s|x|ch|sh|to)$", noun) else "s")


def conjugate(infinitive: str, tense: str) -> list[str]:
    """Return the forms of a Spanish verb in a tense: five persons, or tú and nosotros in the subjunctive.

    >>> conjugate("buscar", "preterite")
    ['busqué', 'buscaste', 'buscó', 'buscamos', 'buscaron']
    >>> conjugate("dormir", "subjunctive")
    ['duermas', 'durmamos']
    """
    known = IRREGULAR.get(infinitive, {}).get(tense)
    if known:
        return known.split()
    if tense == "imperative":
        return [conjugate(infinitive, "present")[2]]
    stem, kind = infinitive[:-2], infinitive[-2:].translate(PLAIN)
    return [_join(stem, ending) if kind == "ar" else stem + ending for ending in ENDINGS[kind][tense].split()]


def _join(stem: str, ending: str) -> str:
    """Keep the sound of c, g and z before e: buscar, busqué."""
    if ending[0] in "eé":
        for letter, spelled in (("c", "qu"), ("g", "gu"), ("z", "c")):
            if stem.endswith(letter):
                return stem[:-1] + spelled + ending
    return stem + ending


def enclitic(verb: str, pronouns: str) -> str:
    """Join pronouns to the end of a verb, with the accent that keeps its stress.

    >>> [enclitic("come", "lo"), enclitic("ver", "lo"), enclitic("da", "melo"), enclitic("comamos", "la")]
    ['cómelo', 'verlo', 'dámelo', 'comámosla']
    """
    syllables = list(NUCLEUS.finditer(verb))
    stressed = len(syllables) - (2 if verb[-1] in VOWELS + "ns" and len(syllables) > 1 else 1)
    after = len(syllables) - 1 - stressed + len(list(NUCLEUS.finditer(pronouns)))
    if after < 2 or set(verb) & set("áéíóú"):
        return verb + pronouns
    start, end = syllables[stressed].span()
    strong = next((place for place in range(start, end) if verb[place] in "aeo"), end - 1)
    return verb[:strong] + verb[strong].translate(ACUTE) + verb[strong + 1 :] + pronouns
