// Messages into fields; see message.h.
#include "proto/message.h"

#include <protozero/pbf_reader.hpp>
#include <span>

#include "proto/wire.h"

namespace picabia::proto {
namespace {

// The contents of a length-delimited field that has been checked.
std::string_view ContentsOf(std::string_view whole) {
  protozero::pbf_reader reader(whole.data(), whole.size());
  reader.next();
  if (reader.wire_type() != protozero::pbf_wire_type::length_delimited) return {};
  const protozero::data_view view = reader.get_view();
  return {view.data(), view.size()};
}

}  // namespace

Result<std::vector<RawField>> SplitFields(std::string_view message) {
  ParseLog log(std::as_bytes(std::span(message.data(), message.size())));
  std::vector<RawField> split;
  FieldReader fields(message, log);
  while (fields.Next()) {
    const uint32_t number = fields.number();
    const std::string_view whole = fields.Whole();
    if (log.ok()) split.push_back({number, whole, ContentsOf(whole)});
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  return split;
}

std::optional<int64_t> IntegerField(std::string_view message, uint32_t number) {
  ParseLog log(std::as_bytes(std::span(message.data(), message.size())));
  std::optional<int64_t> value;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == number) value = fields.Int();
  }
  return log.ok() ? value : std::nullopt;
}

}  // namespace picabia::proto
