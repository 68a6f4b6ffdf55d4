// Starting without libtorch's initialisers.
#pragma once
#include <stdbool.h>

/// Whether this process left out libtorch's initialisers when it started, since its arguments only ask for a text such
/// as the help. It must not call libtorch then.
bool qs_is_quick(void);

/// Runs this program again with the same arguments and all initialisers. Returns only if that fails, with the system's
/// error number.
int qs_restart(void);
