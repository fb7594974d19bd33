"""The words of the made language, as tables that a reader can look up and extend.

An underscore stands for a space. The rooms beside this one turn the tables into rules.
"""

from __future__ import annotations

# English (with the plural if it is irregular, - if it has none here), Spanish, gender: m, f, or a (feminine, but with
# el: el agua); u for what is not counted.
NOUNS = {
    "person": """
        man/men         hombre      m
        woman/women     mujer       f
        boy             niño        m
        girl            niña        f
        doctor          médico      m
        king            rey         m
        queen           reina       f
        father/-        padre       m
        mother/-        madre       f
        brother         hermano     m
        sister          hermana     f
        baby            bebé        m
    """,
    "animal": """
        dog             perro       m
        cat             gato        m
        cow             vaca        f
        bird            pájaro      m
        bear            oso         m
        lion            león        m
        turtle          tortuga     f
        eagle           águila      a
    """,
    "food": """
        pizza           pizza       f
        cake            pastel      m
        bread           pan         mu
        soup            sopa        fu
        cheese          queso       mu
        rice            arroz       mu
    """,
    "fruit": """
        apple           manzana     f
        pear            pera        f
        lemon           limón       m
    """,
    "drink": """
        water           agua        au
        coffee          café        mu
    """,
    "thing": """
        ball            pelota      f
        cup             taza        f
        plate           plato       m
        key             llave       f
        lamp            lámpara     f
        shoe            zapato      m
        shirt           camisa      f
        hat             sombrero    m
        axe             hacha       a
    """,
    "text": """
        book            libro       m
        letter          carta       f
        newspaper       periódico   m
    """,
    "opening": """
        door            puerta      f
        window          ventana     f
        box             caja        f
        bottle          botella     f
    """,
    "furniture": """
        table           mesa        f
        chair           silla       f
    """,
    "instrument": """
        piano           piano       m
    """,
    "place": """
        park            parque      m
        house           casa        f
        city            ciudad      f
        beach           playa       f
        library         biblioteca  f
        classroom       aula        a
    """,
    "water": """
        river           río         m
    """,
    "region": """
        area            área        a
    """,
    "matter": """
        problem         problema    m
        law             ley         f
    """,
}

# English (first word, second word), the Spanish noun, its gender, what follows de: chocolate cake, pastel de chocolate.
COMPOUNDS = {
    "food": """
        chocolate cake      pastel      m   chocolate
        cheese pizza        pizza       f   queso
    """,
    "thing": """
        leather shoe        zapato      m   cuero
    """,
    "text": """
        love letter         carta       f   amor
    """,
    "opening": """
        glass bottle        botella     f   vidrio
    """,
    "furniture": """
        wooden table        mesa        f   madera
        wooden chair        silla       f   madera
    """,
    "place": """
        stone house         casa        f   piedra
    """,
}

NAMES = {"m": "pedro pedro", "f": "maria maría, ana ana"}
NAMES_WITH_I = {"f": "ines inés"}  # y before these is e

# Group: the nouns it goes with, the copula of its predicate, where it stands, and the words. An inner adjective stands
# nearer to the noun in both languages. A colour or a price tells that it is a thing, a mood that it is an animal.
ADJECTIVES = {
    "size": (
        "animal food fruit thing opening furniture instrument place water region matter",
        "ser",
        "outer",
        "big grande, small pequeño",
    ),
    "stature": ("person", "ser", "outer", "tall alto, young joven"),
    "character": ("person", "ser", "outer", "intelligent inteligente, strong fuerte"),
    "nature": ("animal", "ser", "outer", "young joven, strong fuerte"),
    "mood": (
        "person animal",
        "estar",
        "outer",
        "tired cansado, sad triste, happy feliz, excited emocionado, sick enfermo",
    ),
    "coat": ("animal", "ser", "inner", "white blanco, black negro"),
    "colour": (
        "thing opening furniture",
        "ser",
        "inner",
        "red rojo, blue azul, white blanco, black negro",
    ),
    "ripeness": ("fruit", "ser", "inner", "red rojo, green verde"),
    "price": ("thing furniture instrument", "ser", "outer", "new nuevo, cheap barato"),
    "age": ("thing text opening furniture instrument place", "ser", "outer", "old viejo"),
    "beauty": (
        "animal thing place water opening furniture instrument",
        "ser",
        "outer",
        "beautiful hermoso",
    ),
    "content": ("text", "ser", "outer", "new nuevo, long largo, interesting interesante"),
    "state": ("thing opening furniture instrument", "estar", "outer", "dirty sucio"),
    "damage": ("thing opening furniture instrument", "estar", "outer", "broken roto"),
    "taste": ("food fruit", "estar", "outer", "delicious delicioso"),
    "freshness": ("fruit", "estar", "outer", "sweet dulce"),
    "heat": ("food drink", "estar", "inner", "hot caliente, cold frío"),
    "calm": ("place water", "ser", "inner", "quiet tranquilo"),
    "weight": ("region matter", "ser", "outer", "important importante, new nuevo"),
}
NO_DEGREE = ("damage", "taste")  # nothing is very broken or very delicious
# Two adjectives of relation reverse, too: european economic area, área económica europea.
RELATIONAL = "region matter"
ORIGINS = "european europeo, american americano"
FIELDS = "economic económico, social social"
# Before the noun in both languages: English, the form before a singular, the adjective.
PRENOMINAL = {
    "person": "good buen bueno",
    "animal": "good buen bueno",
    "food": "good buen bueno",
    "text": "good buen bueno, great gran grande",
    "place": "great gran grande",
}
# Before two adjectives that reverse, new stands first in both: the new small red ball, la nueva pelota roja pequeña.
NEW = ("thing opening furniture", "new nuevo")
COMPARATIVES = {
    "person": "taller alto, stronger fuerte",
    "animal": "bigger grande, stronger fuerte",
    "thing": "bigger grande",
    "place": "bigger grande",
}

# English (third person, past, -ing form), Spanish, the nouns that can be its object. A past of - is left out: it reads
# like the present. The past of what lasts, in the second table, is the imperfect.
TRANSITIVE = """
    eat/eats/ate/eating             comer       food fruit
    drink/drinks/drank/drinking     beber       drink
    cook/cooks/cooked/cooking       cocinar     food
    buy/buys/bought/buying          comprar     food fruit drink thing text furniture instrument
    sell/sells/sold/selling         vender      food fruit drink thing text furniture instrument
    bring/brings/brought/bringing   traer       food fruit drink thing text
    wash/washes/washed/washing      lavar       fruit thing
    read/reads/-/reading            leer        text
    see/sees/saw/-                  ver         person animal thing text food fruit place water
    look_for/looks_for/looked_for/looking_for  buscar  person animal thing text fruit
    find/finds/found/-              encontrar   person animal thing text fruit
    break/breaks/broke/-            romper      thing opening furniture
    open/opens/opened/opening       abrir       opening
    close/closes/closed/closing     cerrar      opening
    call/calls/called/calling       llamar      person animal
    visit/visits/visited/visiting   visitar     person place water region
"""
STATIVE = """
    want/wants/wanted/-             querer      food fruit drink thing text furniture instrument
    have/has/had/-                  tener       owned food fruit drink thing text furniture instrument
    know/knows/knew/-               conocer     person place region matter
    love/loves/loved/-              querer      person beloved
"""
INTRANSITIVE = """
    eat/eats/ate/eating             comer
    sleep/sleeps/slept/sleeping     dormir
    run/runs/ran/running            correr
    sing/sings/sang/singing         cantar
    work/works/worked/working       trabajar
"""
MOTION = """
    go/goes/went/going              ir
    run/runs/ran/running            correr
"""
LIVING = """
    live/lives/lived/living         vivir
"""
GIVING = """
    give/gives/gave/-               dar
    show/shows/showed/-             mostrar
    bring/brings/brought/-          traer
"""
# By their Spanish infinitives: what animals do, and what nobody is told to do.
ANIMALS_DO = "comer beber ver buscar encontrar romper querer dormir correr ir vivir"
NOT_COMMANDED = "ver encontrar querer tener conocer vivir"
NOT_INFINITIVE = "querer conocer"
# What one does to a thing, and then to it.
THEN = {
    "food": ("comprar cocinar traer", "comer vender"),
    "fruit": ("comprar lavar traer", "comer vender"),
    "drink": ("comprar traer", "beber vender"),
    "thing": ("comprar encontrar", "lavar vender"),
    "text": ("comprar encontrar", "leer vender"),
    "opening": ("abrir", "cerrar"),
    "furniture": ("comprar", "vender"),
}
