// Nothing is imported from libtorch here: this target only carries the compiler and linker flags that
// `make setup` writes to .deps/pkgconfig/bertqa-libtorch.pc to the target CTorch.
