"""The devices that train networks, as workers: one for each core of the CPU, or one for each GPU."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from ravine.cores import cores
from ravine.engines.program_cache import cache_folder, can_keep_programs, remove_old_programs
from ravine.errors import UsageError

if TYPE_CHECKING:
    from jax import Device

__all__ = ["Devices", "check_not_forked", "find_devices", "prepare"]

# Members of a group on a CPU. More states do not fit into the cache; with fewer, kernel starts dominate.
MIN_GROUP, MAX_GROUP = 2, 8
GROUP_CACHE_BYTES = 1_250_000  # of the states of a group, on a CPU
CPU_STATE_BYTES = 256 * 2**20  # of the states of all members in memory at the same time, on a CPU
GPU_MEMORY_DIVISOR = 8  # states take at most this part of the memory that JAX may use on a GPU

FUSION = "xla_cpu_experimental_ynn_fusion_type"


def prepare(device: str | None = None, cache: Path | None = None) -> None:
    """Configure JAX for this process: its platform, and the folder in which it keeps compiled programs.

    device: "cpu" or "gpu", None for JAX's own choice. cache: folder of the compiled programs, by default in
    the user's cache. Call this function before JAX uses a device, since JAX chooses its platform only once.
    If the folder cannot be written, compiled programs are not kept. If they take too much space, those not
    used for the longest time are removed. Raises UsageError in a process that was
    forked after JAX had started, and if compilation is switched off.
    """
    global _process_of_jax
    check_not_forked()
    _disable_wrong_fusion()
    import jax

    if jax.config.values["jax_disable_jit"]:
        raise UsageError(
            "Ravine needs compiled programs, and compilation is switched off in JAX.",
            "The environment variable JAX_DISABLE_JIT, or the setting jax_disable_jit, is on.",
            "Type `unset JAX_DISABLE_JIT` first.",
        )
    _process_of_jax = os.getpid()
    if device is not None:
        jax.config.update("jax_platforms", {"gpu": "cuda"}.get(device, device))
    folder = cache or cache_folder()
    # JAX warns of a cache entry that a killed process wrote in part, and compiles it anew.
    warnings.filterwarnings("ignore", message="Error reading persistent compilation cache")
    if can_keep_programs(folder):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        remove_old_programs(folder)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


_process_of_jax: int | None = None  # id of the process that prepared JAX


def check_not_forked() -> None:
    """Raise UsageError in a process that was forked after Ravine had started JAX.

    The threads of JAX do not exist in the new process, so that a program would wait for them for ever.
    """
    if _process_of_jax not in (None, os.getpid()):
        raise UsageError(
            "Ravine cannot compute in a process that was forked after JAX had started.",
            "The threads of JAX exist only in the process that started them.",
            "Start the process by spawn, as in multiprocessing.get_context('spawn'), or fork before.",
        )


def _disable_wrong_fusion() -> None:
    """Turn off a fusion of the compiler that gives wrong sums, unless the user set its flag.

    jaxlib 0.10.2 fuses matrix products with sums on a CPU and gets wrong sums (jax issue 39103). Without the
    fusion the sums are right, and as fast. Other versions may not know the flag and would abort. JAX reads
    the flag when it starts, so this function must be called before.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if metadata.version("jaxlib") == "0.10.2" and FUSION not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --{FUSION}=LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT".strip()


@dataclass(frozen=True)
class Devices:
    """The workers that train runs: all CPU cores of this process, or all GPUs, each with its JAX device.

    workers: the device of each worker: every GPU once, or the single CPU device once for each core.
    kind: "cpu" or "gpu". state_bytes: memory in bytes for the states (weights, gradient, arrays of the
    optimizer) of all runs that train at the same time.
    """

    workers: tuple[Device, ...]
    kind: str
    state_bytes: int

    @property
    def count(self) -> int:
        """Number of workers."""
        return len(self.workers)

    @property
    def shared(self) -> bool:
        """Whether the workers share one memory, as the cores of a CPU do.

        The groups of runs that train together are then small. Of small data, every run reads a copy of its
        own.
        """
        return self.kind == "cpu"

    def group_size(self, member: int, runs: int) -> int:
        """Return the size of a group: the number of runs that one core or GPU advances at the same time.

        member: bytes of the state of one run: weights, gradient and arrays of the optimizer. runs: number of
        runs that all workers train together. On a GPU, a group is as large as memory allows. On a CPU, the
        states of a group nearly fill the cache of a core, and the size leaves the fewest places empty in the
        last group. A group never has more runs than the share of one worker.
        """
        share = max(1, -(-runs // self.count))
        if not self.shared:
            return min(share, max(1, self.state_bytes // self.count // member))
        most = min(MAX_GROUP, max(MIN_GROUP, GROUP_CACHE_BYTES // member))
        near = range(max(1, 3 * most // 4), 3 * most // 2 + 1)
        return min(share, min(near, key=lambda size: (-(-share // size) * size, abs(size - most))))

    def __str__(self) -> str:
        name = "core" if self.kind == "cpu" else f"{self.kind.upper()} device"
        return f"{self.count} {name}{'s' * (self.count > 1)}"


def find_devices(device: str | None = None) -> Devices:
    """Return the workers that can train: the CPU cores or GPUs of JAX's default platform, or of `device`.

    device: "cpu" or "gpu". Raises UsageError if this machine has no such device.
    """
    _disable_wrong_fusion()
    import jax

    try:
        devices = jax.devices({"gpu": "cuda"}.get(device, device) if device else None)
    except RuntimeError as error:
        raise UsageError(
            f"There is no device '{device or jax.config.values['jax_platforms']}'.",
            str(error).splitlines()[0],
            "Leave --device out.",
            option="device",
            value=device,
            allowed="a kind of device that this machine has",
        ) from error
    kind = devices[0].platform
    if kind == "cpu":  # programs that several threads start run side by side on one device
        return Devices((devices[0],) * cores(), kind, CPU_STATE_BYTES)
    limits = [(gpu.memory_stats() or {}).get("bytes_limit", CPU_STATE_BYTES) for gpu in devices]
    return Devices(tuple(devices), kind, min(limits) * len(devices) // GPU_MEMORY_DIVISOR)
