// The matrix unit: __bang_conv, __bang_mlp and __bang_matmul. Integer products are summed exactly
// and converted once.
#include <cmath>
#include <vector>

#include "devices/mlu/bang/builtin.h"
#include "kernels/table.h"

namespace picabia::bang {
namespace {

constexpr int kLanes = 64;                    // of the weight memory
constexpr int64_t kReadAhead = 64;            // bytes that GemmInt8 may read past a segment
constexpr int64_t kMaxExactProducts = 65793;  // of 255 * 128 in 32 bits

struct Shape {
  int64_t each;  // products of one output: kernel height * width * ci
  int64_t out_height, out_width;
};

// Where output channel `filter` lies in the weight memory: lane by lane, or in natural order when
// the channels do not fill the lanes. Floats go four lanes at a time.
int64_t SlotOf(int64_t filter, int64_t channels, bool floats) {
  if (channels % kLanes != 0) return filter;
  const int64_t groups = channels / kLanes, group = filter / kLanes, lane = filter % kLanes;
  if (floats) return (lane / 4 * groups + group) * 4 + lane % 4;
  return lane * groups + group;
}

const kernels::KernelTable& Kernels() {
  static const kernels::KernelTable& table = [&]() -> const kernels::KernelTable& {
    const auto isa = SelectIsa();
    return kernels::KernelsFor(isa.ok() ? *isa : Isa::kScalar);
  }();
  return table;
}

// Bias as floats, or an empty vector.
std::vector<float> Bias(const picabia_bang_conv& conv) {
  std::vector<float> bias;
  for (int c = 0; conv.bias != nullptr && c < conv.co; ++c)
    bias.push_back(LoadFloat(conv.dst_type, conv.bias, c));
  return bias;
}

void StoreInt16(void* to, int64_t i, double value) {
  static_cast<int16_t*>(to)[i] =
      static_cast<int16_t>(std::clamp(std::round(value), -32768.0, 32767.0));
}

// A row of sums to the type of the result.
void Finish(const picabia_bang_conv& conv, int64_t at, const int32_t* sums,
            const int32_t* correction, const float* bias) {
  const float factor = std::ldexp(1.0f, conv.position);
  if (conv.dst_type == PICABIA_HALF)
    return Vectors().finish_half(static_cast<uint16_t*>(conv.dst) + at, sums, correction, factor,
                                 bias, conv.co);
  if (conv.dst_type == PICABIA_FLOAT)
    return Vectors().finish_float(static_cast<float*>(conv.dst) + at, sums, correction, factor,
                                  bias, conv.co);
  for (int c = 0; c < conv.co; ++c)
    StoreInt16(conv.dst, at + c,
               std::ldexp(double(sums[c] - correction[c]), conv.position) +
                   (bias == nullptr ? 0 : bias[c]));
}

// ---- int8 x int8, by the kernels of device cpu: unsigned pixels, panels of 16 channels ----

struct Scratch {
  std::vector<uint8_t> pixels;
  std::vector<int8_t> panels;
  std::vector<int32_t> sums, correction;
};

// [ceil(co / 16)][each / 4][16][4], and what the 128 that is added to every pixel adds to each sum.
void PackWeights(const picabia_bang_conv& conv, int64_t each, Scratch* scratch) {
  const int64_t panels = (conv.co + kernels::kPanel - 1) / kernels::kPanel;
  scratch->panels.resize(static_cast<size_t>(panels * each * kernels::kPanel));
  scratch->correction.assign(static_cast<size_t>(panels * kernels::kPanel), 0);
  auto* out = reinterpret_cast<uint32_t*>(scratch->panels.data());
  const int64_t quads = each / kernels::kQuad;
  for (int64_t p = 0; p < panels; ++p, out += quads * kernels::kPanel) {
    for (int64_t l = 0; l < kernels::kPanel; ++l) {
      const int64_t filter = p * kernels::kPanel + l;
      if (filter >= conv.co) {
        for (int64_t q = 0; q < quads; ++q) out[q * kernels::kPanel + l] = 0;
        continue;
      }
      const int8_t* row =
          static_cast<const int8_t*>(conv.kernel) + SlotOf(filter, conv.co, false) * each;
      scratch->correction[static_cast<size_t>(filter)] = 128 * Vectors().sum8(row, each);
      Vectors().scatter_quads(out + l, row, quads, kernels::kPanel);
    }
  }
}

bool FitsGemm(const picabia_bang_conv& conv, const Shape& shape) {
  return conv.src_type == PICABIA_INT8 && conv.kernel_type == PICABIA_INT8 &&
         int64_t{conv.kernel_width} * conv.ci % kernels::kQuad == 0 &&
         shape.each <= kMaxExactProducts;
}

void ConvInt8(const picabia_bang_conv& conv, const Shape& shape) {
  static thread_local Scratch scratch;
  PackWeights(conv, shape.each, &scratch);
  const int64_t pixels = int64_t{conv.height} * conv.width * conv.ci;
  scratch.pixels.resize(static_cast<size_t>(pixels + kReadAhead));
  Vectors().to_unsigned(scratch.pixels.data(), static_cast<const int8_t*>(conv.src), pixels);

  const int64_t row = int64_t{conv.width} * conv.ci;
  std::vector<int64_t> segments;
  for (int ky = 0; ky < conv.kernel_height; ++ky) segments.push_back(ky * row);
  kernels::GemmInt8 gemm = {};
  gemm.segments = segments.data();
  gemm.num_segments = conv.kernel_height;
  gemm.segment_length = int64_t{conv.kernel_width} * conv.ci;
  gemm.b = scratch.panels.data();
  gemm.channels = conv.co;
  gemm.c_stride = static_cast<int64_t>(scratch.correction.size());
  // A column of outputs is one row of the product; so is the whole picture of a 1 x 1 convolution.
  const bool column = shape.out_width == 1;
  const bool flat = !column && conv.kernel_height == 1 && conv.kernel_width == 1 &&
                    conv.stride_x == 1 && conv.stride_y == 1;
  const int64_t rows = column || flat ? 1 : shape.out_height;
  gemm.pixels = column ? shape.out_height
                : flat ? shape.out_height * shape.out_width
                       : shape.out_width;
  gemm.pixel_stride = column ? conv.stride_y * row : int64_t{conv.stride_x} * conv.ci;
  // In blocks whose sums stay in the L2 cache.
  constexpr int64_t kBlockSums = 32 << 10;
  const int64_t block = std::max<int64_t>(8, kBlockSums / gemm.c_stride);
  const std::vector<float> bias = Bias(conv);
  const int64_t all = gemm.pixels;
  for (int64_t y = 0; y < rows; ++y)
    for (int64_t first = 0; first < all; first += block) {
      gemm.pixels = std::min(block, all - first);
      gemm.a = scratch.pixels.data() + y * conv.stride_y * row + first * gemm.pixel_stride;
      scratch.sums.resize(static_cast<size_t>(gemm.pixels * gemm.c_stride));
      gemm.c = scratch.sums.data();
      Kernels().gemm_int8(gemm);
      Kernels().int8_done();
      for (int64_t p = 0; p < gemm.pixels; ++p) {
        const int32_t* sums = scratch.sums.data() + p * gemm.c_stride;
        Finish(conv, (y * all + first + p) * conv.co, sums, scratch.correction.data(),
               bias.empty() ? nullptr : bias.data());
      }
    }
}

// ---- all other types, from the definition ----

template <typename S, typename K>
int64_t Dot(const void* src, const void* kernel, int64_t n) {
  int64_t sum = 0;
  for (int64_t i = 0; i < n; ++i)
    sum += static_cast<int64_t>(static_cast<const S*>(src)[i]) * static_cast<const K*>(kernel)[i];
  return sum;
}

int64_t IntegerDot(int src_type, int kernel_type, const void* src, const void* kernel, int64_t n) {
  if (src_type == PICABIA_INT8) return Dot<int8_t, int8_t>(src, kernel, n);
  if (src_type == PICABIA_INT32) return Dot<int32_t, int16_t>(src, kernel, n);
  if (kernel_type == PICABIA_INT8) return Dot<int16_t, int8_t>(src, kernel, n);
  return Dot<int16_t, int16_t>(src, kernel, n);
}

float FloatDot(int src_type, int kernel_type, const void* src, const void* kernel, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i)
    sum += LoadFloat(src_type, src, i) * LoadFloat(kernel_type, kernel, i);
  return sum;
}

void StoreResult(const picabia_bang_conv& conv, int64_t at, double value) {
  if (conv.dst_type == PICABIA_INT16) return StoreInt16(conv.dst, at, value);
  StoreFloat(conv.dst_type, conv.dst, at, static_cast<float>(value));
}

void ConvAny(const picabia_bang_conv& conv, const Shape& shape) {
  const bool floats = conv.src_type <= PICABIA_FLOAT;
  const int64_t src_bytes = BytesOf(conv.src_type), kernel_bytes = BytesOf(conv.kernel_type);
  const int64_t run = int64_t{conv.kernel_width} * conv.ci;
  const std::vector<float> bias = Bias(conv);
  for (int64_t y = 0; y < shape.out_height; ++y)
    for (int64_t x = 0; x < shape.out_width; ++x)
      for (int64_t c = 0; c < conv.co; ++c) {
        const char* kernel =
            static_cast<const char*>(conv.kernel) +
            SlotOf(c, conv.co, conv.kernel_type == PICABIA_FLOAT) * shape.each * kernel_bytes;
        int64_t sum = 0;
        float real = 0;
        for (int ky = 0; ky < conv.kernel_height; ++ky, kernel += run * kernel_bytes) {
          const int64_t pixel = (y * conv.stride_y + ky) * conv.width + x * conv.stride_x;
          const char* src = static_cast<const char*>(conv.src) + pixel * conv.ci * src_bytes;
          if (floats)
            real += FloatDot(conv.src_type, conv.kernel_type, src, kernel, run);
          else
            sum += IntegerDot(conv.src_type, conv.kernel_type, src, kernel, run);
        }
        const double value =
            floats ? double{real} : std::ldexp(static_cast<double>(sum), conv.position);
        StoreResult(conv, (y * shape.out_width + x) * conv.co + c,
                    value + (bias.empty() ? 0 : double{bias[static_cast<size_t>(c)]}));
      }
}

void TellConv(const picabia_bang_conv& conv, const Shape& shape, picabia_bang_where where) {
  const int64_t outputs = shape.out_height * shape.out_width * conv.co;
  Operation operation{conv.name, From(where), Unit::kMatrix, {}, 0, {}, 0};
  operation.elements = outputs * shape.each;
  operation.element_bytes = BytesOf(conv.src_type);
  operation.alignment = kAlignment;
  operation.writes[operation.num_writes++] = {conv.dst, outputs * BytesOf(conv.dst_type), 0, 1};
  operation.reads[operation.num_reads++] = {
      conv.src, int64_t{conv.height} * conv.width * conv.ci * BytesOf(conv.src_type), 0, 1};
  operation.reads[operation.num_reads++] = {
      conv.kernel, conv.co * shape.each * BytesOf(conv.kernel_type), 0, 1, PICABIA_WRAM};
  if (conv.bias != nullptr)
    operation.reads[operation.num_reads++] = {conv.bias, int64_t{conv.co} * BytesOf(conv.dst_type),
                                              0, 1};
  Tell(operation);
  if (conv.co % kLanes != 0)
    TellMisuse(conv.name, From(where), "the number of output channels is no multiple of 64");
  if (conv.ci * BytesOf(conv.src_type) % 64 != 0)
    TellMisuse(conv.name, From(where),
               "the bytes of a pixel's input channels are no multiple of 64");
}

}  // namespace
}  // namespace picabia::bang

using namespace picabia::bang;  // NOLINT: the interface below is C

void picabia_bang_convolve(const picabia_bang_conv* conv, picabia_bang_where where) {
  if (NoEffectHere()) return;
  const picabia_bang_conv& c = *conv;
  const bool sane = c.ci > 0 && c.co > 0 && c.kernel_height > 0 && c.kernel_width > 0 &&
                    c.stride_x > 0 && c.stride_y > 0 && c.height >= c.kernel_height &&
                    c.width >= c.kernel_width;
  if (!sane)
    return picabia_bang_fail(
        "a convolution that is empty or whose window is larger than its picture", where);
  const Shape shape = {int64_t{c.kernel_height} * c.kernel_width * c.ci,
                       (c.height - c.kernel_height) / c.stride_y + 1,
                       (c.width - c.kernel_width) / c.stride_x + 1};
  const bool fits =
      FitsChip({c.height, c.width, c.ci, BytesOf(c.src_type)}) &&
      FitsChip({c.co, c.kernel_height, c.kernel_width, c.ci, BytesOf(c.kernel_type)}) &&
      FitsChip({shape.out_height, shape.out_width, c.co, BytesOf(c.dst_type)});
  if (!fits) return picabia_bang_fail("a convolution of more than the chip holds", where);
  if (Watched()) TellConv(c, shape, where);
  const Uninterrupted uninterrupted(CurrentCore());
  if (FitsGemm(c, shape))
    ConvInt8(c, shape);
  else
    ConvAny(c, shape);
}
