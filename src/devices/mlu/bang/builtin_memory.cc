// Copies between the memories, fills, and what moves elements about.
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <vector>

#include "devices/mlu/bang/builtin.h"

namespace picabia::bang {
namespace {

// In the order of mluMemcpyDirection_t: [from, to], spaces, -1 for GDRAM.
constexpr int kGdram = kGdramSpace;
struct Direction {
  const char* name;
  int from, to;
  bool strided;  // the card has a form with strides
};
constexpr Direction kDirections[] = {{"GDRAM2NRAM", kGdram, PICABIA_NRAM, true},
                                     {"NRAM2GDRAM", PICABIA_NRAM, kGdram, true},
                                     {"LDRAM2NRAM", PICABIA_LDRAM, PICABIA_NRAM, true},
                                     {"NRAM2LDRAM", PICABIA_NRAM, PICABIA_LDRAM, true},
                                     {"GDRAM2WRAM", kGdram, PICABIA_WRAM, false},
                                     {"WRAM2GDRAM", PICABIA_WRAM, kGdram, false},
                                     {"LDRAM2WRAM", PICABIA_LDRAM, PICABIA_WRAM, false},
                                     {"WRAM2LDRAM", PICABIA_WRAM, PICABIA_LDRAM, false},
                                     {"NRAM2NRAM", PICABIA_NRAM, PICABIA_NRAM, true},
                                     {"NRAM2WRAM", PICABIA_NRAM, PICABIA_WRAM, false},
                                     {"WRAM2NRAM", PICABIA_WRAM, PICABIA_NRAM, false},
                                     {"GDRAM2SRAM", kGdram, PICABIA_SRAM, true},
                                     {"SRAM2GDRAM", PICABIA_SRAM, kGdram, true},
                                     {"LDRAM2SRAM", PICABIA_LDRAM, PICABIA_SRAM, true},
                                     {"SRAM2LDRAM", PICABIA_SRAM, PICABIA_LDRAM, true},
                                     {"SRAM2NRAM", PICABIA_SRAM, PICABIA_NRAM, true},
                                     {"NRAM2SRAM", PICABIA_NRAM, PICABIA_SRAM, true},
                                     {"SRAM2WRAM", PICABIA_SRAM, PICABIA_WRAM, false},
                                     {"WRAM2SRAM", PICABIA_WRAM, PICABIA_SRAM, false},
                                     {"GDRAM2GDRAM", kGdram, kGdram, false},
                                     {"GDRAM2LDRAM", kGdram, PICABIA_LDRAM, true},
                                     {"LDRAM2GDRAM", PICABIA_LDRAM, kGdram, true},
                                     {"SRAM2SRAM", PICABIA_SRAM, PICABIA_SRAM, true}};
constexpr int kNumDirections = sizeof(kDirections) / sizeof(kDirections[0]);

bool OfCore(int space) { return space == PICABIA_NRAM || space == PICABIA_WRAM; }

// What leaves the chip in large copies is not read again soon: written past the caches, it need not
// be fetched into them first.
constexpr int64_t kStreamBytes = 64 << 10;
constexpr int64_t kStreamSegment = 256;  // shorter ones would fill lines by halves

#if defined(__SSE2__)
// As memcpy; both do not overlap.
void Stream(char* dst, const char* src, int64_t bytes) {
  const int64_t head = static_cast<int64_t>(-reinterpret_cast<uintptr_t>(dst) & 63);
  std::memcpy(dst, src, static_cast<size_t>(head));
  int64_t i = head;
  for (; i + 64 <= bytes; i += 64)
    for (int k = 0; k < 64; k += 16)
      _mm_stream_si128(reinterpret_cast<__m128i*>(dst + i + k),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i + k)));
  std::memcpy(dst + i, src + i, static_cast<size_t>(bytes - i));
}
#endif

bool LeavesTheChip(const picabia_bang_copy& copy) {
  const Direction& direction = kDirections[copy.direction];
  return direction.to == kGdram && direction.from != kGdram && direction.from != PICABIA_LDRAM &&
         copy.size >= kStreamSegment && copy.size * copy.segments * copy.segments1 >= kStreamBytes;
}

void CopySegments(const picabia_bang_copy& copy, char* dst) {
  const auto* src = static_cast<const char*>(copy.src);
#if defined(__SSE2__)
  if (LeavesTheChip(copy)) {
    for (int64_t k = 0; k < copy.segments1; ++k)
      for (int64_t s = 0; s < copy.segments; ++s)
        Stream(dst + k * copy.dst_stride1 + s * copy.dst_stride,
               src + k * copy.src_stride1 + s * copy.src_stride, copy.size);
    return _mm_sfence();  // before anybody learns that the copy is done
  }
#endif
  for (int64_t k = 0; k < copy.segments1; ++k)
    for (int64_t s = 0; s < copy.segments; ++s)
      std::memmove(dst + k * copy.dst_stride1 + s * copy.dst_stride,
                   src + k * copy.src_stride1 + s * copy.src_stride,
                   static_cast<size_t>(copy.size));
}

void HoldSram(Core* core, int cluster) {
  const Uninterrupted uninterrupted(core);
  std::mutex& mutex = core->execution->sram_mutex(cluster);
  mutex.lock();
  core->holds_sram = &mutex;
}
void LetSram(Core* core) {
  const Uninterrupted uninterrupted(core);
  core->holds_sram.exchange(nullptr)->unlock();
}

// The cluster whose SRAM a copy writes.
int ClusterOf(const Core& core, const picabia_bang_copy& copy) {
  const bool there = copy.cluster >= 0 && copy.cluster < core.execution->clusters();
  return there ? copy.cluster : core.cluster;
}

// The address in another cluster's SRAM that `dst` stands for in one's own.
char* InCluster(const Core& core, int cluster, void* dst) {
  Execution* execution = core.execution;
  if (cluster == core.cluster) return static_cast<char*>(dst);
  return static_cast<char*>(dst) - execution->sram(core.cluster).data() +
         execution->sram(cluster).data();
}

void TellCopy(const picabia_bang_copy& copy, char* dst, Where where) {
  const Direction& direction = kDirections[copy.direction];
  const bool strided = copy.segments > 1 || copy.segments1 > 1;
  if (strided && !direction.strided)
    TellMisuse("__memcpy", where, "the device has no strided copy in this direction");
  Operation operation{
      copy.asynchronous != 0 ? "__memcpy_async" : "__memcpy", where, Unit::kCopy, {}, 0, {}, 0};
  operation.direction = copy.direction;
  operation.asynchronous = copy.asynchronous != 0;
  for (int64_t k = 0; k < copy.segments1; ++k) {
    operation.writes[0] = {dst + k * copy.dst_stride1, copy.size, copy.dst_stride, copy.segments,
                           direction.to};
    operation.reads[0] = {static_cast<const char*>(copy.src) + k * copy.src_stride1, copy.size,
                          copy.src_stride, copy.segments, direction.from};
    operation.num_writes = operation.num_reads = 1;
    Tell(operation);
  }
}

template <typename T>
void Turn(int op, T* out, const T* in, int64_t h, int64_t w) {
  for (int64_t y = 0; y < h; ++y)
    for (int64_t x = 0; x < w; ++x) {
      int64_t to = 0;
      switch (op) {
        case PICABIA_TRANSPOSE:
          to = x * h + y;
          break;
        case PICABIA_ROTATE90:
          to = x * h + (h - 1 - y);
          break;
        case PICABIA_ROTATE180:
          to = (h - 1 - y) * w + (w - 1 - x);
          break;
        case PICABIA_ROTATE270:
          to = (w - 1 - x) * h + y;
          break;
        default:
          to = y * w + (w - 1 - x);
          break;
      }
      out[to] = in[y * w + x];
    }
}

// In place, from a copy of the source.
template <typename T>
void TurnRows(int op, void* dst, const void* src, int64_t h, int64_t w) {
  const auto* in = static_cast<const T*>(src);
  auto* out = static_cast<T*>(dst);
  if (out >= in + h * w || in >= out + h * w) return Turn(op, out, in, h, w);
  const std::vector<T> copy(in, in + h * w);
  Turn(op, out, copy.data(), h, w);
}

// [n][rows][columns] elements to [n][columns][rows].
void SwapInner(int bytes, void* dst, const void* src, int64_t n, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = i * rows * columns * bytes;
    void* to = static_cast<char*>(dst) + at;
    const void* from = static_cast<const char*>(src) + at;
    if (bytes == 1) TurnRows<uint8_t>(PICABIA_TRANSPOSE, to, from, rows, columns);
    if (bytes == 2) TurnRows<uint16_t>(PICABIA_TRANSPOSE, to, from, rows, columns);
    if (bytes == 4) TurnRows<uint32_t>(PICABIA_TRANSPOSE, to, from, rows, columns);
  }
}

constexpr int kLanes = 64;  // of the weight memory

const char* const kTurnNames[] = {"__bang_transpose", "__bang_rotate90", "__bang_rotate180",
                                  "__bang_rotate270", "__bang_mirror"};

}  // namespace
}  // namespace picabia::bang

using namespace picabia::bang;  // NOLINT: the interface below is C

void picabia_bang_memcpy(const picabia_bang_copy* copy, picabia_bang_where where) {
  Core* core = CurrentCore();
  if (copy->direction < 0 || copy->direction >= kNumDirections) {
    if (core != nullptr) picabia_bang_fail("__memcpy: unknown direction", where);
    return;
  }
  const Direction& direction = kDirections[copy->direction];
  if (NoEffectHere() && (OfCore(direction.from) || OfCore(direction.to))) return;
  if (copy->size < 0 || copy->segments < 0 || copy->segments1 < 0) {
    if (core != nullptr) picabia_bang_fail("__memcpy: negative size or number of segments", where);
    return;
  }
  char* dst = core == nullptr || copy->cluster < 0
                  ? static_cast<char*>(copy->dst)
                  : InCluster(*core, ClusterOf(*core, *copy), copy->dst);
  if (Watched()) TellCopy(*copy, dst, From(where));
  if (core == nullptr || direction.to != PICABIA_SRAM) return CopySegments(*copy, dst);
  // The copy itself may fault, and be left: the flag tells that the mutex is to be given back.
  HoldSram(core, ClusterOf(*core, *copy));
  CopySegments(*copy, dst);
  LetSram(core);
}

void picabia_bang_fill(int space, void* dst, int64_t n, const void* value, int bytes,
                       picabia_bang_where where) {
  if (n <= 0 || (NoEffectHere() && OfCore(space))) return;
  if (Watched()) {
    RowOperation operation(space == PICABIA_NRAM ? "__nramset" : "a fill", where, n, bytes);
    operation.alignment = 0;
    operation.count_multiple = 0;
    operation.Write(dst, n * bytes);
    operation.writes[0].space = space;
    Tell(operation);
  }
  auto* out = static_cast<char*>(dst);
  // Doubling what is there already: one long copy for most of it.
  std::memcpy(out, value, static_cast<size_t>(bytes));
  for (int64_t done = bytes; done < n * bytes; done *= 2)
    std::memcpy(out + done, out, static_cast<size_t>(std::min(done, n * bytes - done)));
}

void picabia_bang_turn(int op, int bytes, void* dst, const void* src, int height, int width,
                       picabia_bang_where where) {
  if (NoEffectHere() || height <= 0 || width <= 0) return;
  if (!FitsChip({height, width, bytes}))
    return picabia_bang_fail("a transposition of more than the chip holds", where);
  const int64_t n = int64_t{height} * width;
  if (Watched()) {
    RowOperation operation(kTurnNames[op], where, n, bytes);
    operation.elementwise = op == PICABIA_TRANSPOSE;
    operation.rows = height;
    Tell(operation.Write(dst, n * bytes).Read(src, n * bytes));
  }
  const Uninterrupted uninterrupted(CurrentCore());  // the copy may allocate
  if (bytes == 1) TurnRows<uint8_t>(op, dst, src, height, width);
  if (bytes == 2) TurnRows<uint16_t>(op, dst, src, height, width);
  if (bytes == 4) TurnRows<uint32_t>(op, dst, src, height, width);
}

void picabia_bang_reshape(int op, int bytes, void* dst, const void* src, int n, int h, int w, int c,
                          picabia_bang_where where) {
  if (NoEffectHere() || n <= 0 || h <= 0 || w <= 0 || c <= 0) return;
  if (!FitsChip({n, h, w, c, bytes}))
    return picabia_bang_fail("a reshape of more than the chip holds", where);
  const int64_t pixels = int64_t{h} * w;
  const int64_t total = n * pixels * c;
  if (Watched())
    Tell(RowOperation("a reshape", where, total, bytes)
             .Write(dst, total * bytes)
             .Read(src, total * bytes));
  const Uninterrupted uninterrupted(CurrentCore());
  switch (op) {
    case PICABIA_NHWC2NCHW:
      return SwapInner(bytes, dst, src, n, pixels, c);
    case PICABIA_NCHW2NHWC:
      return SwapInner(bytes, dst, src, n, c, pixels);
    default: {
      // Filter g * 64 + l goes to lane l, slot g.
      const int64_t each = pixels * c * bytes;
      const std::vector<char> copy(static_cast<const char*>(src),
                                   static_cast<const char*>(src) + n * each);
      const int64_t groups = n / kLanes;
      for (int64_t f = 0; f < groups * kLanes; ++f)
        std::memcpy(static_cast<char*>(dst) + (f % kLanes * groups + f / kLanes) * each,
                    copy.data() + f * each, static_cast<size_t>(each));
    }
  }
}

void picabia_bang_pad(int bytes, void* dst, const void* src, int c, int h, int w, int top,
                      int bottom, int left, int right, picabia_bang_where where) {
  if (NoEffectHere() || c <= 0 || h <= 0 || w <= 0) return;
  if (top < 0 || bottom < 0 || left < 0 || right < 0)
    return picabia_bang_fail("__bang_pad: negative padding", where);
  if (!FitsChip({int64_t{h} + top + bottom, int64_t{w} + left + right, c, bytes}))
    return picabia_bang_fail("__bang_pad: more than the chip holds", where);
  const int64_t pixel = int64_t{c} * bytes;
  const int64_t out_width = int64_t{w} + left + right;
  const int64_t out_bytes = (int64_t{h} + top + bottom) * out_width * pixel;
  const int64_t in_bytes = int64_t{h} * w * pixel;
  if (Watched())
    Tell(RowOperation("__bang_pad", where, out_bytes / bytes, bytes)
             .Write(dst, out_bytes)
             .Read(src, in_bytes));
  const Uninterrupted uninterrupted(CurrentCore());
  const std::vector<char> copy(static_cast<const char*>(src),
                               static_cast<const char*>(src) + in_bytes);
  std::memset(dst, 0, static_cast<size_t>(out_bytes));
  for (int64_t y = 0; y < h; ++y)
    std::memcpy(static_cast<char*>(dst) + ((y + top) * out_width + left) * pixel,
                copy.data() + y * w * pixel, static_cast<size_t>(w * pixel));
}
