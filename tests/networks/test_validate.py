"""Parts of a network that do not fit together are refused."""

import pytest

from ravine.errors import UsageError
from ravine.networks import Network, read_network

IMAGE = (4, 3, 2)


def network_of(text):
    return read_network(text).build(24, 3, "leaky_relu" if "slope" in text else "tanh", IMAGE)


@pytest.mark.parametrize(
    "text, batch_size, refused",
    [
        ("6 batchnorm", 1, True),
        ("6 batchnorm", 2, False),
        ("6", 1, False),
        ("6 layernorm", 1, False),
        ("conv=3 batchnorm", 1, False),  # twelve places
        ("6 conv=3 batchnorm", 1, True),
        ("linear", 1, False),
    ],
)
def test_one_value_cannot_be_normalised(text, batch_size, refused):
    network = network_of(text)
    if refused:
        with pytest.raises(UsageError, match=r"batch size of 1.*minus its own mean"):
            network.check(batch_size)
    else:
        network.check(batch_size)


@pytest.mark.parametrize(
    "parts, says",
    [
        ({"connection": "resid"}, "no connection or normalization 'resid'.*'residual'"),
        ({"norm": "batch"}, "no connection or normalization 'batch'.*'batchnorm'"),
        ({"sizes": (5,)}, "no network of sizes"),
        ({"sizes": (24, 0, 3)}, "no network of sizes"),
        ({"conv": (3,)}, "only they use it"),
        ({"image": (4, 3, 2)}, "only they use it"),
        ({"conv": (3,), "image": (4, 4, 2)}, "4 x 4 x 2 does not fit a network with 24 inputs"),
        ({"conv": (3,), "image": (4, 6)}, "4 x 6 does not fit"),
        ({"conv": (3,), "image": (4, 3, 2), "connection": "dense"}, "cannot have the connection 'dense'"),
        ({"sizes": (24, 1, 3), "norm": "layernorm"}, "needs layers of more than one"),
        (
            {"conv": (2, 2, 1), "image": (4, 3, 2), "norm": "layernorm"},
            "needs layers of more than one",
        ),
        ({"slope": True}, "Only the leaky ReLU has a slope"),
    ],
)
def test_parts_that_do_not_fit(parts, says):
    with pytest.raises(UsageError, match=says):
        Network(**({"sizes": (24, 3)} | parts))
