// See names.h.
#pragma once

#include "../names.h"
