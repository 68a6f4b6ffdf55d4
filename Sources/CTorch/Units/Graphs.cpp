// Recorded work.
// Files of one unit are compiled together (docs/decisions/0054-the-build.md).

// libtorch's at::RecordFunction has a member more where NDEBUG is not defined; the library was built with it.
#if !defined(NDEBUG)
#define NDEBUG
#endif

#include "../Graphs/Graphs.cpp"
#include "../Graphs/OnCPU.cpp"
#include "../Graphs/OnCUDA.cpp"
