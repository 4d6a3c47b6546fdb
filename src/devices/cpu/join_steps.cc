// Steps that move runs of whole pixels or channels: Concat along any axis, DepthToSpace. Of any
// element type.
#include <cstring>

#include "base/checked.h"
#include "devices/cpu/fast_steps.h"

namespace picabia::cpu {
namespace {

int64_t Product(const Shape& shape, size_t from, size_t to) {
  int64_t n = 1;
  for (size_t i = from; i < to; ++i) n *= shape[i];
  return n;
}

// Calls f(first, last) for parts of [0, total), each of about kBytes of the result.
template <typename F>
void InParts(const ConvContext& context, int64_t total, int64_t bytes_each, F f) {
  constexpr int64_t kBytes = 128 << 10;
  const int64_t part = std::max<int64_t>(kBytes / std::max<int64_t>(bytes_each, 1), 1);
  context.threads.For(CeilDiv(total, part),
                      [&](int64_t i, int) { f(i * part, std::min((i + 1) * part, total)); });
}

// A run of each input after a run of the one before, for each index of the axes before `axis`.
FastResult RunConcat(const StepInputs& s, const ops::Concat& op) {
  const auto axis = static_cast<size_t>(op.axis);
  const Shape& out = s.output.shape;
  if (s.in.empty() || axis >= out.size()) return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  struct Run {
    const std::byte* from;
    size_t bytes, at;
  };
  std::vector<Run> runs;
  size_t whole = 0;
  for (const Tensor& x : s.in) {
    const size_t bytes =
        static_cast<size_t>(Product(x.shape(), axis, out.size())) * DTypeSize(s.output.dtype);
    runs.push_back({x.bytes(), bytes, whole});
    whole += bytes;
  }
  auto* to = y.MutableData<std::byte>();
  InParts(s.context, Product(out, 0, axis), static_cast<int64_t>(whole),
          [&, to](int64_t first, int64_t last) {
            for (const Run& r : runs)
              for (auto i = static_cast<size_t>(first);
                   r.bytes > 0 && i < static_cast<size_t>(last); ++i)
                std::memcpy(to + i * whole + r.at, r.from + i * r.bytes, r.bytes);
          });
  return std::optional<Tensor>(std::move(y));
}

// Row `row` of blocks of one picture to `block` rows of pixels.
template <typename T>
void SpreadRow(const T* x, int64_t width, int64_t channels, int64_t block, bool crd, T* y) {
  const int64_t depth = channels * block * block, line = width * block * channels;
  const int64_t in_block = crd ? 1 : channels, in_channel = crd ? block * block : 1;
  for (int64_t i = 0; i < block; ++i)
    for (int64_t p = 0; p < width; ++p)
      for (int64_t j = 0; j < block; ++j) {
        const T* from = x + p * depth + (i * block + j) * in_block;
        T* to = y + i * line + (p * block + j) * channels;
        for (int64_t c = 0; c < channels; ++c) to[c] = from[c * in_channel];
      }
}

FastResult RunDepthToSpace(const StepInputs& s, const ops::DepthToSpace& op) {
  const Shape &x = s.in[0].shape(), &out = s.output.shape;
  if (s.output.dtype != DType::kF32) return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  const int64_t row = x[2] * x[3];
  const float* from = s.in[0].data<float>();
  auto* to = y.MutableData<float>();
  s.context.threads.For(x[0] * x[1], [&, from, to](int64_t i, int) {
    SpreadRow(from + i * row, x[2], out[3], op.block, op.order == ops::BlockOrder::kCrd,
              to + i * row);
  });
  return std::optional<Tensor>(std::move(y));
}

}  // namespace

FastResult TryJoin(const StepInputs& s, const ops::Op& op) {
  if (const auto* concat = std::get_if<ops::Concat>(&op)) return RunConcat(s, *concat);
  if (const auto* spread = std::get_if<ops::DepthToSpace>(&op)) return RunDepthToSpace(s, *spread);
  return std::optional<Tensor>();
}

}  // namespace picabia::cpu
