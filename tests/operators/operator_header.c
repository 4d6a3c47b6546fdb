/* include/picabia/operator.h compiles as strict C99, and its layout is that of version 1: a change
 * needs another version. */
#include <stdio.h>

#include "picabia/operator.h"

int main(void) {
  const size_t p = sizeof(void*);
  const int ok = PICABIA_OPERATOR_ABI_VERSION == 1 && offsetof(picabia_operator, name) == 8 &&
                 offsetof(picabia_operator, device) == 8 + p &&
                 offsetof(picabia_operator, min_inputs) == 8 + 2 * p &&
                 offsetof(picabia_operator, user) == 16 + 2 * p &&
                 sizeof(picabia_operator) == 16 + 7 * p && sizeof(picabia_tensor) == 8 + 2 * p &&
                 sizeof(picabia_call) == 6 * p && sizeof(picabia_attribute) == 6 * p;
  if (!ok) printf("the layout has changed: raise PICABIA_OPERATOR_ABI_VERSION\n");
  return ok ? 0 : 1;
}
