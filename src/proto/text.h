// Model files as text and back: protobuf's own text form, which TensorFlow reads and writes as
// .pbtxt, with three additions that make the way back exact.
//
//   i: [1, 2, 2, 1]               numbers that are packed in the file; one bracket is one field
//   tensor_content: @12345+4096   contents by reference: offset and length in the file that the
//                                 block picabia_source names, with its size and SHA-256
//   picabia_field: "\n\003abc"    a field that has no exact form in text, as the file has it
//
// Parse(Print(file)) is the file, byte for byte: the printer tries every field, and writes those as
// bytes that would come out otherwise. Called by the command line.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "proto/schema.h"

namespace picabia::proto {

struct PrintTextOptions {
  // The file's name, for the block picabia_source; empty: everything is in the text, no references.
  std::string source;
};
// Contents beyond so many bytes become references.
constexpr size_t kInlineBytes = 64;

Result<std::string> PrintText(std::string_view model, const MessageType& type,
                              const PrintTextOptions& options);

// Gives the contents of the file that a text refers to, which must outlive the call.
using OpenSource = std::function<Result<std::string_view>(const std::string& file)>;

// TensorFlow's GraphDef or ONNX's ModelProto, told by the names of the outermost fields. The error
// names the line and what was expected there.
Result<std::string> ParseText(std::string_view text, const OpenSource& open);

// One message of a known type; `source`: what references point into.
Result<std::string> ParseMessageText(std::string_view text, const MessageType& type,
                                     std::string_view source);

}  // namespace picabia::proto
