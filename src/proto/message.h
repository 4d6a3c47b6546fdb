// A protobuf message as the list of its fields, for edits that leave every byte alone that they do
// not mean. Called by graph_def.cc, onnx_model.cc and attr_value.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace picabia::proto {

struct RawField {
  uint32_t number = 0;
  std::string_view whole;  // with its tag, as it stands in the file
  std::string_view bytes;  // the contents, where the field is a string, bytes or a message
};

// The views are into `message`.
Result<std::vector<RawField>> SplitFields(std::string_view message);

// The last integer of this number; nothing where the message has none or is damaged.
std::optional<int64_t> IntegerField(std::string_view message, uint32_t number);

}  // namespace picabia::proto
