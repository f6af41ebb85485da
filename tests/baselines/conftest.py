"""One thread for the fits, which are small: threads that wait for each other take longer."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def one_thread():
    """Limit scikit-learn to one thread."""
    with threadpool_limits(1):
        yield
