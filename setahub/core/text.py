"""What can be seen of a text, and what only looks like something else."""

import re
import unicodedata
from functools import lru_cache

# What shows nothing: white space, control and format characters (those aside that are drawn, such
# as U+0600), all that Unicode calls Default_Ignorable_Code_Point, and the blanks that are letters
# or symbols by name. Sources: Unicode Character Database 15.1, DerivedCoreProperties.txt; UAX #44.
_INVISIBLE = (
    r"\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U00013430-\U0001343f\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
)
_NOTHING = re.compile(rf"[\s{_INVISIBLE}]*")
_NOT_A_SPACE = re.compile(rf"(?!\s)[{_INVISIBLE}]")
# What follows an emoji or a Chinese character and says how it is drawn.
_VARIANTS = re.compile(r"[\ufe0e\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef]+")
_TURNS = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
MARKS_MAX = 3

# --- What shows nothing ---------------------------------------------------------------------------


def is_invisible(char: str) -> bool:
    """Whether a character shows nothing; a space counts."""
    return bool(_NOTHING.fullmatch(char))


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen, so that it counts as empty."""
    return _NOTHING.fullmatch(text) is not None


def trimmed(text: str) -> str:
    """The text without what shows nothing at its ends."""
    start = _NOTHING.match(text).end()  # type: ignore[union-attr]  # it always matches
    end = len(text)
    while end > start and is_invisible(text[end - 1]):
        end -= 1
    variant = _VARIANTS.match(text, end)
    if variant and _has_variants(text[end - 1 : end]):
        end = variant.end()
    return text[start:end]


def _has_variants(char: str) -> bool:
    # Emoji are symbols and signs; of the letters only ideographs have variants.
    return bool(char) and (unicodedata.category(char)[0] in "SP" or char >= "\u3400")


def without_invisible(text: str) -> str:
    """The text without what shows nothing, spaces aside."""
    return _NOT_A_SPACE.sub("", text)


def one_way(text: str) -> str:
    """The text without characters that turn the direction of what follows, for one line of many."""
    return _TURNS.sub("", text)


def turns(text: str) -> bool:
    """Whether the text has characters that turn the direction of what follows."""
    return _TURNS.search(text) is not None


# --- What looks like something else ---------------------------------------------------------------

# Scripts with letters drawn like Latin ones, as the names of their letters begin.
_ALIKE_SCRIPTS = (
    "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "DESERET", "OSAGE", "OLD ITALIC", "CARIAN",
    "LYCIAN", "LYDIAN", "GOTHIC", "ELBASAN", "TIFINAGH", "WARANG CITI", "CANADIAN SYLLABICS",
)  # fmt: skip
# Of these two many words stand beside Latin ones, so it counts what is drawn like a Latin letter.
# Source: Unicode Technical Standard 39, confusables.txt.
_CYRILLIC_ALIKE = frozenset("АВЕЅІЈКМНОРСТУХҮԚԜӀаеорсухѕіјһԁԛԝӏүкѵѡ")
_GREEK_ALIKE = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿαικνορυχγωϲϳ")
_WORD = re.compile(r"[^\W\d_]+")


def has_look_alikes(text: str) -> bool:
    """Whether letters of another script pass for Latin ones: ``SЕTAHub`` with a Cyrillic ``Е``.

    A word that is plainly of the other script may stand beside a Latin one, and so may a Greek
    letter that is a symbol: ``Русский (Russian)``, ``α-β pruning``, ``Δt``.
    """
    # Without marks, which would break words; wide and styled letters as plain ones.
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char)[0] != "M"
    )
    if plain.isascii():
        return False
    if any(_is_phonetic(char) for char in plain):
        return True
    words = [[(char, _script(char)) for char in word] for word in _WORD.findall(plain)]
    if not any(script == "LATIN" for word in words for _char, script in word):
        return False
    return any(_passes_for_latin(word) for word in words)


def _is_phonetic(char: str) -> bool:
    """Whether it is a Latin letter of phonetics, drawn like one of words: ``ᴀ``, ``ɪ``, ``ɡ``."""
    return char in "ɑɡ" or "LATIN LETTER SMALL CAPITAL" in unicodedata.name(char, "")


def _passes_for_latin(word: list[tuple[str, str]]) -> bool:
    foreign = [(char, script) for char, script in word if script not in ("LATIN", "")]
    if len(foreign) < len(word):
        return any(script != "GREEK" or char in _GREEK_ALIKE for char, script in foreign)
    if len(word) == 1 and word[0][1] == "GREEK" and word[0][0].islower():
        return False
    return all(_is_alike(char, script) for char, script in word)


def _is_alike(char: str, script: str) -> bool:
    if script in ("GREEK", "CYRILLIC"):
        return char in _GREEK_ALIKE or char in _CYRILLIC_ALIKE
    return bool(script) and script != "LATIN"


@lru_cache(maxsize=4096)  # characters: a list of thousands of names asks for few
def _script(char: str) -> str:
    """``LATIN``, a script with letters like Latin ones, or "" for any other."""
    name = unicodedata.name(char, "")
    return next(
        (script for script in ("LATIN", "GREEK", *_ALIKE_SCRIPTS) if name.startswith(script)), ""
    )


def has_piled_marks(text: str) -> bool:
    """Whether more than three marks stand on one letter."""
    piled = 0
    for char in unicodedata.normalize("NFD", text):
        piled = piled + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if piled > MARKS_MAX:
            return True
    return False
