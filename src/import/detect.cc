// What kind of file it is, told by its contents. Called by ImportModel and the command line.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "import/import.h"
#include "import/names.h"
#include "import/wire.h"

namespace picabia::import {
namespace {

constexpr std::string_view kExpected = "expected a frozen TensorFlow graph (.pb) or an ONNX model";

// Files that people pass by mistake, by the bytes at a fixed place.
struct Signature {
  size_t offset;
  std::string_view magic;
  const char* what;
};

using namespace std::string_view_literals;
constexpr Signature kSignatures[] = {
    {0, "\x7FMEF"sv, "a Cambricon offline model, which can only run on the card that it is for"},
    {4, "PICB"sv, "a compiled Picabia program; it runs as it is and needs no import"},
    {4, "TFL3"sv, "a TensorFlow Lite model"},
    {0, "\x89PNG"sv, "a PNG picture"},
    {0, "\xFF\xD8\xFF"sv, "a JPEG picture"},
    {0, "GIF8"sv, "a GIF picture"},
    {0, "RIFF"sv, "a RIFF file (a WebP picture or a sound)"},
    {0, "%PDF"sv, "a PDF document"},
    {0,
     "\x7F"
     "ELF"sv,
     "an ELF program or library"},
    {0, "PK\x03\x04"sv, "a zip archive (a PyTorch checkpoint or a Keras model, perhaps)"},
    {0, "\x1F\x8B"sv, "a gzip archive; unpack it first"},
    {0, "\x89HDF"sv, "an HDF5 file (Keras weights, perhaps)"},
    {0, "\x93NUMPY"sv, "a NumPy array"},
    {0, "\x80\x02"sv, "a Python pickle (a PyTorch checkpoint, perhaps)"},
    {0, "version https://git-lfs"sv,
     "a Git LFS pointer; fetch the file itself with 'git lfs pull'"},
};

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Whether the beginning has no control character: a binary protobuf message has one in its first
// fields, for the tags of strings 1 to 3 are 0x0A, 0x12 and 0x1A.
bool LooksLikeText(std::string_view bytes) {
  const std::string_view start = bytes.substr(0, 512);
  return std::all_of(start.begin(), start.end(), [](char c) {
    return IsSpace(c) || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  });
}

std::string DescribeText(std::string_view bytes) {
  const std::string_view start = bytes.substr(0, 4096);
  const auto first = std::find_if_not(start.begin(), start.end(), IsSpace);
  const std::string_view text(first, start.end());
  if (text.empty()) return "nothing but white space";
  if (text.starts_with('<')) return "an HTML or XML page (a failed download, perhaps)";
  for (const std::string_view field :
       {"node {", "node{", "ir_version:", "versions {", "library {", "picabia_source {"}) {
    if (text.starts_with(field)) {
      return "a graph in protobuf text form (pbtxt); picabia assemble makes the binary form of it";
    }
  }
  return "text, which begins " + Quoted(text.substr(0, 40));
}

// The fields of the outermost message that tell the formats apart.
struct Outline {
  bool graph_def_node = false;     // field 1 is bytes
  bool onnx_ir_version = false;    // field 1 is an integer
  bool onnx_graph = false;         // field 7 is bytes
  bool saved_model_graph = false;  // field 2 is bytes that are no text
};

Outline ReadOutline(std::string_view bytes, ParseLog& log) {
  Outline outline;
  FieldReader fields(bytes, log);
  while (fields.Next()) {
    const bool is_bytes = fields.wire_type() == protozero::pbf_wire_type::length_delimited;
    const bool is_int = fields.wire_type() == protozero::pbf_wire_type::varint;
    outline.graph_def_node |= fields.number() == 1 && is_bytes;
    outline.onnx_ir_version |= fields.number() == 1 && is_int;
    outline.onnx_graph |= fields.number() == 7 && is_bytes;
    if (fields.number() == 2 && is_bytes) {
      outline.saved_model_graph |= !LooksLikeText(fields.Bytes());
    }
    if (outline.graph_def_node || outline.onnx_graph) break;
  }
  return outline;
}

}  // namespace

Result<ModelFormat> DetectFormat(std::span<const std::byte> file) {
  const std::string_view bytes(reinterpret_cast<const char*>(file.data()), file.size());
  if (bytes.empty()) return InvalidModel("the file is empty, " + std::string(kExpected));
  for (const Signature& s : kSignatures) {
    if (bytes.size() >= s.offset && bytes.substr(s.offset).starts_with(s.magic)) {
      return InvalidModel("the file is " + std::string(s.what) + "; " + std::string(kExpected));
    }
  }
  if (LooksLikeText(bytes)) {
    return InvalidModel("the file is " + DescribeText(bytes) + "; " + std::string(kExpected));
  }
  ParseLog log(file);
  const Outline outline = ReadOutline(bytes, log);
  if (outline.graph_def_node) return ModelFormat::kTensorFlow;
  if (outline.onnx_graph) return ModelFormat::kOnnx;
  if (outline.onnx_ir_version && outline.saved_model_graph) {
    return InvalidModel("the file is a TensorFlow SavedModel; freeze its graph first; " +
                        std::string(kExpected));
  }
  if (outline.onnx_ir_version) return ModelFormat::kOnnx;  // cut short; its importer says where
  if (!log.ok()) {
    return InvalidModel("the file is no protobuf message (" + log.status().message() + "); " +
                        std::string(kExpected));
  }
  return InvalidModel("the file has no graph in it; " + std::string(kExpected));
}

}  // namespace picabia::import
