// Builtins whose result is smaller than their operand: extremes, sums, counts, packing; and pooling
// windows.
#include <random>

#include "devices/mlu/bang/builtin.h"

namespace picabia::bang {
namespace {

constexpr const char* kReduceNames[] = {"__bang_max",      "__bang_min",   "__bang_reduce_sum",
                                        "__bang_sum",      "__bang_count", "__bang_findfirst1",
                                        "__bang_findlast1"};
constexpr const char* kPickNames[] = {"__bang_collect", "__bang_select", "__bang_maskmove"};
constexpr int64_t kSelectData = 128;  // bytes before what __bang_select has selected

bool Bit(const void* bits, int64_t i) {
  return (static_cast<const uint8_t*>(bits)[i / 8] >> (i % 8) & 1) != 0;
}

// The first extreme value, and its index behind it.
void Extreme(int op, int type, void* dst, const void* src, int64_t n) {
  int64_t best = 0;
  float value = LoadFloat(type, src, 0);
  for (int64_t i = 1; i < n; ++i) {
    const float x = LoadFloat(type, src, i);
    if (op == PICABIA_MAX ? x > value : x < value) {
      value = x;
      best = i;
    }
  }
  std::memmove(dst, static_cast<const char*>(src) + best * BytesOf(type),
               static_cast<size_t>(BytesOf(type)));
  if (type == PICABIA_HALF)
    static_cast<uint16_t*>(dst)[1] = static_cast<uint16_t>(best);
  else
    static_cast<uint32_t*>(dst)[1] = static_cast<uint32_t>(best);
}

void SumGroups(int type, void* dst, const void* src, int64_t n) {
  const int64_t group = kVectorBytes / BytesOf(type);
  for (int64_t g = 0; g < n; g += group) {
    float sum = 0;
    for (int64_t i = g; i < std::min(n, g + group); ++i) sum += LoadFloat(type, src, i);
    StoreFloat(type, dst, g, sum);
  }
}

void SumAll(int type, void* dst, const void* src, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += LoadFloat(type, src, i);
  StoreFloat(type, dst, 0, sum);
}

unsigned Find(int op, int type, const void* src, int64_t n) {
  unsigned count = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (!IsSet(type, src, i)) continue;
    if (op == PICABIA_FINDFIRST1) return static_cast<unsigned>(i);
    count = op == PICABIA_COUNT ? count + 1 : static_cast<unsigned>(i);
  }
  return count;
}

struct PoolState {
  float value = 0;
  int place = 0;
};

PoolState PoolWindow(int op, int type, const picabia_bang_window& w, int64_t y, int64_t x,
                     int64_t c) {
  PoolState state;
  for (int ky = 0; ky < w.kernel_height; ++ky)
    for (int kx = 0; kx < w.kernel_width; ++kx) {
      const int64_t at = ((y * w.stride_y + ky) * w.width + x * w.stride_x + kx) * w.channels + c;
      const float value = LoadFloat(type, w.src, at);
      const int place = ky * w.kernel_width + kx;
      if (op == PICABIA_AVGPOOL || op == PICABIA_SUMPOOL) {
        state.value += value;
      } else if (place == 0 ||
                 (op == PICABIA_MAXPOOL ? value > state.value : value < state.value)) {
        state = {value, place};
      }
    }
  if (op == PICABIA_AVGPOOL) state.value /= static_cast<float>(w.kernel_height * w.kernel_width);
  return state;
}

struct Size {
  int64_t height, width;
};

// Of the output; 0 x 0 when the window is none or does not fit.
Size Pooled(const picabia_bang_window& w) {
  const bool sane = w.channels > 0 && w.kernel_height > 0 && w.kernel_width > 0 && w.stride_x > 0 &&
                    w.stride_y > 0 && w.height >= w.kernel_height && w.width >= w.kernel_width;
  if (!sane) return {0, 0};
  return {(w.height - w.kernel_height) / w.stride_y + 1,
          (w.width - w.kernel_width) / w.stride_x + 1};
}

}  // namespace
}  // namespace picabia::bang

using namespace picabia::bang;  // NOLINT: the interface below is C

unsigned picabia_bang_reduce(int op, int type, void* dst, const void* src, int64_t n,
                             picabia_bang_where where) {
  if (NoEffectHere() || n <= 0) return 0;
  const int bytes = BytesOf(type);
  if (Watched()) {
    const int64_t written = op == PICABIA_REDUCE_SUM                 ? n * bytes
                            : op == PICABIA_MAX || op == PICABIA_MIN ? 2 * bytes
                            : op == PICABIA_SUM                      ? bytes
                                                                     : 4;
    RowOperation operation(kReduceNames[op], where, n, bytes);
    operation.Read(src, n * bytes);
    if (dst != nullptr) operation.Write(dst, written);
    Tell(operation);
  }
  switch (op) {
    case PICABIA_MAX:
    case PICABIA_MIN:
      Extreme(op, type, dst, src, n);
      return 0;
    case PICABIA_REDUCE_SUM:
      SumGroups(type, dst, src, n);
      return 0;
    case PICABIA_SUM:
      SumAll(type, dst, src, n);
      return 0;
    default: {
      const unsigned found = Find(op, type, src, n);
      if (dst != nullptr) std::memcpy(dst, &found, sizeof(found));
      return found;
    }
  }
}

unsigned picabia_bang_count_bits(void* dst, const void* src, int64_t n, picabia_bang_where where) {
  if (NoEffectHere() || n <= 0) return 0;
  if (Watched()) {
    RowOperation operation("__bang_count_bitindex", where, n, 1);
    operation.Read(src, (n + 7) / 8);
    if (dst != nullptr) operation.Write(dst, 4);
    Tell(operation);
  }
  unsigned count = 0;
  for (int64_t i = 0; i < n; ++i) count += Bit(src, i);
  if (dst != nullptr) std::memcpy(dst, &count, sizeof(count));
  return count;
}

unsigned picabia_bang_pick(int op, int type, void* dst, const void* src, const void* mask,
                           int mask_is_bits, int64_t n, picabia_bang_where where) {
  if (NoEffectHere() || n <= 0) return 0;
  const int64_t bytes = BytesOf(type);
  if (Watched())
    Tell(RowOperation(kPickNames[op], where, n, static_cast<int>(bytes))
             .Write(dst, n * bytes + (op == PICABIA_SELECT ? kSelectData : 0))
             .Read(src, n * bytes)
             .Read(mask, mask_is_bits != 0 ? (n + 7) / 8 : n * bytes));
  auto* out = static_cast<char*>(dst) + (op == PICABIA_SELECT ? kSelectData : 0);
  const auto* in = static_cast<const char*>(src);
  unsigned count = 0;
  // dst may be the mask: element i of it is read before anything is written at or behind it.
  for (int64_t i = 0; i < n; ++i) {
    const bool chosen = mask_is_bits != 0 ? Bit(mask, i) : IsSet(type, mask, i);
    if (!chosen) continue;
    const int64_t to = op == PICABIA_MASKMOVE ? i : count;
    std::memmove(out + to * bytes, in + i * bytes, static_cast<size_t>(bytes));
    ++count;
  }
  if (op == PICABIA_SELECT) std::memcpy(dst, &count, sizeof(count));
  return count;
}

void picabia_bang_pool(int op, int type, const picabia_bang_window* window, int index,
                       picabia_bang_where where) {
  if (NoEffectHere()) return;
  const picabia_bang_window& w = *window;
  const Size out = Pooled(w);
  if (out.height == 0)
    return picabia_bang_fail("a pooling window that is empty or larger than its picture", where);
  const int64_t bytes = BytesOf(type);
  if (Watched()) {
    RowOperation operation("a pooling", where,
                           out.height * out.width * w.channels * w.kernel_height * w.kernel_width,
                           static_cast<int>(bytes));
    operation.count_multiple = 0;
    Tell(operation.Write(w.dst, out.height * out.width * w.channels * bytes)
             .Read(w.src, int64_t{w.height} * w.width * w.channels * bytes));
  }
  for (int64_t y = 0; y < out.height; ++y)
    for (int64_t x = 0; x < out.width; ++x)
      for (int64_t c = 0; c < w.channels; ++c) {
        const PoolState state = PoolWindow(op, type, w, y, x, c);
        const int64_t to = (y * out.width + x) * w.channels + c;
        if (index == 0)
          StoreFloat(type, w.dst, to, state.value);
        else if (type == PICABIA_HALF)
          static_cast<uint16_t*>(w.dst)[to] = static_cast<uint16_t>(state.place);
        else
          static_cast<uint32_t*>(w.dst)[to] = static_cast<uint32_t>(state.place);
      }
}

// src [out][c] of the pooled picture goes to the place of each window that index names; the rest
// becomes 0.
void picabia_bang_unpool(int type, const picabia_bang_window* window, const void* index,
                         picabia_bang_where where) {
  if (NoEffectHere()) return;
  const picabia_bang_window& w = *window;
  const Size in = Pooled(w);
  if (in.height == 0)
    return picabia_bang_fail("a pooling window that is empty or larger than its picture", where);
  const int64_t bytes = BytesOf(type);
  const int64_t total = int64_t{w.height} * w.width * w.channels;
  if (Watched())
    Tell(RowOperation("__bang_unpool", where, total, static_cast<int>(bytes))
             .Write(w.dst, total * bytes)
             .Read(w.src, in.height * in.width * w.channels * bytes)
             .Read(index, in.height * in.width * w.channels * bytes));
  std::memset(w.dst, 0, static_cast<size_t>(total * bytes));
  for (int64_t i = 0; i < in.height * in.width * w.channels; ++i) {
    const int64_t c = i % w.channels, x = i / w.channels % in.width, y = i / w.channels / in.width;
    const int64_t place = type == PICABIA_HALF ? int64_t{static_cast<const uint16_t*>(index)[i]}
                                               : int64_t{static_cast<const uint32_t*>(index)[i]};
    const int64_t to_y = y * w.stride_y + place / w.kernel_width;
    const int64_t to_x = x * w.stride_x + place % w.kernel_width;
    if (to_y >= w.height || to_x >= w.width) continue;
    StoreFloat(type, w.dst, (to_y * w.width + to_x) * w.channels + c, LoadFloat(type, w.src, i));
  }
}

// Each gradient is spread evenly over its window.
void picabia_bang_avgpool_bp(int type, const picabia_bang_window* window,
                             picabia_bang_where where) {
  if (NoEffectHere()) return;
  const picabia_bang_window& w = *window;
  const Size in = Pooled(w);
  if (in.height == 0)
    return picabia_bang_fail("a pooling window that is empty or larger than its picture", where);
  const int64_t bytes = BytesOf(type);
  const int64_t total = int64_t{w.height} * w.width * w.channels;
  if (Watched())
    Tell(RowOperation("__bang_avgpool_bp", where, total, static_cast<int>(bytes))
             .Write(w.dst, total * bytes)
             .Read(w.src, in.height * in.width * w.channels * bytes));
  const auto area = static_cast<float>(w.kernel_height * w.kernel_width);
  for (int64_t y = 0; y < w.height; ++y)
    for (int64_t x = 0; x < w.width; ++x)
      for (int64_t c = 0; c < w.channels; ++c) {
        float sum = 0;
        for (int64_t oy = std::max<int64_t>(0, (y - w.kernel_height) / w.stride_y);
             oy < in.height && oy * w.stride_y <= y; ++oy)
          for (int64_t ox = std::max<int64_t>(0, (x - w.kernel_width) / w.stride_x);
               ox < in.width && ox * w.stride_x <= x; ++ox)
            if (y < oy * w.stride_y + w.kernel_height && x < ox * w.stride_x + w.kernel_width)
              sum += LoadFloat(type, w.src, (oy * in.width + ox) * w.channels + c) / area;
        StoreFloat(type, w.dst, (y * w.width + x) * w.channels + c, sum);
      }
}

// dst[value] += kernel[0] for each value: counts weighted by one factor.
void picabia_bang_histogram(int type, void* dst, const void* src, const void* kernel, int64_t n,
                            picabia_bang_where where) {
  if (NoEffectHere() || n <= 0) return;
  const int64_t bytes = BytesOf(type);
  if (Watched())
    Tell(RowOperation("__bang_histogram", where, n, static_cast<int>(bytes))
             .Write(dst, 256 * 4)
             .Read(src, n * bytes)
             .Read(kernel, bytes));
  const auto weight = static_cast<int32_t>(LoadFloat(type, kernel, 0));
  for (int64_t i = 0; i < n; ++i)
    static_cast<int32_t*>(dst)[static_cast<int>(LoadFloat(type, src, i)) & 255] += weight;
}

// The same numbers in every run, others on each core.
void picabia_bang_rand(void* dst, int64_t n, picabia_bang_where where) {
  if (NoEffectHere() || n <= 0) return;
  if (Watched()) Tell(RowOperation("__bang_rand", where, n, 2).Write(dst, n * 2));
  static std::atomic<uint64_t> calls{0};
  uint64_t state = (calls++ << 32) + static_cast<uint64_t>(picabia_bang_current->taskId);
  for (int64_t i = 0; i < n; ++i) {
    state += 0x9E3779B97F4A7C15u;  // splitmix64
    uint64_t z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    static_cast<int16_t*>(dst)[i] = static_cast<int16_t>(z >> 48);
  }
}
