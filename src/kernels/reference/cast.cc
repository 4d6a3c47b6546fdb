// Reference conversions between element types, and linear quantization.
#include <cmath>

#include "kernels/reference/elements.h"
#include "kernels/reference/reference.h"
#include "kernels/reference/walk.h"

namespace picabia::kernels::reference {
namespace {

// The parameters of a quantization: one for all elements, or one for each index of an axis.
struct LinearParameters {
  std::vector<float> scale;
  std::vector<int64_t> zero;  // as many as scales
  int64_t inner = 1;          // elements that follow each other with the same index

  // f(element's position, its scale, its zero point) for each of `count` elements.
  template <typename F>
  void ForEach(int64_t count, F f) const {
    for (int64_t begin = 0, k = 0; begin < count; begin += inner) {
      const float s = scale[static_cast<size_t>(k)];
      const int64_t z = zero[static_cast<size_t>(k)];
      for (int64_t i = begin; i < begin + inner; ++i) f(i, s, z);
      if (++k == static_cast<int64_t>(scale.size())) k = 0;
    }
  }
};

Result<LinearParameters> ReadParameters(int64_t axis, const Tensor& x, const Tensor& scale,
                                        const Tensor* zero) {
  LinearParameters p;
  PICABIA_ASSIGN_OR_RETURN(p.scale, FloatValues(scale));
  p.zero.assign(p.scale.size(), 0);
  if (zero != nullptr) {
    PICABIA_ASSIGN_OR_RETURN(p.zero, IntegerValues(*zero));
  }
  if (p.scale.empty() || p.zero.size() != p.scale.size()) {
    return InvalidArgument("quantization: found " + std::to_string(p.scale.size()) +
                           " scales and " + std::to_string(p.zero.size()) +
                           " zero points, expected as many of both");
  }
  p.inner = p.scale.size() == 1 ? x.num_elements() : AxisView(x.shape(), axis).after;
  return p;
}

template <typename From, typename To>
void Quantize(const LinearParameters& p, const Tensor& x, Tensor& y) {
  const From* in = x.data<From>();
  To* out = y.MutableData<To>();
  const float low = static_cast<float>(std::numeric_limits<To>::min());
  const float high = static_cast<float>(std::numeric_limits<To>::max());
  p.ForEach(x.num_elements(), [&](int64_t i, float scale, int64_t zero) {
    const float level = std::nearbyint(Convert<float>(in[i]) / scale) + static_cast<float>(zero);
    // NaN has no level; fmax makes it the lowest.
    out[i] = static_cast<To>(std::fmin(std::fmax(level, low), high));
  });
}

template <typename From, typename To>
void Dequantize(const LinearParameters& p, const Tensor& x, Tensor& y) {
  const From* in = x.data<From>();
  To* out = y.MutableData<To>();
  p.ForEach(x.num_elements(), [&](int64_t i, float scale, int64_t zero) {
    const int64_t level = static_cast<int64_t>(in[i]) - zero;
    out[i] = Store<To>(static_cast<Computed<To>>(level) * static_cast<Computed<To>>(scale));
  });
}

template <typename F>
Status VisitQuantizedType(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kI8:
      return f(int8_t{});
    case DType::kU8:
      return f(uint8_t{});
    case DType::kI16:
      return f(int16_t{});
    case DType::kU16:
      return f(uint16_t{});
    default:
      return Unsupported(std::string("quantization to ") + DTypeName(dtype));
  }
}

}  // namespace

void Cast(const Tensor& x, Tensor& y) {
  VisitElementType(x.dtype(), [&](auto from) {
    VisitElementType(y.dtype(), [&](auto to) {
      using From = typename decltype(from)::type;
      using To = typename decltype(to)::type;
      const From* in = x.data<From>();
      To* out = y.MutableData<To>();
      for (int64_t i = 0; i < x.num_elements(); ++i) out[i] = Convert<To>(in[i]);
    });
  });
}

Status QuantizeLinear(int64_t axis, const Tensor& x, const Tensor& scale, const Tensor* zero,
                      Tensor& y) {
  PICABIA_ASSIGN_OR_RETURN(const LinearParameters p, ReadParameters(axis, x, scale, zero));
  return VisitQuantizedType(y.dtype(), [&](auto level) {
    VisitElementType(x.dtype(), [&](auto type) {
      Quantize<typename decltype(type)::type, decltype(level)>(p, x, y);
    });
    return OkStatus();
  });
}

Status DequantizeLinear(int64_t axis, const Tensor& x, const Tensor& scale, const Tensor* zero,
                        Tensor& y) {
  PICABIA_ASSIGN_OR_RETURN(const LinearParameters p, ReadParameters(axis, x, scale, zero));
  return VisitElementType(x.dtype(), [&](auto from) {
    return VisitElementType(y.dtype(), [&](auto to) -> Status {
      using From = typename decltype(from)::type;
      using To = typename decltype(to)::type;
      if constexpr (kIsInteger<From> && kIsFloat<To>) {
        Dequantize<From, To>(p, x, y);
        return OkStatus();
      } else {
        return Unsupported(std::string("dequantization of ") + DTypeName(x.dtype()) + " to " +
                           DTypeName(y.dtype()));
      }
    });
  });
}

}  // namespace picabia::kernels::reference
