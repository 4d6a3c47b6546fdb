// External data of ONNX tensors: which file, which bytes of it. Called by tensor_proto.cc.
#include "import/onnx/external_data.h"

#include <charconv>
#include <optional>

#include "import/names.h"

namespace picabia::import {

Result<std::shared_ptr<const FileBytes>> ExternalFiles::Open(std::string_view location) {
  if (folder_.empty()) return Unsupported("the model is not a file, so that it has no folder");
  const auto known = files_.find(location);
  if (known != files_.end()) return known->second;
  if (files_.size() == kMaxExternalFiles) {
    return ResourceError("the model names more than " + std::to_string(kMaxExternalFiles) +
                         " other files");
  }
  PICABIA_ASSIGN_OR_RETURN(auto file, FileBytes::OpenBeneath(folder_, location));
  files_.emplace(location, file);
  return file;
}

namespace onnx {
namespace {

struct Place {
  std::optional<std::string_view> location, offset, length, checksum;
};

Status ReadEntry(std::string_view message, Place& place, ParseLog& log) {
  std::string_view key, value;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == 1) key = fields.Bytes();
    if (fields.number() == 2) value = fields.Bytes();
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  std::optional<std::string_view>* entry = key == "location"   ? &place.location
                                           : key == "offset"   ? &place.offset
                                           : key == "length"   ? &place.length
                                           : key == "checksum" ? &place.checksum
                                                               : nullptr;
  if (entry == nullptr) {
    return InvalidModel("external data has a key " + Quoted(key) +
                        ", expected location, offset, length or checksum");
  }
  if (entry->has_value()) return InvalidModel("external data has two keys " + Quoted(key));
  *entry = value;
  return OkStatus();
}

Result<uint64_t> ParseNumber(const char* what, std::string_view text) {
  uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) return number;
  return InvalidModel("external data have " + std::string(what) + " " + Quoted(text) +
                      ", expected a whole number that is not negative");
}

Result<Tensor> ReadFrom(const Place& place, DType dtype, const Shape& shape, const Owner& owner) {
  PICABIA_ASSIGN_OR_RETURN(const int64_t count, CheckConstantShape(dtype, shape));
  const uint64_t wanted = static_cast<uint64_t>(count) * DTypeSize(dtype);
  uint64_t offset = 0, length = wanted;
  if (place.offset) {
    PICABIA_ASSIGN_OR_RETURN(offset, ParseNumber("offset", *place.offset));
  }
  if (place.length) {
    PICABIA_ASSIGN_OR_RETURN(length, ParseNumber("length", *place.length));
  }
  if (owner.external == nullptr) return Unsupported("the model cannot name other files here");
  PICABIA_ASSIGN_OR_RETURN(const auto file, owner.external->Open(*place.location));
  const std::span<const std::byte> bytes = file->bytes();
  if (offset > bytes.size() || length > bytes.size() - offset) {
    return InvalidModel("it has " + std::to_string(bytes.size()) + " bytes, expected " +
                        std::to_string(length) + " bytes from byte " + std::to_string(offset) +
                        " on");
  }
  const std::string_view raw(reinterpret_cast<const char*>(bytes.data()) + offset, length);
  return TensorFromRaw(dtype, shape, raw, {file});
}

}  // namespace

Result<Tensor> ReadExternalTensor(DType dtype, const Shape& shape,
                                  const std::vector<std::string_view>& entries, const Owner& owner,
                                  ParseLog& log) {
  if (entries.size() > kMaxExternalEntries) {
    return InvalidModel("external data have more than " + std::to_string(kMaxExternalEntries) +
                        " keys");
  }
  Place place;
  for (const std::string_view entry : entries) {
    PICABIA_RETURN_IF_ERROR(ReadEntry(entry, place, log));
  }
  if (!place.location) return InvalidModel("external data have no key 'location'");
  auto tensor = ReadFrom(place, dtype, shape, owner);
  if (tensor.ok()) return tensor;
  return tensor.status().WithContext("external data " + Quoted(*place.location));
}

}  // namespace onnx
}  // namespace picabia::import
