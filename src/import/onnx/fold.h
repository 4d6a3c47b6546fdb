// Small tensors that exporters compute beside the network: the scales, sizes and paddings of
// operators, put together from the shape of the picture. They are computed here at import, so that
// the graph holds none of it. Called by importer.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "import/attributes.h"
#include "import/tensor_data.h"
#include "import/wire.h"

namespace picabia::import::onnx {

// A tensor of a few numbers. Doubles hold every size and every float exactly.
struct SmallTensor {
  DType dtype = DType::kI64;
  Shape shape;
  std::vector<double> values;
  // Computed from the size of the picture: right for that size, and for others only relative to it.
  bool follows_size = false;
};

constexpr int64_t kMaxSmallElements = 64;  // scales and paddings of an operator have at most 16

// Nothing when the tensor is too large or neither float nor integer.
std::optional<SmallTensor> ToSmallTensor(const Tensor& tensor);
Result<Tensor> ToTensor(const SmallTensor& small);

struct FoldContext {
  Attributes& attributes;
  std::vector<const SmallTensor*> inputs;  // null: absent
  const Shape* shape_of_input = nullptr;   // for Shape, where it is known
  bool shape_is_free = false;              // that shape changes with the picture
  int64_t opset = 0;
  const Owner& owner;
  ParseLog& log;
};

using Folder = Result<SmallTensor> (*)(FoldContext&);

// How an operator is computed on small tensors, or null.
Folder FindFolder(std::string_view op_type);

}  // namespace picabia::import::onnx
