// Arrays; see arrays.h.
#include "python/core/arrays.h"

#include <cstring>
#include <memory>
#include <utility>

namespace picabia::python {
namespace {

namespace nb = nanobind;
using Code = nb::dlpack::dtype_code;

nb::dlpack::dtype DlpackType(DType dtype) {
  const auto bits = static_cast<uint8_t>(DTypeSize(dtype) * 8);
  const auto make = [&](Code code) {
    return nb::dlpack::dtype{static_cast<uint8_t>(code), bits, 1};
  };
  switch (dtype) {
    case DType::kF32:
    case DType::kF16:
    case DType::kF64:
      return make(Code::Float);
    case DType::kI8:
    case DType::kI16:
    case DType::kI32:
    case DType::kI64:
      return make(Code::Int);
    case DType::kU8:
    case DType::kU16:
    case DType::kU32:
    case DType::kU64:
      return make(Code::UInt);
    case DType::kBool:
      break;
  }
  return make(Code::Bool);
}

Result<DType> DTypeFrom(nb::dlpack::dtype type) {
  for (int i = 0; i < kNumDTypes; ++i) {
    const auto dtype = static_cast<DType>(i);
    if (DlpackType(dtype) == type) return dtype;
  }
  return InvalidArgument("found an element type of " + std::to_string(type.bits) +
                         " bits that no tensor has");
}

}  // namespace

Result<Tensor> TensorOf(const Array& array) {
  PICABIA_ASSIGN_OR_RETURN(const DType dtype, DTypeFrom(array.dtype()));
  Shape shape;
  for (size_t i = 0; i < array.ndim(); ++i) shape.push_back(static_cast<int64_t>(array.shape(i)));
  const auto* data = static_cast<const std::byte*>(array.data());
  static constexpr std::byte kNothing{};
  // (Its last reference may go on any thread: nanobind takes the lock for that.)
  return Tensor::View(dtype, std::move(shape), {data == nullptr ? &kNothing : data, array.nbytes()},
                      std::make_shared<const Array>(array));
}

nb::object ArrayOf(const Tensor& tensor, bool writable) {
  auto owner = std::make_unique<Tensor>(tensor);
  std::vector<size_t> shape(tensor.shape().begin(), tensor.shape().end());
  void* data = owner->MutableData<std::byte>();
  nb::capsule capsule(owner.get(), [](void* p) noexcept { delete static_cast<Tensor*>(p); });
  owner.release();
  const nb::dlpack::dtype type = DlpackType(tensor.dtype());
  if (writable)
    return nb::cast(
        nb::ndarray<nb::numpy>(data, shape.size(), shape.data(), capsule, nullptr, type));
  return nb::cast(
      nb::ndarray<nb::numpy, nb::ro>(data, shape.size(), shape.data(), capsule, nullptr, type));
}

nb::object ResultOf(Tensor tensor) {
  if (tensor.IsUnique()) return ArrayOf(tensor, true);
  auto copy = Tensor::Create(tensor.dtype(), tensor.shape());
  if (!copy.ok()) throw std::bad_alloc();
  if (copy->num_bytes() > 0)
    std::memcpy(copy->MutableData<std::byte>(), tensor.bytes(), copy->num_bytes());
  return ArrayOf(*copy, true);
}

nb::object NumpyType(DType dtype) {
  return nb::module_::import_("numpy").attr("dtype")(DTypeName(dtype));
}

}  // namespace picabia::python
