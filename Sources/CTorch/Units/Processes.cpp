// Process groups. The first file decides which of c10d's backends the headers declare.
// Files of one unit are compiled together (docs/decisions/0054-the-build.md).
#include "../Processes/Collectives.cpp"
#include "../Processes/GradientReducer.cpp"
#include "../Processes/Nccl.cpp"
#include "../Processes/Store.cpp"
