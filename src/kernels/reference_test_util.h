// Tensors of any element type from lists of numbers, and back, for the tests of the references.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "base/element.h"
#include "kernels/reference/reference.h"

namespace picabia::kernels {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

using Numbers = std::vector<double>;

// The numbers must be exact in `dtype`.
inline Tensor Make(DType dtype, Shape shape, const Numbers& numbers) {
  Tensor t = *Tensor::Create(dtype, std::move(shape));
  EXPECT_EQ(t.num_elements(), static_cast<int64_t>(numbers.size()));
  VisitElementType(dtype, [&](auto type) {
    using T = typename decltype(type)::type;
    for (size_t i = 0; i < numbers.size(); ++i) {
      if constexpr (std::is_same_v<T, Bool>) {
        t.MutableData<T>()[i] = Bool(numbers[i] != 0);
      } else if constexpr (std::is_same_v<T, Half>) {
        t.MutableData<T>()[i] = Half(static_cast<float>(numbers[i]));
      } else {
        t.MutableData<T>()[i] = static_cast<T>(numbers[i]);
      }
    }
  });
  return t;
}
inline Tensor Vector(DType dtype, const Numbers& numbers) {
  return Make(dtype, {static_cast<int64_t>(numbers.size())}, numbers);
}
inline Tensor Floats(Shape shape, const Numbers& numbers) {
  return Make(DType::kF32, std::move(shape), numbers);
}
inline Tensor Floats(const Numbers& numbers) { return Vector(DType::kF32, numbers); }
inline Tensor Ints(const Numbers& numbers) { return Vector(DType::kI64, numbers); }

// 0, 1, 2, ...
inline Tensor Counting(DType dtype, Shape shape) {
  int64_t n = 1;
  for (int64_t d : shape) n *= d;
  Numbers numbers;
  for (int64_t i = 0; i < n; ++i) numbers.push_back(static_cast<double>(i));
  return Make(dtype, std::move(shape), numbers);
}

inline Numbers NumbersOf(const Tensor& t) {
  Numbers numbers;
  VisitElementType(t.dtype(), [&](auto type) {
    using T = typename decltype(type)::type;
    for (int64_t i = 0; i < t.num_elements(); ++i) {
      if constexpr (std::is_same_v<T, Half>) {
        numbers.push_back(static_cast<double>(static_cast<float>(t.data<T>()[i])));
      } else if constexpr (std::is_same_v<T, Bool>) {
        numbers.push_back(static_cast<bool>(t.data<T>()[i]) ? 1 : 0);
      } else {
        numbers.push_back(static_cast<double>(t.data<T>()[i]));
      }
    }
  });
  return numbers;
}

// The output of one operator; an empty tensor, and a failure of the test, where it is refused.
inline Tensor OutputOf(const ops::Op& op, const std::vector<Tensor>& inputs) {
  auto outputs = RunReference(op, inputs);
  EXPECT_TRUE(outputs.ok()) << ops::OpName(op) << ": " << outputs.status().message();
  return outputs.ok() ? (*outputs)[0] : Tensor();
}
inline Numbers NumbersFrom(const ops::Op& op, const std::vector<Tensor>& inputs) {
  return NumbersOf(OutputOf(op, inputs));
}

// Why it is refused; "" where it is not.
inline std::string ErrorFrom(const ops::Op& op, const std::vector<Tensor>& inputs) {
  const auto outputs = RunReference(op, inputs);
  return outputs.ok() ? "" : outputs.status().message();
}

// Within a few roundings of float; NaN equals NaN.
inline void ExpectClose(const Numbers& found, const Numbers& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i] == expected[i] || (found[i] != found[i] && expected[i] != expected[i])) continue;
    EXPECT_NEAR(found[i], expected[i], 1e-6 * std::max(1.0, std::abs(expected[i]))) << "at " << i;
  }
}

}  // namespace picabia::kernels
