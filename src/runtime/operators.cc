// The bridge between the C interface of custom operators and ops::CustomOperator; see operators.h.
#include "runtime/operators.h"

#include <dlfcn.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>

namespace picabia::runtime {
namespace {

constexpr size_t kMostOperators = 1024;  // of a library: more is a wild number
constexpr size_t kMostInputs = ops::Custom::kArity.max;

// The arguments of one call, in C.
class Call {
 public:
  explicit Call(const std::vector<ops::CustomAttribute>& attributes) : attributes_(attributes) {
    for (const ops::CustomAttribute& a : attributes_) {
      picabia_attribute c{a.name.c_str(), 0, 0, nullptr, nullptr, nullptr};
      if (const auto* ints = std::get_if<std::vector<int64_t>>(&a.value)) {
        c.kind = PICABIA_INTS;
        c.count = ints->size();
        c.ints = ints->data();
      } else if (const auto* floats = std::get_if<std::vector<double>>(&a.value)) {
        c.kind = PICABIA_FLOATS;
        c.count = floats->size();
        c.floats = floats->data();
      } else {
        const auto& text = std::get<std::string>(a.value);
        c.kind = PICABIA_TEXT;
        c.count = text.size();
        c.text = text.c_str();
      }
      c_attributes_.push_back(c);
    }
    call_.num_attributes = c_attributes_.size();
    call_.attributes = c_attributes_.data();
    call_.error = error_.data();
    call_.error_size = error_.size();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void AddInput(DType dtype, const Shape& shape, const std::byte* data) {
    inputs_.push_back({static_cast<uint32_t>(dtype), static_cast<uint32_t>(shape.size()),
                       shape.data(), const_cast<std::byte*>(data)});
  }

  // After the last input. The message is that of the operator, on one line.
  template <typename F, typename... More>
  Status Run(const picabia_operator& op, const char* what, F function, More... more) {
    call_.num_inputs = inputs_.size();
    call_.inputs = inputs_.data();
    error_[0] = '\0';
    if (function(op.user, &call_, more...) == 0) return OkStatus();
    const size_t length = strnlen(error_.data(), error_.size());
    const std::string text(error_.data(), length);
    return InvalidArgument(
        "operator '" + std::string(op.name) +
        "': " + (text.empty() ? std::string(what) + " failed and says no reason" : text));
  }

 private:
  const std::vector<ops::CustomAttribute> attributes_;
  std::vector<picabia_attribute> c_attributes_;
  std::vector<picabia_tensor> inputs_;
  std::array<char, 512> error_{};
  picabia_call call_{};
};

class COperator final : public ops::CustomOperator {
 public:
  // `library` is null for an operator of this process.
  COperator(const picabia_operator& op, std::shared_ptr<void> library)
      : library_(std::move(library)), op_(op) {}
  ~COperator() override {
    if (op_.release != nullptr) op_.release(op_.user);
  }

  Result<DType> OutputType(std::span<const DType> inputs,
                           const std::string& attributes) const override {
    PICABIA_RETURN_IF_ERROR(CheckCount(inputs.size()));
    if (op_.output_element == nullptr) return CustomOperator::OutputType(inputs, attributes);
    PICABIA_ASSIGN_OR_RETURN(const auto list, ops::ParseAttributes(attributes));
    Call call(list);
    for (const DType dtype : inputs) call.AddInput(dtype, {}, nullptr);
    uint32_t element = PICABIA_FLOAT32;
    PICABIA_RETURN_IF_ERROR(call.Run(op_, "output_element", op_.output_element, &element));
    if (element < static_cast<uint32_t>(kNumDTypes)) return static_cast<DType>(element);
    return InvalidArgument("operator '" + std::string(op_.name) + "' gives element type " +
                           std::to_string(element) + ", which does not exist");
  }

  Result<Shape> OutputShape(std::span<const ops::TensorType> inputs,
                            const std::string& attributes) const override {
    PICABIA_RETURN_IF_ERROR(CheckCount(inputs.size()));
    if (op_.output_shape == nullptr) return CustomOperator::OutputShape(inputs, attributes);
    PICABIA_ASSIGN_OR_RETURN(const auto list, ops::ParseAttributes(attributes));
    Call call(list);
    for (const ops::TensorType& t : inputs) call.AddInput(t.dtype, t.shape, nullptr);
    std::array<int64_t, PICABIA_MAX_RANK> dims{};
    uint32_t rank = 0;
    PICABIA_RETURN_IF_ERROR(call.Run(op_, "output_shape", op_.output_shape, dims.data(), &rank));
    if (rank <= PICABIA_MAX_RANK) return Shape(dims.begin(), dims.begin() + rank);
    return InvalidArgument("operator '" + std::string(op_.name) + "' gives rank " +
                           std::to_string(rank) + ", expected " + std::to_string(PICABIA_MAX_RANK) +
                           " at most");
  }

  Status Compute(std::span<const Tensor> inputs, const std::string& attributes,
                 Tensor& output) const override {
    PICABIA_ASSIGN_OR_RETURN(const auto list, ops::ParseAttributes(attributes));
    Call call(list);
    for (const Tensor& t : inputs) call.AddInput(t.dtype(), t.shape(), t.bytes());
    const picabia_tensor out{static_cast<uint32_t>(output.dtype()),
                             static_cast<uint32_t>(output.rank()), output.shape().data(),
                             output.MutableData<std::byte>()};
    return call.Run(op_, "compute", op_.compute, &out);
  }

 private:
  Status CheckCount(size_t inputs) const {
    if (inputs >= op_.min_inputs && inputs <= op_.max_inputs) return OkStatus();
    return InvalidArgument("operator '" + std::string(op_.name) + "' has " +
                           std::to_string(inputs) + " inputs, expected " +
                           std::to_string(op_.min_inputs) + " to " +
                           std::to_string(op_.max_inputs));
  }

  std::shared_ptr<void> library_;  // closed after `release` has been called
  picabia_operator op_;
};

// Of a struct of another version, only the first two fields mean what they say.
Status CheckVersion(const picabia_operator& op) {
  if (op.abi_version == PICABIA_OPERATOR_ABI_VERSION && op.size == sizeof(picabia_operator))
    return OkStatus();
  return Unsupported(
      "found interface version " + std::to_string(op.abi_version) + " (" + std::to_string(op.size) +
      " bytes), expected version " + std::to_string(PICABIA_OPERATOR_ABI_VERSION) + " (" +
      std::to_string(sizeof(picabia_operator)) +
      " bytes): build it with the include/picabia/operator.h of Picabia " + PICABIA_VERSION);
}

Status CheckFields(const picabia_operator& op) {
  if (op.name == nullptr || op.name[0] == '\0') return InvalidArgument("found no name");
  const std::string name = "operator '" + std::string(op.name) + "': ";
  if (op.compute == nullptr) return InvalidArgument(name + "found no function compute");
  if (op.min_inputs < 1 || op.max_inputs < op.min_inputs || op.max_inputs > kMostInputs)
    return InvalidArgument(name + "found " + std::to_string(op.min_inputs) + " to " +
                           std::to_string(op.max_inputs) + " inputs, expected 1 to " +
                           std::to_string(kMostInputs));
  return OkStatus();
}

Status AddTo(ops::OperatorRegistry& registry, const picabia_operator& op,
             const std::shared_ptr<void>& library) {
  PICABIA_RETURN_IF_ERROR(CheckVersion(op));
  auto wrapped = std::make_shared<const COperator>(op, library);
  PICABIA_RETURN_IF_ERROR(CheckFields(op));
  return registry.Add(op.name, op.device == nullptr ? "" : op.device, std::move(wrapped));
}

std::string LoaderError() {
  const char* text = dlerror();
  return text == nullptr ? "the system gives no reason" : text;
}

}  // namespace

Status AddOperator(const picabia_operator& op, ops::OperatorRegistry& registry) {
  return AddTo(registry, op, nullptr);
}

Status LoadOperators(const std::string& path, ops::OperatorRegistry& registry) {
  // Without a slash, the system would look elsewhere.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  dlerror();
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return IoError(path + ": cannot be loaded: " + LoaderError());
  const std::shared_ptr<void> library(handle, [](void* h) { dlclose(h); });
  const auto list =
      reinterpret_cast<picabia_operators_function>(dlsym(handle, PICABIA_OPERATORS_SYMBOL));
  if (list == nullptr)
    return InvalidArgument(path + ": has no function " PICABIA_OPERATORS_SYMBOL
                                  ": is it a library of operators?");
  size_t count = 0;
  const picabia_operator* const* operators = list(&count);
  if (operators == nullptr || count == 0 || count > kMostOperators)
    return InvalidArgument(path + ": lists " + std::to_string(count) +
                           " operators, expected 1 to " + std::to_string(kMostOperators));
  ops::OperatorRegistry added = registry;
  for (size_t i = 0; i < count; ++i) {
    const std::string label = "operator " + std::to_string(i);
    const Status status = operators[i] == nullptr ? InvalidArgument("found a null pointer")
                                                  : AddTo(added, *operators[i], library);
    if (!status.ok()) return status.WithContext(label).WithContext(path);
  }
  registry = std::move(added);
  return OkStatus();
}

}  // namespace picabia::runtime
