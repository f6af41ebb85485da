"""Who works: on a CPU one thread per core, on GPUs one thread per GPU."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from ravine.errors import UsageError

if TYPE_CHECKING:
    from jax import Device

__all__ = ["Devices", "cores", "find_devices", "prepare"]

# Members of a vmapped group on a CPU: more fall out of cache, fewer pay for every kernel's start.
FEWEST, MOST = 2, 8
CACHED = 1_250_000  # bytes of a group's states
HELD = 256 * 2**20  # bytes of all members' states held at a time on CPUs
SHARE = 8  # on GPUs: one part in so many of the memory JAX may take

FUSION = "xla_cpu_experimental_ynn_fusion_type"


def prepare(device: str | None = None, cache: Path | None = None) -> None:
    """Set JAX up: the platform, and the persistent cache of compiled programs.

    To be called before JAX has used a device; after that, what is there is used. `device`: cpu or gpu.
    """
    _correct()
    import jax

    if device is not None:
        jax.config.update("jax_platforms", {"gpu": "cuda"}.get(device, device))
    folder = cache or cache_folder()
    # an entry cut short by a kill is compiled anew: nothing the user could do about it
    warnings.filterwarnings("ignore", message="Error reading persistent compilation cache")
    if _writable(folder):  # where it is not, each process compiles for itself
        jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _correct() -> None:
    """Turn off a fusion that sums wrongly, before JAX reads its flags; the user's own word stands.

    jaxlib 0.10.2 gives wrong sums on a CPU where a product and a sum are fused (jax issue 39103). Single
    products are right, and as fast as with it. Other versions may not know the flag, and would abort.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if metadata.version("jaxlib") == "0.10.2" and FUSION not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --{FUSION}=LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT".strip()


def cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS, Windows
        return os.cpu_count() or 1


def cache_folder() -> Path:
    """Return where compiled programs are kept between processes."""
    base = os.environ.get("RAVINE_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ravine" / "programs"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


@dataclass(frozen=True)
class Devices:
    """Workers, each with a device: the GPUs there are, or one CPU as often as it has cores.

    held: bytes of members' states that all workers may hold at a time.
    """

    workers: tuple[Device, ...]
    kind: str
    held: int

    @property
    def count(self) -> int:
        """How many workers there are."""
        return len(self.workers)

    @property
    def shared(self) -> bool:
        """Whether workers share one memory and cache, and so advance their members in small groups."""
        return self.kind == "cpu"

    def group_size(self, member: int, runs: int) -> int:
        """Return how many of `runs` members, each a state of `member` bytes, a worker advances side by side.

        On a CPU about what its cache holds: that number near it which leaves the fewest places empty.
        """
        share = max(1, -(-runs // self.count))
        if not self.shared:
            return min(share, max(1, self.held // self.count // member))
        most = min(MOST, max(FEWEST, CACHED // member))
        near = range(max(1, 3 * most // 4), 3 * most // 2 + 1)
        return min(share, min(near, key=lambda size: (-(-share // size) * size, abs(size - most))))

    def __str__(self) -> str:
        name = "core" if self.kind == "cpu" else f"{self.kind.upper()} device"
        return f"{self.count} {name}{'s' * (self.count > 1)}"


def find_devices(device: str | None = None) -> Devices:
    """Return the workers of JAX's default platform, or of `device` (cpu, gpu). Raises UsageError if none."""
    _correct()
    import jax

    try:
        found = jax.devices({"gpu": "cuda"}.get(device, device) if device else None)
    except RuntimeError as error:
        raise UsageError(
            f"There is no device '{device or jax.config.values['jax_platforms']}'.",
            str(error).splitlines()[0],
            "Leave --device out.",
        ) from error
    kind = found[0].platform
    if kind == "cpu":  # programs started by several threads run side by side on one device
        return Devices((found[0],) * cores(), kind, HELD)
    limits = [(each.memory_stats() or {}).get("bytes_limit", HELD) for each in found]
    return Devices(tuple(found), kind, min(limits) * len(found) // SHARE)
