// Conversions between element types, with and without a position.
#include <cmath>

#include "devices/mlu/bang/builtin.h"

namespace picabia::bang {
namespace {

double RoundBy(double x, int rounding) {
  switch (rounding) {
    case PICABIA_TZ:
      return std::trunc(x);
    case PICABIA_OZ:
      return std::copysign(std::ceil(std::fabs(x)), x);
    case PICABIA_UP:
      return std::ceil(x);
    case PICABIA_DN:
      return std::floor(x);
    case PICABIA_RN:
      return std::nearbyint(x);
    default:
      return std::round(x);  // halves away from zero
  }
}

// Of a real number to half in any of the device's roundings.
uint16_t RoundToHalf(float x, int rounding) {
  if (rounding == PICABIA_RN) return mlu::FloatToHalfSaturating(x);
  if (rounding == PICABIA_RD)
    return std::fabs(x) < 0x1p-25f ? static_cast<uint16_t>(std::signbit(x) ? 0x8000 : 0)
                                   : mlu::FloatToHalfAway(x);
  const uint16_t nearest = mlu::FloatToHalfSaturating(x);
  const float back = mlu::DeviceHalfToFloat(nearest);
  if (std::isnan(x) || back == x || std::fabs(x) > 65504) return nearest;
  // One step of the magnitude; stepping below zero changes the sign.
  const bool away = std::fabs(back) > std::fabs(x);
  const bool negative = std::signbit(x);
  const bool want_away = rounding == PICABIA_OZ || (rounding == PICABIA_UP && !negative) ||
                         (rounding == PICABIA_DN && negative);
  if (away == want_away) return nearest;
  return static_cast<uint16_t>(want_away ? nearest + 1 : nearest - 1);
}

double Low(int type) {
  switch (type) {
    case PICABIA_INT8:
      return -128;
    case PICABIA_INT16:
      return -32768;
    case PICABIA_INT32:
      return -2147483648.0;
    default:
      return 0;
  }
}

double High(int type) {
  switch (type) {
    case PICABIA_INT8:
      return 127;
    case PICABIA_UINT8:
      return 255;
    case PICABIA_INT16:
      return 32767;
    case PICABIA_UINT16:
      return 65535;
    case PICABIA_INT32:
      return 2147483647.0;
    default:
      return 4294967295.0;
  }
}

double LoadDouble(int type, const void* from, int64_t i) {
  if (type == PICABIA_INT32) return static_cast<const int32_t*>(from)[i];
  if (type == PICABIA_UINT32) return static_cast<const uint32_t*>(from)[i];
  return LoadFloat(type, from, i);
}

void StoreInteger(int type, void* to, int64_t i, double value) {
  const double q = std::isnan(value) ? 0 : std::clamp(value, Low(type), High(type));
  switch (type) {
    case PICABIA_INT8:
      static_cast<int8_t*>(to)[i] = static_cast<int8_t>(q);
      return;
    case PICABIA_UINT8:
      static_cast<uint8_t*>(to)[i] = static_cast<uint8_t>(q);
      return;
    case PICABIA_INT16:
      static_cast<int16_t*>(to)[i] = static_cast<int16_t>(q);
      return;
    case PICABIA_UINT16:
      static_cast<uint16_t*>(to)[i] = static_cast<uint16_t>(q);
      return;
    case PICABIA_INT32:
      static_cast<int32_t*>(to)[i] = static_cast<int32_t>(q);
      return;
    default:
      static_cast<uint32_t*>(to)[i] = static_cast<uint32_t>(q);
      return;
  }
}

// Rows of one type may be wider than what they are read from: dst == src needs a copy first.
void ConvertRow(int to, int from, int rounding, void* dst, const void* src, int64_t n,
                int position) {
  const bool real = from <= PICABIA_FLOAT;
  if (to == PICABIA_FLOAT && from == PICABIA_HALF)
    return Vectors().half_to_float(static_cast<float*>(dst), static_cast<const uint16_t*>(src), n);
  if (to == PICABIA_HALF && from == PICABIA_FLOAT && rounding == PICABIA_RN)
    return Vectors().float_to_half(static_cast<uint16_t*>(dst), static_cast<const float*>(src), n);
  const float factor = std::ldexp(1.0f, real ? -position : position);
  if (real && (to == PICABIA_INT8 || to == PICABIA_INT16) && std::isnormal(factor)) {
    constexpr int64_t kChunk = 512;
    float x[kChunk];
    for (int64_t i = 0; i < n; i += kChunk) {
      const int64_t m = std::min(kChunk, n - i);
      const float* values = static_cast<const float*>(src) + i;
      if (from == PICABIA_HALF) {
        Vectors().half_to_float(x, static_cast<const uint16_t*>(src) + i, m);
        values = x;
      }
      if (to == PICABIA_INT8)
        Vectors().quantize8(static_cast<int8_t*>(dst) + i, values, factor, rounding, m);
      else
        Vectors().quantize16(static_cast<int16_t*>(dst) + i, values, factor, rounding, m);
    }
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    const double scaled = std::ldexp(LoadDouble(from, src, i), real ? -position : position);
    if (to == PICABIA_HALF)
      static_cast<uint16_t*>(dst)[i] = RoundToHalf(static_cast<float>(scaled), rounding);
    else if (to == PICABIA_FLOAT)
      static_cast<float*>(dst)[i] = static_cast<float>(scaled);
    else
      StoreInteger(to, dst, i, RoundBy(scaled, rounding));
  }
}

void Convert(int to, int from, int rounding, void* dst, const void* src, int64_t n, int position) {
  constexpr int64_t kChunk = 1024;
  const int64_t from_bytes = BytesOf(from), to_bytes = BytesOf(to);
  const auto* in = static_cast<const char*>(src);
  auto* out = static_cast<char*>(dst);
  const bool overlap = out < in + n * from_bytes && in < out + n * to_bytes;
  if (!overlap) return ConvertRow(to, from, rounding, dst, src, n, position);
  // In place: from the end when elements grow, from the start when they shrink.
  alignas(8) char chunk[kChunk * 4];
  const int64_t chunks = (n + kChunk - 1) / kChunk;
  for (int64_t k = 0; k < chunks; ++k) {
    const int64_t at = (to_bytes > from_bytes ? chunks - 1 - k : k) * kChunk;
    const int64_t m = std::min(kChunk, n - at);
    std::memcpy(chunk, in + at * from_bytes, static_cast<size_t>(m * from_bytes));
    ConvertRow(to, from, rounding, out + at * to_bytes, chunk, m, position);
  }
}

}  // namespace
}  // namespace picabia::bang

using namespace picabia::bang;  // NOLINT: the interface below is C

void picabia_bang_convert(int to, int from, int rounding, void* dst, const void* src, int64_t n,
                          int position, int64_t dst_stride, int64_t src_stride, int64_t segments,
                          picabia_bang_where where) {
  // A scalar conversion of the kernel, on its stack: the memory core does it, too.
  const bool scalar = where.file == nullptr;
  if ((NoEffectHere() && !scalar) || n <= 0 || segments <= 0) return;
  if (Watched() && !scalar) {
    ElementOperation operation("a conversion", where, n * segments,
                               std::min(BytesOf(to), BytesOf(from)));
    operation.writes[operation.num_writes++] = {dst, n * BytesOf(to), dst_stride, segments};
    operation.reads[operation.num_reads++] = {src, n * BytesOf(from), src_stride, segments};
    operation.count_multiple = 0;
    Tell(operation);
  }
  for (int64_t s = 0; s < segments; ++s)
    Convert(to, from, rounding, static_cast<char*>(dst) + s * dst_stride,
            static_cast<const char*>(src) + s * src_stride, n, position);
}
