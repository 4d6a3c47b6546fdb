// What the files of builtins share: who calls, who watches, sizes of types.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "bang/picabia_bang_abi.h"
#include "devices/mlu/bang/core.h"
#include "devices/mlu/bang/half_rules.h"
#include "devices/mlu/bang/vector.h"

namespace picabia::bang {

inline Where From(picabia_bang_where where) { return {where.file, where.line}; }

// The card's memory core has no vector unit, NRAM or WRAM: what needs them has no effect on it.
inline bool NoEffectHere() {
  const Core* core = CurrentCore();
  return core != nullptr && core->memory_core;
}

inline bool Watched() {
  const Core* core = CurrentCore();
  return core != nullptr && core->watched != 0;
}

inline void Tell(const Operation& operation) {
  Core* core = CurrentCore();
  const Uninterrupted uninterrupted(core);
  core->execution->observer()->Operate(*core, operation);
}

inline void TellMisuse(const char* name, Where where, const char* text) {
  Core* core = CurrentCore();
  const Uninterrupted uninterrupted(core);
  core->execution->observer()->Misuse(*core, name, where, text);
}

inline int BytesOf(int type) {
  constexpr int kBytes[] = {2, 4, 1, 1, 2, 2, 4, 4};
  return kBytes[type];
}

// Whether the product of these, bytes, is no more than any memory of a chip has, with much to
// spare: builtins that need scratch of that size ask first. All are positive.
inline bool FitsChip(std::initializer_list<int64_t> factors) {
  constexpr int64_t kMost = int64_t{64} << 20;
  int64_t bytes = 1;
  for (const int64_t factor : factors)
    if (__builtin_mul_overflow(bytes, factor, &bytes) || bytes > kMost) return false;
  return true;
}

constexpr int kVectorBytes = 128;  // what the vector unit works on at once
constexpr int kAlignment = 64;     // of its operands

// A vector operation over rows of n elements: dst (out_bytes an element) from up to three sources.
struct RowOperation : Operation {
  RowOperation(const char* op_name, picabia_bang_where at, int64_t n, int bytes) {
    name = op_name;
    where = From(at);
    unit = Unit::kVector;
    elements = n;
    element_bytes = bytes;
    alignment = kAlignment;
    count_multiple = kVectorBytes / std::max(bytes, 1);
  }
  RowOperation& Write(const void* address, int64_t bytes) {
    writes[num_writes++] = {address, bytes, 0, 1, PICABIA_NRAM};
    return *this;
  }
  RowOperation& Read(const void* address, int64_t bytes) {
    reads[num_reads++] = {address, bytes, 0, 1, PICABIA_NRAM};
    return *this;
  }
};

// As `RowOperation`, of elements that have nothing to do with each other.
struct ElementOperation : RowOperation {
  ElementOperation(const char* op_name, picabia_bang_where at, int64_t n, int bytes)
      : RowOperation(op_name, at, n, bytes) {
    elementwise = true;
  }
};

// One element as a float, and back; halves by the device's rules.
inline float LoadFloat(int type, const void* from, int64_t i) {
  switch (type) {
    case PICABIA_HALF:
      return mlu::DeviceHalfToFloat(static_cast<const uint16_t*>(from)[i]);
    case PICABIA_FLOAT:
      return static_cast<const float*>(from)[i];
    case PICABIA_INT8:
      return static_cast<const int8_t*>(from)[i];
    case PICABIA_UINT8:
      return static_cast<const uint8_t*>(from)[i];
    case PICABIA_INT16:
      return static_cast<const int16_t*>(from)[i];
    case PICABIA_UINT16:
      return static_cast<const uint16_t*>(from)[i];
    case PICABIA_INT32:
      return static_cast<float>(static_cast<const int32_t*>(from)[i]);
    default:
      return static_cast<float>(static_cast<const uint32_t*>(from)[i]);
  }
}

inline void StoreFloat(int type, void* to, int64_t i, float value) {
  if (type == PICABIA_HALF)
    static_cast<uint16_t*>(to)[i] = mlu::FloatToHalfSaturating(value);
  else
    static_cast<float*>(to)[i] = value;
}

// Whether an element counts as true.
inline bool IsSet(int type, const void* from, int64_t i) {
  switch (BytesOf(type)) {
    case 1:
      return static_cast<const uint8_t*>(from)[i] != 0;
    case 2: {
      const uint16_t bits = static_cast<const uint16_t*>(from)[i];
      return (type == PICABIA_HALF ? bits & 0x7FFFu : bits) != 0;
    }
    default: {
      uint32_t bits = 0;
      std::memcpy(&bits, static_cast<const char*>(from) + i * 4, 4);
      return (type == PICABIA_FLOAT ? bits & 0x7FFFFFFFu : bits) != 0;
    }
  }
}

}  // namespace picabia::bang
