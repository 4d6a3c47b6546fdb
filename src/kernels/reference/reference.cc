// Checks, allocates and calls the reference of each operator; ConvBlock is the chain that it was
// fused from.
#include "kernels/reference/reference.h"

#include <algorithm>
#include <utility>

#include "base/checked.h"
#include "ops/parameters.h"
#include "ops/power.h"

namespace picabia::kernels {
namespace reference {
namespace {

Result<Tensor> One(const ops::Op& op, std::vector<Tensor> inputs) {
  PICABIA_ASSIGN_OR_RETURN(std::vector<Tensor> outputs, RunReference(op, inputs));
  return std::move(outputs[0]);
}

Result<Tensor> Activate(ops::Activation activation, float alpha, Tensor x) {
  switch (activation) {
    case ops::Activation::kNone:
      return x;
    case ops::Activation::kRelu:
      return One(ops::Unary{ops::UnaryKind::kRelu, 0}, {x});
    case ops::Activation::kTanh:
      return One(ops::Unary{ops::UnaryKind::kTanh, 0}, {x});
    case ops::Activation::kLeakyRelu:
      return One(ops::Unary{ops::UnaryKind::kLeakyRelu, alpha}, {x});
  }
  return Unsupported("activation");
}

Result<Tensor> BlockConvolution(const ops::ConvBlock& op, Tensor x, const Tensor& filter) {
  ops::Window window = op.window;
  if (op.pad_mode != ops::PadMode::kConstant && op.transposed) {
    // As many pixels as the filter reaches, whose own outputs fall off again.
    std::array<int64_t, 2> more{};
    for (size_t a = 0; a < 2; ++a) {
      const int64_t reach = (filter.shape()[a] - 1) * window.dilations[a] + 1;
      more[a] = CeilDiv(reach, window.strides[a]);
      window.pads[a] += more[a] * window.strides[a];
      window.pads[a + 2] += more[a] * window.strides[a];
    }
    PICABIA_ASSIGN_OR_RETURN(
        x, One(ops::Pad{op.pad_mode, {0, more[0], more[1], 0}, {0, more[0], more[1], 0}, 0}, {x}));
  } else if (op.pad_mode != ops::PadMode::kConstant) {
    const auto& p = window.pads;
    PICABIA_ASSIGN_OR_RETURN(
        x, One(ops::Pad{op.pad_mode, {0, p[0], p[1], 0}, {0, p[2], p[3], 0}, 0}, {x}));
    window.pads = {0, 0, 0, 0};
  }
  if (op.input_scale > 0) {
    if (!op.transposed)
      return One(ops::Int8Conv2D{window, op.input_scale, op.filter_scale, op.filter_scales},
                 {x, filter});
    return One(ops::Int8ConvTranspose2D{window, op.output_shrink, op.input_scale, op.filter_scale,
                                        op.filter_scales},
               {x, filter});
  }
  if (!op.transposed) return One(ops::Conv2D{window, 1}, {x, filter});
  return One(ops::ConvTranspose2D{window, op.output_pads, op.output_shrink, 1}, {x, filter});
}

Result<Tensor> Scalar(float value) { return Tensor::From<float>({}, {value}); }

}  // namespace

Result<Tensor> ConvBlock(const ops::ConvBlock& op, std::span<const Tensor> inputs) {
  size_t next = 2;
  PICABIA_ASSIGN_OR_RETURN(Tensor y, BlockConvolution(op, inputs[0], inputs[1]));
  if (op.has_bias) {
    PICABIA_ASSIGN_OR_RETURN(y, One(ops::Binary{ops::BinaryKind::kAdd}, {y, inputs[next++]}));
  }
  if (op.norm == ops::Norm::kInstance) {
    PICABIA_ASSIGN_OR_RETURN(
        y, One(ops::InstanceNorm{op.epsilon}, {y, inputs[next], inputs[next + 1]}));
    next += 2;
  }
  PICABIA_ASSIGN_OR_RETURN(y, Activate(op.activation, op.alpha, y));
  if (op.post_scale != 1 || op.post_shift != 0) {
    PICABIA_ASSIGN_OR_RETURN(const Tensor scale, Scalar(op.post_scale));
    PICABIA_ASSIGN_OR_RETURN(const Tensor shift, Scalar(op.post_shift));
    PICABIA_ASSIGN_OR_RETURN(y, One(ops::Binary{ops::BinaryKind::kMul}, {y, scale}));
    PICABIA_ASSIGN_OR_RETURN(y, One(ops::Binary{ops::BinaryKind::kAdd}, {y, shift}));
  }
  if (op.has_residual) {
    PICABIA_ASSIGN_OR_RETURN(y, One(ops::Binary{ops::BinaryKind::kAdd}, {y, inputs[next]}));
  }
  return Activate(op.activation2, op.alpha, y);
}

namespace {

// Calls the function of the operator that the variant holds; `out` is allocated already.
struct Runner {
  std::span<const Tensor> in;
  Tensor& out;

  const Tensor* Optional(size_t i) const { return i < in.size() ? &in[i] : nullptr; }
  // The same elements under another shape.
  Status Share() {
    PICABIA_ASSIGN_OR_RETURN(out, in[0].Reshaped(out.shape()));
    return OkStatus();
  }

  Status operator()(const ops::Conv2D& op) {
    Conv2D(op.window, op.groups, in[0], in[1], Optional(2), out);
    return OkStatus();
  }
  Status operator()(const ops::ConvTranspose2D& op) {
    ConvTranspose2D(op, in[0], in[1], Optional(2), out);
    return OkStatus();
  }
  Status operator()(const ops::Int8Conv2D& op) {
    Int8Conv2D(op, in[0], in[1], out);
    return OkStatus();
  }
  Status operator()(const ops::Int8ConvTranspose2D& op) {
    Int8ConvTranspose2D(op, in[0], in[1], out);
    return OkStatus();
  }
  Status operator()(const ops::QuantizedConv2D& op) {
    QuantizedConv2D(op, in, out);
    return OkStatus();
  }
  Status operator()(const ops::QuantizedBinary& op) {
    return QuantizedBinary(op, in[0], in[1], out);
  }
  Status operator()(const ops::Lookup&) {
    Lookup(in[0], in[1], out);
    return OkStatus();
  }
  Status operator()(const ops::InstanceNorm& op) {
    InstanceNorm(op.epsilon, in[0], in[1], in[2], out);
    return OkStatus();
  }
  Status operator()(const ops::BatchNorm& op) {
    BatchNorm(op.epsilon, in, out);
    return OkStatus();
  }
  Status operator()(const ops::Identity&) { return Share(); }
  Status operator()(const ops::Unary& op) { return Unary(op.kind, op.alpha, in[0], out); }
  Status operator()(const ops::Clip& op) {
    Clip(op.low, op.high, in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::Binary& op) { return Binary(op.kind, in[0], in[1], out); }
  Status operator()(const ops::PowerDifference& op) {
    PICABIA_ASSIGN_OR_RETURN(const float power, ops::ExponentOf(op, in[2]));
    PowerDifference(in[0], in[1], power, out);
    return OkStatus();
  }
  Status operator()(const ops::Custom& op) {
    return op.implementation->Compute(in, op.attributes, out);  // its shape rule has seen it
  }
  Status operator()(const ops::Where&) {
    Where(in[0], in[1], in[2], out);
    return OkStatus();
  }
  Status operator()(const ops::Cast&) {
    Cast(in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::QuantizeLinear& op) {
    return QuantizeLinear(op.axis, in[0], in[1], Optional(2), out);
  }
  Status operator()(const ops::DequantizeLinear& op) {
    return DequantizeLinear(op.axis, in[0], in[1], Optional(2), out);
  }
  Status operator()(const ops::Softmax& op) { return Softmax(op, in[0], out); }
  Status operator()(const ops::Normalize& op) { return Normalize(op, in[0], out); }
  Status operator()(const ops::MatMul& op) { return MatMul(op, in[0], in[1], out); }
  Status operator()(const ops::Pool2D& op) { return Pool2D(op, in[0], out); }
  Status operator()(const ops::Reduce& op) { return Reduce(op, in[0], out); }
  Status operator()(const ops::CumSum& op) {
    CumSum(op, in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::ArgReduce& op) {
    ArgReduce(op, in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::Pad& op) {
    Pad(op, in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::Resize& op) { return Resize(op, in[0], out); }
  Status operator()(const ops::Transpose& op) {
    Transpose(op, in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::Reshape&) { return Share(); }
  Status operator()(const ops::Flatten&) { return Share(); }
  Status operator()(const ops::Squeeze&) { return Share(); }
  Status operator()(const ops::Unsqueeze&) { return Share(); }
  Status operator()(const ops::Expand&) {
    Expand(in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::Tile& op) {
    Tile(op, in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::Concat& op) {
    Concat(op, in, out);
    return OkStatus();
  }
  Status operator()(const ops::Split& op) {
    Split(op, in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::Slice& op) { return Slice(op, in[0], out); }
  Status operator()(const ops::Gather& op) { return Gather(op, in[0], in[1], out); }
  Status operator()(const ops::GatherElements& op) { return GatherElements(op, in[0], in[1], out); }
  Status operator()(const ops::GatherNd& op) { return GatherNd(op, in[0], in[1], out); }
  Status operator()(const ops::ShapeOf& op) {
    ShapeOf(op, in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::Range&) { return Range(in[0], in[2], out); }
  Status operator()(const ops::DepthToSpace& op) {
    DepthToSpace(op, in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::SpaceToDepth& op) {
    SpaceToDepth(op, in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::SpaceToBatch& op) {
    SpaceToBatch(op, in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::BatchToSpace& op) {
    BatchToSpace(op, in[0], out);
    return OkStatus();
  }
  Status operator()(const ops::ConvBlock& op) {
    PICABIA_ASSIGN_OR_RETURN(out, ConvBlock(op, in));
    return OkStatus();
  }
};

// The inputs that `op`, whose parameters are attributes now, still reads.
std::span<const Tensor> Leading(const ops::Op& op, std::span<const Tensor> inputs) {
  if (std::holds_alternative<ops::Range>(op)) return inputs;  // it keeps them
  return inputs.first(std::min(inputs.size(), ops::DataInputs(op)));
}

}  // namespace
}  // namespace reference

Result<std::vector<Tensor>> RunReference(const ops::Op& op, const std::vector<Tensor>& inputs) {
  std::vector<ops::TensorType> types;
  std::vector<const Tensor*> values;
  for (const Tensor& t : inputs) {
    types.push_back({t.dtype(), t.shape()});
    values.push_back(&t);
  }
  PICABIA_ASSIGN_OR_RETURN(const std::vector<ops::TensorType> out,
                           ops::InferOutputs(op, types, values));
  PICABIA_ASSIGN_OR_RETURN(const ops::Op absorbed, ops::Absorb(op, types, values));
  PICABIA_ASSIGN_OR_RETURN(Tensor y, Tensor::Create(out[0].dtype, out[0].shape));
  if (y.num_elements() == 0) return std::vector<Tensor>{std::move(y)};
  reference::Runner runner{reference::Leading(absorbed, inputs), y};
  PICABIA_RETURN_IF_ERROR(std::visit(runner, absorbed));
  return std::vector<Tensor>{std::move(y)};
}

}  // namespace picabia::kernels
