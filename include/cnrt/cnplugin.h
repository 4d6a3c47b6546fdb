/* Plug-in operators are declared with the rest of CNML here. */
#include "cnml.h"
