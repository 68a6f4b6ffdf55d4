# Finds or fetches libtorch and proves that it runs. Sets `libtorch`, a folder with lib/ and include/.

prepare_libtorch() {
    if [ -n "${LIBTORCH:-}" ]; then
        libtorch=$(cd "$LIBTORCH" 2> /dev/null && pwd) || fail "LIBTORCH=$LIBTORCH is not a folder."
        check_layout
        test_loading "$libtorch"
    elif libtorch=$(earlier_libtorch); then
        check_layout
        test_loading "$libtorch"
    else
        fetch_libtorch
    fi
    point "$deps/libtorch" "$libtorch"
    write_pkgconfig
    say "libtorch $torch_found in $libtorch"
}

# The one that an earlier set-up fetched or was given; none when this version wants another one fetched.
earlier_libtorch() {
    case $(readlink "$deps/libtorch") in
        "" | "$deps"/torch-*) ;;
        *) if [ -d "$deps/libtorch/lib" ]; then cd "$deps/libtorch" && pwd -P && return; fi ;;
    esac
    if [ -d "$deps/torch-$TORCH_VERSION/lib" ]; then printf '%s\n' "$deps/torch-$TORCH_VERSION"; else return 1; fi
}

check_layout() {
    for needed in include/ATen/ATen.h include/torch/csrc/api/include/torch/version.h; do
        [ -e "$libtorch/$needed" ] || not_libtorch "$needed"
    done
    [ -e "$libtorch/lib/libtorch_cpu.so" ] || [ -e "$libtorch/lib/libtorch_cpu.dylib" ] \
        || not_libtorch "lib/libtorch_cpu.so"
}

not_libtorch() {
    fail "$libtorch is not a libtorch: it has no $1." \
        "LIBTORCH must name an unpacked libtorch, or the folder 'torch' of an installed PyTorch." \
        "(To go back to a fetched one: make distclean, then make setup without LIBTORCH.)"
}

fetch_libtorch() {
    check_python
    need_space 2500 "fetching libtorch"
    say "downloading torch $TORCH_VERSION with pip for its C++ libraries (about 200 MB, CUDA builds 900 MB) ..."
    wheel=$(fetch_wheel "torch==$TORCH_VERSION" "$scratch" \
        "A libtorch that you already have will do: LIBTORCH=/path/to/libtorch make setup") || exit 1
    say "unpacking its lib and include ..."
    python3 "$root/Tools/setup/unpack_wheel.py" "$wheel" "$scratch/libtorch" --strip torch torch/lib torch/include \
        --skip libtorch_python libtorchbind_test libjitbackend_test libbackend_with_compiler \
        || fail "the wheel could not be unpacked (see above); nothing was kept."
    libtorch=$scratch/libtorch
    check_layout
    [ ! -e "$libtorch/lib/libtorch_cuda.so" ] || complete_cuda_build
    rm -f "$wheel"
    test_loading "$libtorch"
    [ ! -d "$scratch/nvidia" ] || publish "$scratch/nvidia" "$deps/nvidia"
    publish "$scratch/libtorch" "$deps/torch-$TORCH_VERSION"
    libtorch=$deps/torch-$TORCH_VERSION
}

# What PyPI has for Linux on x86-64 is the CUDA build, which wants CUDA's libraries in packages beside it. Without an
# NVIDIA driver nothing of CUDA could run, and its half is left out: then the two small packages do that libtorch_cpu
# itself is linked with.
complete_cuda_build() {
    if has_nvidia_driver; then
        need_space 6000 "a libtorch with CUDA"
        say "an NVIDIA driver is here: downloading CUDA's libraries with pip too (2.7 GB unpacked) ..."
        which=all
    else
        say "no NVIDIA driver is here: leaving out the CUDA half of this build ..."
        which=cpu
    fi
    python3 "$root/Tools/setup/cuda_build.py" "$wheel" "$libtorch" "$which" > "$scratch/cuda.txt" \
        || fail "$wheel does not say which packages of CUDA it needs (see above)."
    python3 -m pip install --quiet --disable-pip-version-check --only-binary=:all: --target "$scratch/site" \
        --requirement "$scratch/cuda.txt" > "$scratch/pip.log" 2>&1 || {
        sed 's/^/       pip: /' "$scratch/pip.log" >&2
        fail "pip could not install the packages of CUDA that torch $TORCH_VERSION needs (its words are above)." \
            "A libtorch that you already have will do: LIBTORCH=/path/to/libtorch make setup"
    }
    mv "$scratch/site/nvidia" "$scratch/nvidia" || fail "pip installed no packages of CUDA."
}

has_nvidia_driver() { [ -e /proc/driver/nvidia/version ] || command -v nvidia-smi > /dev/null; }

# link_flags FOLDER: libtorch itself is an empty library that loads what there is, the CUDA half too; not there
# without that half.
link_flags() {
    for library in "$1"/lib/libtorch.so "$1"/lib/libtorch.dylib; do
        if [ -e "$library" ]; then printf '%s' "-ltorch "; fi
    done
    printf '%s' "-ltorch_cpu -lc10"
}

# test_loading FOLDER: compiles, links and runs load_test.cpp against it; sets `torch_found`, its version.
test_loading() {
    say "testing that $1 compiles, links and runs ..."
    program=$scratch/load_test
    # shellcheck disable=SC2046  # one flag a word
    "$cxx" -std=c++20 -O0 -I"$1/include" -I"$1/include/torch/csrc/api/include" "$root/Tools/setup/load_test.cpp" \
        -L"$1/lib" -Wl,-rpath,"$1/lib" $(link_flags "$1") -o "$program" > "$scratch/compile.log" 2>&1 || {
        missing=$(missing_libraries "$1")
        [ -z "$missing" ] || explain_missing "$1" "$missing"
        tail -n 12 "$scratch/compile.log" | sed 's/^/       /' >&2
        fail "a C++ program could not be built with $1 (above: the end of the compiler's output)."
    }
    torch_found=$("$program" 2> "$scratch/run.log") || {
        missing=$(missing_libraries "$1")
        [ -z "$missing" ] || explain_missing "$1" "$missing"
        tail -n 5 "$scratch/run.log" | sed 's/^/       /' >&2
        fail "a program linked with $1 does not run (its words are above)."
    }
    at_least "$torch_found" "$TORCH_OLDEST" || fail "$1 is libtorch $torch_found; BertQA needs $TORCH_OLDEST or later."
}

missing_libraries() {
    command -v ldd > /dev/null || return 0
    for library in "$1"/lib/libtorch_cpu.so "$1"/lib/libtorch_cuda.so; do
        [ -e "$library" ] || continue
        ldd "$library" 2> /dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p'
    done | sort -u
}

explain_missing() {
    # shellcheck disable=SC2086  # one library a word
    say "$1 needs libraries that this machine does not have:" $2
    case $2 in
        *cu* | *nvrtc* | *nccl*)
            fail "This is a CUDA build of PyTorch without CUDA's run-time libraries. Either" \
                "- take the CPU build: PIP_INDEX_URL=<the CPU index that pytorch.org/get-started shows> make setup" \
                "- or install PyTorch with its CUDA packages (pip install torch) and name it:" \
                "  LIBTORCH=\"\$(python3 -c 'import torch, os; print(os.path.dirname(torch.__file__))')\" make setup"
            ;;
        *) fail "Install them, or name another libtorch: LIBTORCH=/path/to/libtorch make setup" ;;
    esac
}

# SwiftPM reads the flags from here; a blank inside a path is written with a backslash.
# With BERTQA_NCCL=1 several GPUs can train together: the headers of CUDA and NCCL are looked for in the packages
# beside a wheel's libtorch and in CUDA's own folder. Sets `nccl_cflags` and `nccl_libs`.
find_nccl() {
    nccl_cflags="" nccl_libs=""
    [ "${BERTQA_NCCL:-0}" = 1 ] || return 0
    [ -e "$libtorch/lib/libtorch_cuda.so" ] \
        || fail "BERTQA_NCCL=1 needs a CUDA libtorch; $libtorch has no libtorch_cuda.so."
    cuda=${CUDA_HOME:-/usr/local/cuda}
    for needed in nccl.h cuda_runtime.h crt/host_config.h nv/target; do
        for folder in "$libtorch"/../nvidia/*/include "$libtorch"/../nvidia/*/include/cccl "$cuda/include" \
            "$cuda/include/cccl" /usr/include; do
            if [ -e "$folder/$needed" ]; then
                [ "$folder" = /usr/include ] || nccl_cflags="$nccl_cflags -I$(cd "$folder" && pwd -P)"
                continue 2
            fi
        done
        fail "BERTQA_NCCL=1: no $needed beside $libtorch or in $cuda." \
            "It comes with CUDA's toolkit and NCCL, or with the packages nvidia-nccl-cu13, nvidia-cuda-runtime," \
            "nvidia-cuda-crt, nvidia-cuda-cccl."
    done
    nccl_libs=" -ltorch_cuda -lc10_cuda"
}

write_pkgconfig() {
    find_nccl
    escaped=$(printf '%s' "$libtorch" | sed 's/[\\ "'"'"']/\\&/g')
    mkdir -p "$deps/pkgconfig"
    cat > "$scratch/bertqa-libtorch.pc" << PC
Name: bertqa-libtorch
Description: the libtorch that BertQA is built with
Version: $torch_found
Cflags: -I$escaped/include -I$escaped/include/torch/csrc/api/include$nccl_cflags
Libs: -L$escaped/lib $(link_flags "$libtorch")$nccl_libs
PC
    mv "$scratch/bertqa-libtorch.pc" "$deps/pkgconfig/bertqa-libtorch.pc"
}
