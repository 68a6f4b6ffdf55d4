// Linear layers, gradients and the optimizer.
// Files of one unit are compiled together (docs/decisions/0054-the-build.md).
#include "../Gradients/Autograd.cpp"
#include "../Gradients/Checkpoint.cpp"
#include "../Gradients/Kept.cpp"
#include "../Linear/JoinedLinear.cpp"
#include "../Linear/Linear.cpp"
#include "../Linear/PackedLinear.cpp"
#include "../Linear/QuantizedLinear.cpp"
#include "../Optimizer/AdamW.cpp"
#include "../Optimizer/Average.cpp"
#include "../Optimizer/Clipping.cpp"
#include "../Optimizer/LossScale.cpp"
