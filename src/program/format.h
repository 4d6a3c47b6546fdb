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

// Picture.out_layout of the schema.
constexpr uint8_t kSameLayout = 0;
constexpr uint8_t kNhwcLayout = 1;
constexpr uint8_t kNchwLayout = 2;

}  // namespace picabia::program
