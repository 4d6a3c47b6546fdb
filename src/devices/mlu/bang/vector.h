// The vector unit: loops over rows of halves and floats, one table an instruction set. Halves
// compute in float and round once, to nearest with ties to even, saturating at 65504: the device
// has no infinity. Same bits in every table.
#pragma once

#include <cstdint>

#include "bang/picabia_bang_abi.h"
#include "base/cpu.h"

namespace picabia::bang {

// a, b and dst may be the same; other overlaps are read in order, as the card does.
using BinaryLoop = void (*)(void* dst, const void* a, const void* b, int64_t n);
// b is rounded to the type first.
using ScalarLoop = void (*)(void* dst, const void* a, float b, int64_t n);
using UnaryLoop = void (*)(void* dst, const void* src, int64_t n);

struct VectorTable {
  // [half, float][op]; null for the operations on bytes.
  BinaryLoop binary[2][PICABIA_BINARY_OPS];
  ScalarLoop scalar[2][PICABIA_BINARY_OPS];
  // Those that are not transcendental; null otherwise.
  UnaryLoop unary[2][PICABIA_UNARY_OPS];
  // An infinity counts as the largest value.
  void (*half_to_float)(float* dst, const uint16_t* src, int64_t n);
  void (*float_to_half)(uint16_t* dst, const float* src, int64_t n);
  // q = saturate(round(x * factor)), rounding one of picabia_bang_rounding.
  void (*quantize8)(int8_t* dst, const float* src, float factor, int rounding, int64_t n);
  void (*quantize16)(int16_t* dst, const float* src, float factor, int rounding, int64_t n);
  // (sums - correction) * factor (+ bias), to halves or floats. `bias` may be null.
  void (*finish_half)(uint16_t* dst, const int32_t* sums, const int32_t* correction, float factor,
                      const float* bias, int64_t n);
  void (*finish_float)(float* dst, const int32_t* sums, const int32_t* correction, float factor,
                       const float* bias, int64_t n);
  // dst = src + 128, unsigned; the sum of a row; a row's groups of four bytes, each `stride` groups
  // behind the one before.
  void (*to_unsigned)(uint8_t* dst, const int8_t* src, int64_t n);
  int32_t (*sum8)(const int8_t* src, int64_t n);
  void (*scatter_quads)(uint32_t* dst, const int8_t* src, int64_t quads, int64_t stride);
};

const VectorTable& VectorTableFor(Isa isa);
// Of the instruction set that PICABIA_ISA or the machine chooses.
const VectorTable& Vectors();

}  // namespace picabia::bang
