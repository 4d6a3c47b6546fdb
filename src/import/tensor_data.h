// The elements of constants, as both file formats store them: raw little-endian bytes, or a list of
// numbers in a typed field. Nothing is allocated that the bytes of the file do not justify.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "import/wire.h"

namespace picabia::import {

class ExternalFiles;

// The bytes that constants may view, and what keeps them alive.
struct Owner {
  std::shared_ptr<const void> file;
  // Memory that constants of few stored values and a large shape may still take, in bytes.
  int64_t fill_budget = 0;
  ExternalFiles* external = nullptr;  // other files that a model may name; null: none
};

// A budget for files of `file_size` bytes: real graphs fill biases and scalars this way.
int64_t FillBudget(size_t file_size);

// Every dimension >= 0, rank at most kMaxRank, and a byte count that fits. Returns the elements.
Result<int64_t> CheckConstantShape(DType dtype, const Shape& shape);
constexpr size_t kMaxRank = 32;  // NumPy's limit before version 2

// The same for the shape of an input, where -1 is a dimension that is free.
Status CheckDeclaredShape(DType dtype, const Shape& shape);

// The dimensions of a shape message: field `number` is one dimension, whose size is its field 1, or
// `absent` where it has none. At most kMaxRank + 1 are read; more than kMaxRank are an error.
Shape ReadDimensions(std::string_view message, uint32_t number, int64_t absent, ParseLog& log);

// A row of a format's table of element types: its number there, and the typed field with values.
struct StoredType {
  int64_t code;
  DType dtype;
  uint32_t field;
};
// The error names the types that can be read; `format` is "ONNX" or "TensorFlow".
Result<StoredType> FindStoredType(std::span<const StoredType> types, int64_t code,
                                  const char* format);

// What a message says of where its values are.
struct ValueFields {
  bool has_raw = false;
  uint32_t typed = 0;  // bit n: the typed field n is there
};
// An error when both kinds are there, or typed values of another type.
Status CheckValueFields(const StoredType& type, const ValueFields& fields);

// The values of the typed field, one for each element, or, with `fill`, as FinishFilled() says.
Result<Tensor> TensorFromTyped(const StoredType& type, const Shape& shape, std::string_view message,
                               bool fill, ParseLog& log);

// A view of `raw`, or a copy where the bytes are not aligned for the type.
Result<Tensor> TensorFromRaw(DType dtype, const Shape& shape, std::string_view raw,
                             const Owner& owner);

// Takes the numbers of a typed field one by one, checks that each fits the element type, and makes
// the tensor of them.
class TensorFiller {
 public:
  static Result<TensorFiller> Create(DType dtype, const Shape& shape);

  void AddInteger(int64_t value);
  void AddFloat(float value);
  void AddDouble(double value);
  // A float16 given as its 16 bits.
  void AddHalfBits(int64_t bits);

  int64_t count() const { return count_; }
  // All elements must have been given.
  Result<Tensor> Finish();
  // The last value given (zero when there is none) stands for all that follow, as in TensorFlow.
  Result<Tensor> FinishFilled();

 private:
  explicit TensorFiller(Tensor tensor) : tensor_(std::move(tensor)) {}
  template <typename T>
  void Store(T value);
  void Misfit(const std::string& value);

  Tensor tensor_;
  int64_t count_ = 0;
  Status status_;
};

}  // namespace picabia::import
