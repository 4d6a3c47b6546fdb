// Unpacks what compile/pack.cc packed.
#include "devices/cpu/constants.h"

#include <algorithm>
#include <vector>

#include "kernels/table.h"

namespace picabia::cpu {

Result<Tensor> UnpackConstant(const program::Constant& c, DType dtype) {
  if (c.packing != program::Packing::kPlain)
    return Unsupported("packed filter outside a convolution");
  if (c.stored_dtype == dtype) return c.data.Reshaped(c.shape);
  PICABIA_ASSIGN_OR_RETURN(const std::vector<float> values, FloatValues(c.data));
  return Tensor::From<float>(c.shape, values);
}

Result<Tensor> UnpackFilter(const ops::ConvBlock& op, const program::Constant& c) {
  const Shape& s = c.shape;
  const bool integer = c.stored_dtype == DType::kI8 || c.stored_dtype == DType::kI16;
  PICABIA_ASSIGN_OR_RETURN(Tensor filter,
                           Tensor::Create(integer ? c.stored_dtype : DType::kF32, s));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<float> panels, FloatValues(c.data));
  const int64_t taps = s[0] * s[1], ci = op.transposed ? s[3] : s[2],
                co = op.transposed ? s[2] : s[3];
  for (int64_t t = 0; t < taps; ++t)
    for (int64_t k = 0; k < ci; ++k)
      for (int64_t m = 0; m < co; ++m) {
        const float v = panels[static_cast<size_t>(
            ((m / kernels::kPanel * taps + t) * ci + k) * kernels::kPanel + m % kernels::kPanel)];
        const int64_t to = op.transposed ? (t * co + m) * ci + k : (t * ci + k) * co + m;
        if (c.stored_dtype == DType::kI8) {
          filter.MutableData<int8_t>()[to] = static_cast<int8_t>(v);
        } else if (integer) {
          filter.MutableData<int16_t>()[to] = static_cast<int16_t>(v);
        } else {
          filter.MutableData<float>()[to] = v;
        }
      }
  return filter;
}

Status CheckFilter(const ops::ConvBlock& op, const program::Constant* filter) {
  if (filter == nullptr || filter->packing != program::Packing::kPanels16)
    return InvalidModel("its filter is not a packed constant");
  constexpr int64_t kMaxStride = 64;  // a transposed convolution is cut into stride * stride phases
  if (op.transposed && std::max(op.window.strides[0], op.window.strides[1]) > kMaxStride)
    return Unsupported("a transposed convolution with a stride above 64");
  return OkStatus();
}

}  // namespace picabia::cpu
