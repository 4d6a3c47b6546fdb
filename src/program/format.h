// Constants of the file form, shared by its writer and reader.
#pragma once

#include <cstddef>
#include <cstdint>

#include "program_generated.h"

namespace picabia::program {

constexpr uint32_t kFormatVersion = 1;
constexpr size_t kDataAlignment =
    64;  // constants are read in place by kernels with the widest vectors
constexpr int64_t kMaxFileBytes =
    (int64_t{1} << 31) - (int64_t{1} << 20);  // FlatBuffers' offsets are 31 bits

}  // namespace picabia::program
