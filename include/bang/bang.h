/* BANG C for the software MLU: what a kernel may use. cncc includes this file before every .mlu
 * source, so that kernels need no #include of their own; including bang.h, mlu.h or kernel.h again
 * does no harm. Our own text; names, arguments and meanings are those that kernels for the MLU270
 * and the forms of the MLU370 use. docs/bang.md lists them with their rules.
 *
 * The qualifiers (__nram__, __mlu_entry__, ...) are no macros here: cncc rewrites them
 * (apps/cncc/rewriter.h).
 */
#ifndef PICABIA_BANG_H
#define PICABIA_BANG_H

#if !defined(__BANG__)
#include "bang/mlu.h"
#else

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <type_traits>
#include <utility>

#include "bang/picabia_bang_abi.h"

/* A 16-bit float. Every operation rounds to it: cncc passes -ffloat16-excess-precision=none. */
typedef _Float16 half;
typedef int8_t int8;
typedef int8_t fix8;
typedef int16_t int16;
typedef int16_t fix16;
typedef uint8_t uint8;
typedef uint16_t uint16;
typedef uint32_t uint32;
typedef int32_t int32;

#include "bang/detail/convert.h"
#include "bang/detail/matrix.h"
#include "bang/detail/memory.h"
#include "bang/detail/runtime.h"
#include "bang/detail/scalar.h"
#include "bang/detail/system.h"
#include "bang/detail/vector.h"

#endif /* __BANG__ */
#endif /* PICABIA_BANG_H */
