/* What kernels include as mlu.h. For other compilers than cncc the qualifiers of BANG C mean
 * nothing. */
#ifndef PICABIA_MLU_H
#define PICABIA_MLU_H

#if defined(__BANG__)
#include "bang/bang.h"
#else
#define __mlu_host__
#define __mlu_global__
#define __mlu_entry__
#define __mlu_device__
#define __mlu_func__
#define __mlu_builtin__
#define __nram__
#define __wram__
#define __ldram__
#define __mlu_shared__
#define __mlu_const__
#endif

#endif /* PICABIA_MLU_H */
