"""Words of a shell command, quoted so that a person can copy and run the command for any name of a file.

A word of printable characters is quoted as by `shlex.quote`. Any other word, such as a file name with a line
end, an escape sequence or bytes that are no text, is written as `$'...'` with escapes, as bash, zsh and ksh
read it. Therefore, no command that Ravine shows holds a control character.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["join_words", "quote_word"]

SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
BYTE, ANY = "surrogateescape", "surrogatepass"  # handlers of encoding errors
PLAIN = frozenset("%+,-./:=@_")  # besides letters and digits, characters that need no escape in `$'...'`


def quote_word(word: str) -> str:
    """Return a word as a shell reads it, in printable characters."""
    if word.isprintable():
        import shlex  # slow to import; most commands show no word

        return shlex.quote(word)
    return f"$'{''.join(map(_escaped, word))}'"


def join_words(words: Iterable[str]) -> str:
    """Return a command as a shell reads it, in printable characters."""
    return " ".join(map(quote_word, words))


def _escaped(letter: str) -> str:
    if letter in SHORT:
        return SHORT[letter]
    if letter in PLAIN or (letter.isprintable() and letter.isalnum()):
        return letter
    is_byte = "\udc80" <= letter <= "\udcff"  # a byte of a file name that is no text
    return "".join(f"\\x{byte:02x}" for byte in letter.encode("utf-8", BYTE if is_byte else ANY))
