// TensorFlow's AttrValue messages, made and read. Called where graphs are edited.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"

namespace picabia::proto {

// DataType of types.proto.
int32_t TensorFlowType(DType dtype);

std::string AttrOfType(int32_t type);
std::string AttrOfFloat(float value);
std::string AttrOfString(std::string_view value);
std::string AttrOfInts(const std::vector<int64_t>& values);
std::string AttrOfFloats(const std::vector<float>& values);
std::string AttrOfBool(bool value);
std::string AttrOfUnknownShape();
// Contents in tensor_content.
std::string AttrOfTensor(const Tensor& tensor);

// What an AttrValue holds; nothing where it is of another kind.
std::optional<int64_t> TypeOfAttr(std::string_view value);
std::optional<std::string_view> StringOfAttr(std::string_view value);
std::optional<bool> BoolOfAttr(std::string_view value);

}  // namespace picabia::proto
