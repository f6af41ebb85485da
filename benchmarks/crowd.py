"""Several workers that work at the same time, as one contender."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from peer_environment import Worker


class Crowd:
    """Several workers that start at the same moment; their steps are added."""

    def __init__(self, workers: list[Worker]) -> None:
        self.workers, self.ready = workers, workers[0].ready
        self._threads = ThreadPoolExecutor(len(workers))

    def __call__(self) -> dict[str, float]:
        answers = list(self._threads.map(lambda call: call(), self.workers))
        return {
            "seconds": max(answer["seconds"] for answer in answers),
            "network_steps": sum(answer["network_steps"] for answer in answers),
        }
