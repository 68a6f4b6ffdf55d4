// The operation of attention.
// Files of one unit are compiled together (docs/decisions/0054-the-build.md).
#include "../Attention/Attention.cpp"
#include "../Attention/OnCPU.cpp"
#include "../Attention/OnCUDA.cpp"
#include "../Attention/Padded.cpp"
#include "../Attention/Plain.cpp"
