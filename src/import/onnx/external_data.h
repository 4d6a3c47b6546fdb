// Tensors whose data are in other files of the model's folder ("external data"). Called by
// tensor_proto.cc. What a model names may be hostile: only regular files below the folder are
// opened, by no other way than their names, and nothing is read beyond their ends.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/tensor.h"
#include "import/tensor_data.h"
#include "import/wire.h"

namespace picabia::import {

// The files that one model has named so far, each mapped once.
class ExternalFiles {
 public:
  // `folder`: where the model is; empty when it was read from memory and has none.
  explicit ExternalFiles(std::string folder) : folder_(std::move(folder)) {}
  Result<std::shared_ptr<const FileBytes>> Open(std::string_view location);

 private:
  std::string folder_;
  std::map<std::string, std::shared_ptr<const FileBytes>, std::less<>> files_;
};
constexpr size_t kMaxExternalFiles = 16384;  // each is a mapping, of which Linux allows 65,530

namespace onnx {

// `entries`: TensorProto.external_data, pairs of location, offset, length and checksum. A checksum
// is not compared, as the onnx package does not either.
Result<Tensor> ReadExternalTensor(DType dtype, const Shape& shape,
                                  const std::vector<std::string_view>& entries, const Owner& owner,
                                  ParseLog& log);
constexpr size_t kMaxExternalEntries = 16;

}  // namespace onnx
}  // namespace picabia::import
