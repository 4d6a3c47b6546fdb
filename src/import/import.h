// Model files into graphs. Each importer reads bytes that may be hostile: every error is a Status
// that names the file, the node and the rule; nothing is executed. The only other files that are
// opened are those below the model's folder that an ONNX model names for its tensors' data.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "ir/graph.h"
#include "ops/custom.h"

namespace picabia::import {

enum class ModelFormat { kTensorFlow, kOnnx };

// What the bytes are, told by their protobuf structure and not by the file's name. The error says
// what they look like instead (empty, text, HTML, a Git LFS pointer, PNG, a Cambricon offline
// model, a compiled Picabia program, ...).
Result<ModelFormat> DetectFormat(std::span<const std::byte> bytes);

// `file` keeps the bytes alive that constants view. `name` is used in messages and as
// Graph::source.
Result<ir::Graph> ImportTensorFlow(std::shared_ptr<const FileBytes> file, const std::string& name);
Result<ir::Graph> ImportOnnx(std::shared_ptr<const FileBytes> file, const std::string& name);

// Opens, detects and imports. Only here a model has a folder, and may name other files.
// Nodes whose type is one of `operators` become Custom.
Result<ir::Graph> ImportModel(const std::string& path, const ops::OperatorSet& operators = {});

// An operator that an importer reads.
struct OperatorInfo {
  const char* format = "";  // "onnx" or "tensorflow"
  std::string name;
  // ONNX only: how many of the node tests of package onnx (tests/python/onnx_backend.py) pass, are
  // refused at import by name, and fail.
  int passed = 0;
  int refused = 0;
  int failed = 0;
};
// All of them: ONNX's by name, then TensorFlow's.
std::vector<OperatorInfo> SupportedOperators();

}  // namespace picabia::import
