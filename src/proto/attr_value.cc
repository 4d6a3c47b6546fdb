// AttrValue messages; see attr_value.h. Field numbers are those of attr_value.proto, tensor.proto
// and tensor_shape.proto.
#include "proto/attr_value.h"

#include <protozero/pbf_writer.hpp>
#include <span>

#include "proto/message.h"
#include "proto/wire.h"

namespace picabia::proto {
namespace {

using protozero::pbf_writer;

// By DType.
constexpr int kTypes[kNumDTypes] = {1, 19, 2, 6, 4, 5, 3, 9, 10, 17, 22, 23};

template <typename Write>
std::string Message(Write&& write) {
  std::string bytes;
  pbf_writer writer(bytes);
  write(writer);
  return bytes;
}

std::string ShapeMessage(const Shape& shape) {
  return Message([&](pbf_writer& writer) {
    for (const int64_t size : shape) {
      writer.add_message(2, Message([&](pbf_writer& dim) { dim.add_int64(1, size); }));
    }
  });
}

}  // namespace

int32_t TensorFlowType(DType dtype) { return kTypes[static_cast<int>(dtype)]; }

std::string AttrOfType(int32_t type) {
  return Message([&](pbf_writer& w) { w.add_enum(6, type); });
}

std::string AttrOfFloat(float value) {
  return Message([&](pbf_writer& w) { w.add_float(4, value); });
}

std::string AttrOfString(std::string_view value) {
  return Message([&](pbf_writer& w) { w.add_bytes(2, value.data(), value.size()); });
}

std::string AttrOfInts(const std::vector<int64_t>& values) {
  return Message([&](pbf_writer& writer) {
    writer.add_message(1, Message([&](pbf_writer& list) {
                         list.add_packed_int64(3, values.begin(), values.end());
                       }));
  });
}

std::string AttrOfFloats(const std::vector<float>& values) {
  return Message([&](pbf_writer& writer) {
    writer.add_message(1, Message([&](pbf_writer& list) {
                         list.add_packed_float(4, values.begin(), values.end());
                       }));
  });
}

std::string AttrOfBool(bool value) {
  return Message([&](pbf_writer& w) { w.add_bool(5, value); });
}

std::string AttrOfUnknownShape() {
  return Message([](pbf_writer& writer) {
    writer.add_message(7, Message([](pbf_writer& shape) { shape.add_bool(3, true); }));
  });
}

std::string AttrOfTensor(const Tensor& tensor) {
  const std::string message = Message([&](pbf_writer& writer) {
    writer.add_enum(1, TensorFlowType(tensor.dtype()));
    writer.add_message(2, ShapeMessage(tensor.shape()));
    writer.add_bytes(4, reinterpret_cast<const char*>(tensor.bytes()), tensor.num_bytes());
  });
  return Message([&](pbf_writer& writer) { writer.add_message(8, message); });
}

std::optional<int64_t> TypeOfAttr(std::string_view value) { return IntegerField(value, 6); }

std::optional<bool> BoolOfAttr(std::string_view value) {
  const std::optional<int64_t> field = IntegerField(value, 5);
  return field ? std::optional<bool>(*field != 0) : std::nullopt;
}

std::optional<std::string_view> StringOfAttr(std::string_view value) {
  ParseLog log(std::as_bytes(std::span(value.data(), value.size())));
  std::optional<std::string_view> text;
  FieldReader fields(value, log);
  while (fields.Next()) {
    if (fields.number() == 2) text = fields.Bytes();
  }
  return log.ok() ? text : std::nullopt;
}

}  // namespace picabia::proto
