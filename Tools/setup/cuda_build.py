#!/usr/bin/env python3
"""Makes the CUDA build of a torch wheel usable: cuda_build.py WHEEL LIBTORCH all|cpu

Prints the packages that its libraries need, as lines for `pip install --requirement`. `all`: every package of CUDA that
the wheel names. `cpu`: only what libtorch_cpu is linked with; the libraries of LIBTORCH/lib that need a GPU are
removed, and with them libtorch itself, an empty library that loads both halves.
"""

import re
import sys
import zipfile
from pathlib import Path

# What libtorch_cpu is linked with: the run time and the profiler's interface.
FOR_THE_CPU = ("cudart", "cupti")
NEED_A_GPU = ("libtorch_cuda", "libc10_cuda", "libcaffe2_nvrtc", "libtorch_nvshmem", "libtorch.so")


def requirements(wheel):
    """The packages of CUDA among those that the wheel requires, with their versions and conditions."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
        lines = archive.read(names[0]).decode("utf-8").splitlines() if names else []
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("Requires-Dist:")]
    return [line for line in found if line.startswith(("nvidia-", "cuda-toolkit"))]


def for_the_cpu(lines):
    """The toolkit's line with only the parts that are needed."""
    for line in lines:
        toolkit = re.match(r"cuda-toolkit\[([^]]*)\](.*)", line)
        if toolkit and set(FOR_THE_CPU) <= set(toolkit[1].split(",")):
            return [f"cuda-toolkit[{','.join(FOR_THE_CPU)}]{toolkit[2]}"]
    sys.exit(f"no line for cuda-toolkit with {' and '.join(FOR_THE_CPU)} among what it requires: {lines}")


def main():
    wheel, libtorch, which = sys.argv[1:]
    lines = requirements(wheel)
    if not lines:
        sys.exit("it requires no packages of CUDA")
    if which == "cpu":
        lines = for_the_cpu(lines)
        for library in sorted(Path(libtorch, "lib").iterdir()):
            if library.name.startswith(NEED_A_GPU):
                library.unlink()
    print("\n".join(lines))


if __name__ == "__main__":
    try:
        main()
    except (OSError, zipfile.BadZipFile) as error:
        sys.exit(f"cuda_build.py: {error}")
