"""Every form of a word is spelled and accented as a Spanish dictionary and grammar have it."""

from __future__ import annotations

import pytest

from attnkit.language import lexicon
from attnkit.language.inflection import AGREEMENTS, agreeing, conjugate, enclitic, english_plural, plural
from attnkit.language.nouns import in_both_numbers
from attnkit.language.rows import table

# Present; past; tú is told to, tú is told not to, nosotros.
VERBS = """
abrir     | abro abres abre abrimos abren                     | abrí abriste abrió abrimos abrieron
ayudar    | ayudo ayudas ayuda ayudamos ayudan                | ayudé ayudaste ayudó ayudamos ayudaron
buscar    | busco buscas busca buscamos buscan                | busqué buscaste buscó buscamos buscaron
cerrar    | cierro cierras cierra cerramos cierran            | cerré cerraste cerró cerramos cerraron
comer     | como comes come comemos comen                     | comí comiste comió comimos comieron
conocer   | conozco conoces conoce conocemos conocen          | conocí conociste conoció conocimos conocieron
dar       | doy das da damos dan                              | di diste dio dimos dieron
dormir    | duermo duermes duerme dormimos duermen            | dormí dormiste durmió dormimos durmieron
encontrar| encuentro encuentras encuentra encontramos encuentran | encontré encontraste encontró encontramos encontraron
ir        | voy vas va vamos van                              | fui fuiste fue fuimos fueron
jugar     | juego juegas juega jugamos juegan                 | jugué jugaste jugó jugamos jugaron
leer      | leo lees lee leemos leen                          | leí leíste leyó leímos leyeron
mostrar   | muestro muestras muestra mostramos muestran       | mostré mostraste mostró mostramos mostraron
tocar     | toco tocas toca tocamos tocan                     | toqué tocaste tocó tocamos tocaron
traer     | traigo traes trae traemos traen                   | traje trajiste trajo trajimos trajeron
ver       | veo ves ve vemos ven                              | vi viste vio vimos vieron
"""
LASTING = """
conocer | conocía conocías conocía conocíamos conocían
estar   | estaba estabas estaba estábamos estaban
querer  | quería querías quería queríamos querían
ser     | era eras era éramos eran
tener   | tenía tenías tenía teníamos tenían
ver     | veía veías veía veíamos veían
"""
COMMANDS = """
abre abras abramos abriendo         | abrir
ayuda ayudes ayudemos ayudando      | ayudar
bebe bebas bebamos bebiendo         | beber
busca busques busquemos buscando    | buscar
cierra cierres cerremos cerrando    | cerrar
da des demos dando                  | dar
duerme duermas durmamos durmiendo   | dormir
escribe escribas escribamos escribiendo | escribir
ve vayas vayamos yendo              | ir
juega juegues juguemos jugando      | jugar
lee leas leamos leyendo             | leer
limpia limpies limpiemos limpiando  | limpiar
muestra muestres mostremos mostrando | mostrar
toca toques toquemos tocando        | tocar
trae traigas traigamos trayendo     | traer
"""
JOINED = """
come lo cómelo, abre la ábrela, lee los léelos, trae lo tráelo, limpia las límpialas, muestra me muéstrame, da me dame,
da melo dámelo, da selo dáselo, da les dales, busca nos búscanos, cierra la ciérrala, escribe lo escríbelo,
ver la verla, dar le darle, dar melo dármelo, mostrar le mostrarle, comamos lo comámoslo, busquemos los busquémoslos,
traigamos lo traigámoslo, escucha me escúchame, ayuda nos ayúdanos
"""
PLURALS = """
pizza pizzas, pastel pasteles, café cafés, bebé bebés, león leones, ratón ratones, limón limones, jardín jardines,
estación estaciones, árbol árboles, reloj relojes, rey reyes, ley leyes, ciudad ciudades, lápiz lápices, feliz felices,
joven jóvenes, unión uniones, azul azules, mujer mujeres, flor flores
"""
ADJECTIVES = """
ms rojo grande azul español feliz joven amable frío
fs roja grande azul española feliz joven amable fría
as roja grande azul española feliz joven amable fría
mp rojos grandes azules españoles felices jóvenes amables fríos
fp rojas grandes azules españolas felices jóvenes amables frías
"""


def rows(text):
    return [[cell.split() for cell in line.split("|")] for line in text.strip().splitlines()]


@pytest.mark.parametrize(("infinitive", "present", "past"), rows(VERBS))
def test_present_and_past(infinitive, present, past):
    assert conjugate(infinitive[0], "present") == present
    assert conjugate(infinitive[0], "preterite") == past


@pytest.mark.parametrize(("infinitive", "forms"), rows(LASTING))
def test_the_past_of_what_lasts(infinitive, forms):
    assert conjugate(infinitive[0], "imperfect") == forms


@pytest.mark.parametrize(("forms", "infinitive"), rows(COMMANDS))
def test_commands_and_what_is_going_on(forms, infinitive):
    tenses = ("imperative", "subjunctive", "gerund")
    assert [form for tense in tenses for form in conjugate(infinitive[0], tense)] == forms


@pytest.mark.parametrize(("verb", "pronouns", "joined"), list(table(JOINED)))
def test_a_pronoun_at_the_end_keeps_the_stress(verb, pronouns, joined):
    assert enclitic(verb, pronouns) == joined


@pytest.mark.parametrize(("one", "many"), list(table(PLURALS)))
def test_plurals(one, many):
    assert plural(one) == many


@pytest.mark.parametrize("line", ADJECTIVES.strip().splitlines())
def test_adjectives_agree(line):
    code, *forms = line.split()
    assert [agreeing(word, AGREEMENTS[code]) for word in ADJECTIVES.split()[1:9]] == forms


def test_english_plurals():
    words = "apple box city baby beach tomato library key class bicycle"
    plurals = "apples boxes cities babies beaches tomatoes libraries keys classes bicycles"
    assert [english_plural(word) for word in words.split()] == plurals.split()


def test_a_noun_in_both_numbers():
    forms = [(agreement.code, english, spanish) for agreement, english, spanish in in_both_numbers("axe", "hacha", "a")]
    assert forms == [("as", "axe", "hacha"), ("fp", "axes", "hachas")]
    assert [english for _, english, _ in in_both_numbers("mouse/mice", "ratón", "m")] == ["mouse", "mice"]
    assert [agreement.code for agreement, _, _ in in_both_numbers("water", "agua", "au")] == ["au"]
    assert [agreement.code for agreement, _, _ in in_both_numbers("father/-", "padre", "m")] == ["ms"]


def test_the_tables_of_the_lexicon_have_whole_rows():
    assert {len(row) for text in lexicon.NOUNS.values() for row in table(text)} == {3}
    assert {len(row) for text in lexicon.COMPOUNDS.values() for row in table(text)} == {5}
    assert {row[-1] for text in lexicon.NOUNS.values() for row in table(text)} <= {"m", "f", "a", "mu", "fu", "au"}
    for text in (lexicon.TRANSITIVE, lexicon.STATIVE, lexicon.INTRANSITIVE, lexicon.MOTION, lexicon.GIVING):
        assert {row[0].count("/") for row in table(text)} == {3}
    classes = {kind for text in (lexicon.TRANSITIVE, lexicon.STATIVE) for row in table(text) for kind in row[2:]}
    assert classes - {"owned", "beloved"} <= set(lexicon.NOUNS)
    assert {kind for wanted, *_ in lexicon.ADJECTIVES.values() for kind in wanted.split()} <= set(lexicon.NOUNS)
