/* One of the names under which kernels include bang.h. */
#include "bang/bang.h"
