"""The parser of network texts: `64-64 residual batchnorm dropout=0.2`, `linear`, `32 conv=8-16`.

    64-64                                          units of the hidden layers; `linear` or `0` for none
    conv=8-16                                      channels of 3x3 convolutions before the hidden layers
    plain residual scaled-residual highway dense   connection of every layer but the last with its input
    batchnorm layernorm                            normalization
    dropout=0.2                                    dropout rate
    gate=-2                                        initial bias of highway gates
    slope=0.01                                     slope of the leaky ReLU

Dropout rate, gate bias and slope can differ between the runs of one compiled program. Any other change of the
text needs another program.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ravine.errors import UsageError, did_you_mean
from ravine.networks.connections import CONNECTIONS, DEFAULT_CONNECTION
from ravine.networks.normalization import NORMALIZATIONS
from ravine.user_code.code_text import CodeText, code_text, short_code

if TYPE_CHECKING:
    from ravine.networks.file_network import FileNetwork
    from ravine.networks.network import Network

__all__ = ["FileNetworkSpec", "NetworkSpec", "any_network", "read_network"]

MAX_UNITS, MAX_LAYERS = 100_000, 1_000
NUMBERS = {"dropout": "dropout", "gate": "gate_bias", "slope": "slope"}
SCHEDULABLE = ("dropout",)  # used by training alone; evaluation needs the slope, the start the gate
NO_HIDDEN = ("linear", "0", "none")
NORMS = tuple(row.name for row in NORMALIZATIONS.values() if row.normalizes)
KNOWN_WORDS = (NO_HIDDEN[0], "conv=8-16", *CONNECTIONS, *NORMS, "dropout=0.2", "gate=-2", "slope=0.01")
EXAMPLE = "Write for example --net 64-64, or --net '64-64 residual dropout=0.2'."


@dataclass(frozen=True)
class NetworkSpec:
    """The structure of a network, as a text such as `64-64 residual dropout=0.2` describes it.

    The numbers of inputs and outputs and the activation are not part of it. `str()` returns the text.

    hidden       units of the hidden layers
    connection   name of the connection of each layer but the last with its input
    norm         name of the normalization
    conv         channels of convolutions before the hidden layers
    hyper        values of `dropout`, `gate_bias` and `slope`, by name, as far as the text gives them
    """

    hidden: tuple[int, ...]
    connection: str = DEFAULT_CONNECTION
    norm: str = "none"
    conv: tuple[int, ...] = ()
    hyper: Mapping[str, float] = field(default_factory=dict, hash=False)

    def build(
        self,
        inputs: int,
        outputs: int,
        activation: str = "relu",
        image: tuple[int, int, int] | None = None,
    ) -> Network:
        """Return the complete network, for rows of `inputs` values and with `outputs` outputs.

        activation   name of the activation
        image        (height, width, channels) if a row is an image

        Raises UsageError for parts that do not fit together, such as a slope without the leaky ReLU.
        """
        from ravine.networks.network import Network  # needs JAX, which a text does not

        if self.conv and image is None:
            raise UsageError(
                f"Convolutions (conv={_hyphenated(self.conv)}) need images.",
                f"The data have {inputs:,} inputs, and their arrangement in an image is not known.",
                "Leave conv out.",
            )
        return Network(
            (inputs, *self.hidden, outputs),
            activation,
            self.connection,
            self.norm,
            "dropout" in self.hyper,
            "slope" in self.hyper,
            self.conv,
            image if self.conv else None,
        )

    def __str__(self) -> str:
        words = [_hyphenated(self.hidden) or "linear"] if self.hidden or not self.conv else []
        words += [f"conv={_hyphenated(self.conv)}"] * bool(self.conv)
        words += [self.connection] * (self.connection != DEFAULT_CONNECTION)
        words += [self.norm] * NORMALIZATIONS[self.norm].normalizes
        numbers = {word: self.hyper[name] for word, name in NUMBERS.items() if name in self.hyper}
        return " ".join(words + [f"{word}={_shortest(value)}" for word, value in numbers.items()])


@dataclass(frozen=True)
class FileNetworkSpec:
    """A network in a Python file of the user, as a text such as `own.py:Mixer` names it.

    The numbers of inputs and outputs are not part of it. `str()` returns the text.
    """

    code: CodeText

    @property
    def hyper(self) -> Mapping[str, float]:
        """Values of hyperparameters, of which there are none."""
        return {}

    def build(
        self,
        inputs: int,
        outputs: int,
        activation: str = "relu",
        image: tuple[int, int, int] | None = None,
    ) -> FileNetwork:
        """Return the network for rows of `inputs` values and with `outputs` outputs. Its file runs.

        activation, image: not used. Raises the errors of `FileNetwork.load`.
        """
        from ravine.networks.file_network import FileNetwork  # needs JAX, which a text does not

        return FileNetwork.load(self.code, inputs, outputs)

    def __str__(self) -> str:
        return str(self.code)


def any_network(text: str) -> NetworkSpec | FileNetworkSpec:
    """Return the network that a text describes, as `read_network`, or names in a Python file, `own.py:Mixer`.

    Raises UsageError as `read_network`, and for arguments of a network of a Python file.
    """
    code = code_text(text)
    if code is None:
        return read_network(text)
    if code.call:
        raise UsageError(
            f"The network '{text}' has arguments.",
            "A network of a Python file takes none.",
            f"Write {code[0]}:{code[1]}.",
        )
    return FileNetworkSpec(code)


def read_network(text: str) -> NetworkSpec:
    """Return the network that a text such as `64-64 residual dropout=0.2` describes, with words in any order.

    Raises UsageError for a network of a Python file, for an unknown word, for a second connection,
    normalization or value of an option, for a value that is not allowed, and for words that do not fit
    together.
    """
    if code_text(text):
        raise UsageError(
            f"The layers of '{short_code(text)}', a network of a Python file, are not known.",
            "They are needed here.",
            "Choose a network such as --net 64-64.",
        )
    sizes: list[str] = []
    words: dict[str, str] = {}
    for word in re.sub(r"\s*=\s*", "=", str(text).strip().lower()).split():
        kind, value = _kind(text, word)
        if kind == "sizes":
            sizes.append(word)
        elif kind in words:
            raise UsageError(f"The network '{text}' gives '{kind}' twice.", "", "Give it once.")
        else:
            words[kind] = value
    numbers = {NUMBERS[word]: _number(word, words[word]) for word in NUMBERS if word in words}
    conv = _widths(text, words["conv"]) if "conv" in words else ()
    hidden = _hidden(" ".join(sizes) or text) if sizes or not conv else ()
    connection = words.get("connection", DEFAULT_CONNECTION)
    spec = NetworkSpec(hidden, connection, words.get("norm", "none"), conv, numbers)
    _check(text, spec)
    return spec


def _hidden(text: str) -> tuple[int, ...]:
    """Return the units of `64-64`, `64,64` or `50`; () for `linear`, `0` and `none`. Raises UsageError."""
    plain = str(text).strip().lower()
    return () if plain in NO_HIDDEN else _widths(text, plain)


def _kind(text: str, word: str) -> tuple[str, str]:
    """Return the kind of a word and its value. Raises UsageError for an unknown word."""
    name, equals, value = word.partition("=")
    if equals and name in (*NUMBERS, "conv"):
        return name, value
    if not equals:
        for kind, words in (("connection", CONNECTIONS), ("norm", NORMS)):
            for known in words:
                if name.replace("_", "").replace("-", "") == known.replace("-", ""):
                    return kind, known
        if name in NO_HIDDEN or name == "x" or not name[0].isalpha():
            return "sizes", word
    near = did_you_mean(word, KNOWN_WORDS)
    raise UsageError(
        f"The network '{text}' has the unknown word '{word}'.", near, EXAMPLE, allowed=tuple(KNOWN_WORDS)
    )


def _widths(text: str, widths_text: str) -> tuple[int, ...]:
    """Return the numbers of units in a text, joined by '-', ',' or 'x'. Raises UsageError."""
    if not re.fullmatch(r"[0-9]+(\s*[-,x ]\s*[0-9]+)*", widths_text):
        raise UsageError(f"'{text}' is not a network.", "Layers are numbers of units joined by '-'.", EXAMPLE)
    widths = tuple(int(width) for width in re.split(r"[-,x ]+", widths_text))
    if any(not 1 <= width <= MAX_UNITS for width in widths) or len(widths) > MAX_LAYERS:
        raise UsageError(
            f"The network '{text}' cannot be built.",
            f"A layer has 1 to {MAX_UNITS:,} units, a network at most {MAX_LAYERS:,} layers.",
            EXAMPLE,
        )
    return widths


def _number(word: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"'{word}={value}' needs a number.", "", f"Write for example {_example(word)}.")
    if word == "dropout" and not 0 <= number < 1:
        raise UsageError(
            f"A dropout rate of {value} is not allowed.",
            "It is the probability of dropping a unit, at least 0 and below 1.",
            f"Write for example {_example(word)}.",
        )
    return number


def _check(text: str, spec: NetworkSpec) -> None:
    """Raise UsageError if the words do not fit together."""
    layers = bool(spec.hidden or spec.conv)
    connection, norm = CONNECTIONS[spec.connection], NORMALIZATIONS[spec.norm]
    if not layers and (spec.connection != DEFAULT_CONNECTION or norm.normalizes or spec.hyper):
        why, fix = "It has no hidden layer to connect, normalize or apply dropout to.", EXAMPLE
    elif "gate_bias" in spec.hyper and not connection.gated:
        why, fix = "Only highway connections have a gate.", "Add highway, or leave gate out."
    elif spec.conv and connection.concatenates:
        why, fix = (
            "Convolutions shrink the image, and only images of one size can be concatenated.",
            "Choose residual.",
        )
    else:
        return
    raise UsageError(f"The network '{text}' cannot be built.", why, fix)


def _example(word: str) -> str:
    return next(shown for shown in KNOWN_WORDS if shown.startswith(f"{word}="))


def _hyphenated(widths: tuple[int, ...]) -> str:
    return "-".join(map(str, widths))


def _shortest(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
