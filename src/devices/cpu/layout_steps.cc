// What moves pictures: Reshape and its kin, which share memory; Transposes between NHWC and NCHW,
// and those that move only dimensions of 1; Pad of height and width; Resize of height and width.
#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "devices/cpu/fast_steps.h"
#include "kernels/resize_table.h"

namespace picabia::cpu {
namespace {

FastResult Share(const StepInputs& s) {
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.in[0].Reshaped(s.output.shape));
  return std::optional<Tensor>(std::move(y));
}

// Whether the dimensions that are not 1 keep their order.
bool MovesOnlyOnes(const std::vector<int64_t>& perm, const Shape& x) {
  int64_t last = -1;
  for (int64_t axis : perm) {
    if (x[static_cast<size_t>(axis)] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

// Between NHWC and NCHW, each row of pixels apart.
FastResult TransposePicture(const StepInputs& s, bool to_nhwc) {
  const Shape& x = s.in[0].shape();
  const int64_t c = to_nhwc ? x[1] : x[3], h = to_nhwc ? x[2] : x[1], w = to_nhwc ? x[3] : x[2];
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  const float* from = s.in[0].data<float>();
  float* to = y.MutableData<float>();
  s.context.threads.For(x[0] * h, [=](int64_t i, int) {
    const int64_t n = i / h, row = i % h;
    for (int64_t k = 0; k < c; ++k) {
      const int64_t planar = ((n * c + k) * h + row) * w, packed = (n * h + row) * w * c + k;
      for (int64_t p = 0; p < w; ++p) {
        if (to_nhwc) {
          to[packed + p * c] = from[planar + p];
        } else {
          to[planar + p] = from[packed + p * c];
        }
      }
    }
  });
  return std::optional<Tensor>(std::move(y));
}

FastResult RunTranspose(const StepInputs& s, const ops::Transpose& op) {
  if (MovesOnlyOnes(op.perm, s.in[0].shape())) return Share(s);
  const bool to_nhwc = op.perm == std::vector<int64_t>{0, 2, 3, 1};
  if (s.in[0].dtype() != DType::kF32 || (!to_nhwc && op.perm != std::vector<int64_t>{0, 3, 1, 2}))
    return std::optional<Tensor>();
  return TransposePicture(s, to_nhwc);
}

// Where position i of a padded axis comes from, or -1 for the constant.
int64_t PadSource(ops::PadMode mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size) return i;
  switch (mode) {
    case ops::PadMode::kConstant:
      return -1;
    case ops::PadMode::kEdge:
      return i < 0 ? 0 : size - 1;
    case ops::PadMode::kReflect:
      return i < 0 ? -i : 2 * (size - 1) - i;
    case ops::PadMode::kSymmetric:
      return i < 0 ? -i - 1 : 2 * size - 1 - i;
    case ops::PadMode::kWrap:
      return i < 0 ? i + size : i - size;
  }
  return -1;
}

// Rows of pixels are copied whole, the pixels beside them one by one.
FastResult RunPad(const StepInputs& s, const ops::Pad& op) {
  const Shape &x = s.in[0].shape(), &out = s.output.shape;
  const auto crops = [](int64_t n) { return n < 0; };
  const bool picture = x.size() == 4 && op.before[0] == 0 && op.after[0] == 0 &&
                       op.before[3] == 0 && op.after[3] == 0;
  if (!picture || std::any_of(op.before.begin(), op.before.end(), crops) ||
      std::any_of(op.after.begin(), op.after.end(), crops) ||
      (op.mode == ops::PadMode::kConstant && op.value != 0) || s.in[0].num_elements() == 0)
    return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  const auto pixel = static_cast<size_t>(x[3]) * DTypeSize(s.output.dtype);
  const std::byte* from = s.in[0].bytes();
  auto* to = y.MutableData<std::byte>();
  s.context.threads.For(out[0] * out[1], [&, from, to](int64_t i, int) {
    const int64_t n = i / out[1], row = PadSource(op.mode, i % out[1] - op.before[1], x[1]);
    std::byte* line = to + static_cast<size_t>(i * out[2]) * pixel;
    if (row < 0) {
      std::memset(line, 0, static_cast<size_t>(out[2]) * pixel);
      return;
    }
    const std::byte* source = from + static_cast<size_t>((n * x[1] + row) * x[2]) * pixel;
    for (int64_t p = 0; p < out[2]; ++p) {
      const int64_t column = PadSource(op.mode, p - op.before[2], x[2]);
      std::byte* at = line + static_cast<size_t>(p) * pixel;
      if (column < 0) {
        std::memset(at, 0, pixel);
      } else if (p == op.before[2]) {  // the row itself
        std::memcpy(at, source, static_cast<size_t>(x[2]) * pixel);
        p += x[2] - 1;
      } else {
        std::memcpy(at, source + static_cast<size_t>(column) * pixel, pixel);
      }
    }
  });
  return std::optional<Tensor>(std::move(y));
}

void CopyNearest(const StepInputs& s, const kernels::ResizeAxis& rows,
                 const kernels::ResizeAxis& columns, Tensor& y) {
  const Shape &x = s.in[0].shape(), &out = s.output.shape;
  const auto pixel = static_cast<size_t>(x[3]) * DTypeSize(s.output.dtype);
  auto* to = y.MutableData<std::byte>();
  const std::byte* from = s.in[0].bytes();
  s.context.threads.For(out[0] * out[1], [&, from, to](int64_t i, int) {
    const int64_t n = i / out[1], row = rows.index[static_cast<size_t>(i % out[1])];
    const std::byte* source = from + static_cast<size_t>((n * x[1] + row) * x[2]) * pixel;
    std::byte* line = to + static_cast<size_t>(i * out[2]) * pixel;
    for (int64_t p = 0; p < out[2]; ++p)
      std::memcpy(line + static_cast<size_t>(p) * pixel,
                  source + static_cast<size_t>(columns.index[static_cast<size_t>(p)]) * pixel,
                  pixel);
  });
}

// First the rows of the input that an output row joins, then the pixels of that row.
void Filter(const StepInputs& s, const kernels::ResizeAxis& rows,
            const kernels::ResizeAxis& columns, Tensor& y) {
  const Shape &x = s.in[0].shape(), &out = s.output.shape;
  const int64_t c = x[3], width = x[2] * c;
  const float* from = s.in[0].data<float>();
  float* to = y.MutableData<float>();
  s.context.threads.For(out[0] * out[1], [&, from, to](int64_t i, int) {
    const int64_t n = i / out[1], first = i % out[1] * rows.taps;
    std::vector<float> joined(static_cast<size_t>(width), 0.0f);
    for (int64_t t = first; t < first + rows.taps; ++t) {
      const auto weight = static_cast<float>(rows.weight[static_cast<size_t>(t)]);
      if (weight == 0) continue;
      const float* source = from + (n * x[1] + rows.index[static_cast<size_t>(t)]) * width;
      for (int64_t k = 0; k < width; ++k) joined[static_cast<size_t>(k)] += weight * source[k];
    }
    for (int64_t p = 0; p < out[2]; ++p) {
      float* at = to + (i * out[2] + p) * c;
      std::fill(at, at + c, 0.0f);
      for (int64_t t = p * columns.taps; t < (p + 1) * columns.taps; ++t) {
        const auto weight = static_cast<float>(columns.weight[static_cast<size_t>(t)]);
        if (weight == 0) continue;
        const float* source = joined.data() + columns.index[static_cast<size_t>(t)] * c;
        for (int64_t k = 0; k < c; ++k) at[k] += weight * source[k];
      }
    }
  });
}

FastResult RunResize(const StepInputs& s, const ops::Resize& op) {
  const Shape &x = s.in[0].shape(), &out = s.output.shape;
  if (x.size() != 4 || x[0] != out[0] || x[3] != out[3] || s.in[0].num_elements() == 0 ||
      op.coordinate_mode == ops::CoordinateMode::kTfCropAndResize)
    return std::optional<Tensor>();
  if (op.mode != ops::ResizeMode::kNearest && s.output.dtype != DType::kF32)
    return std::optional<Tensor>();
  const std::vector<kernels::ResizeAxis> tables = kernels::ResizeTables(op, x, out);
  if (!tables[0].IsIdentity(x[0]) || !tables[3].IsIdentity(x[3])) return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(Tensor y, s.Allocate());
  if (op.mode == ops::ResizeMode::kNearest) {
    CopyNearest(s, tables[1], tables[2], y);
  } else {
    Filter(s, tables[1], tables[2], y);
  }
  return std::optional<Tensor>(std::move(y));
}

}  // namespace

FastResult TryLayout(const StepInputs& s, const ops::Op& op) {
  const bool shares =
      std::holds_alternative<ops::Identity>(op) || std::holds_alternative<ops::Reshape>(op) ||
      std::holds_alternative<ops::Flatten>(op) || std::holds_alternative<ops::Squeeze>(op) ||
      std::holds_alternative<ops::Unsqueeze>(op);
  if (shares) return Share(s);
  if (const auto* transpose = std::get_if<ops::Transpose>(&op)) return RunTranspose(s, *transpose);
  if (const auto* pad = std::get_if<ops::Pad>(&op)) return RunPad(s, *pad);
  if (const auto* resize = std::get_if<ops::Resize>(&op)) return RunResize(s, *resize);
  return std::optional<Tensor>();
}

}  // namespace picabia::cpu
