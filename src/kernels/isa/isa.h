// What the files of src/kernels/isa/ share, and the tables that they define. Read by table.cc only.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/mlu/numerics.h"
#include "kernels/table.h"

#if defined(__clang__)
#define PICABIA_UNROLL _Pragma("clang loop unroll(full)")
#else
#define PICABIA_UNROLL _Pragma("GCC unroll 64")
#endif

namespace picabia::kernels {

extern const KernelTable kScalarTable;
extern const KernelTable kSse4Table;
extern const KernelTable kAvx2Table;
extern const KernelTable kAvx512VnniTable;
extern const KernelTable kNeonTable;
const KernelTable& Avx512AmxTable();  // of functions of the one above, and its own

}  // namespace picabia::kernels
