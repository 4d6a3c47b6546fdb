// The messages of both model formats as tables: what their text form calls each field. What a table
// does not have is written as bytes (text.h), so that tables need not be complete.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace picabia::proto {

enum class Kind { kInt, kBool, kEnum, kFloat, kDouble, kString, kBytes, kMessage };

struct EnumName {
  int number;
  const char* name;
};

struct MessageType;

struct FieldType {
  uint32_t number = 0;
  const char* name = "";
  Kind kind = Kind::kInt;
  // Of repeated numbers: how a writer of this format packs them where the text has one a line.
  bool packed = false;
  const MessageType* message = nullptr;
  std::span<const EnumName> names = {};
};

struct MessageType {
  std::span<const FieldType> fields;

  const FieldType* Find(uint32_t number) const;
  const FieldType* Find(std::string_view name) const;
};

const MessageType& GraphDefType();    // TensorFlow
const MessageType& ModelProtoType();  // ONNX

}  // namespace picabia::proto
