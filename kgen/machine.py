"""What a run was trained on: the processor, its cores, and the accelerators."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any


def describe() -> dict[str, Any]:
    """Describes this machine, as far as its speed depends on it.

    Returns:
        `system` and `processor` (names), `cores` (that this process may use), and `accelerators`
        (the names of those that the backend sees; empty on a CPU alone).

    Example:

        >>> sorted(describe())
        ['accelerators', 'cores', 'processor', 'system']
    """
    return {
        "system": f"{platform.system()} {platform.machine()}".strip(),
        "processor": _processor(),
        "cores": cores(),
        "accelerators": _accelerators(),
    }


def in_words(machine: dict[str, Any]) -> str:
    """A machine as `describe` gives it, in one line.

    Example:

        >>> in_words({"processor": "Xeon", "cores": 2, "accelerators": ["H200", "H200"]})
        '2 x H200, Xeon, 2 cores'
        >>> in_words({"processor": "", "cores": 1, "accelerators": []})
        '1 core'
    """
    names = list(machine.get("accelerators") or ())
    parts = []
    for name in dict.fromkeys(names):
        count = names.count(name)
        parts.append(f"{count} x {name}" if count > 1 else name)
    if machine.get("processor"):
        parts.append(machine["processor"])
    if cores := machine.get("cores"):
        parts.append(f"{cores} core" if cores == 1 else f"{cores} cores")
    return ", ".join(parts)


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")  # `platform` knows only the architecture on Linux
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return " ".join(value.split())
    return platform.processor()


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _accelerators() -> list[str]:
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        details = map(
            tf.config.experimental.get_device_details, tf.config.list_physical_devices("GPU")
        )
        return [found.get("device_name", "GPU") for found in details]
    if backend == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform != "cpu"]
    import torch

    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
