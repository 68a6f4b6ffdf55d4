// What is fused around the products.
// Files of one unit are compiled together (docs/decisions/0054-the-build.md).
#include "../AddNorm/AddNorm.cpp"
#include "../AddNorm/Kernel.cpp"
#include "../AddNorm/Plain.cpp"
#include "../BiasGelu/BiasGelu.cpp"
#include "../BiasGelu/Kernel.cpp"
#include "../Dropout/Dropout.cpp"
#include "../Dropout/Kernel.cpp"
#include "../Dropout/Plain.cpp"
#include "../SpanLoss/Kernel.cpp"
#include "../SpanLoss/Plain.cpp"
#include "../SpanLoss/Soft.cpp"
#include "../SpanLoss/SpanLoss.cpp"
