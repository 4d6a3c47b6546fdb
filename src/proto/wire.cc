// Guarded protobuf reading; the only place that catches what protozero throws. See wire.h.
#include "proto/wire.h"

#include <protozero/exception.hpp>
#include <protozero/types.hpp>
#include <protozero/varint.hpp>

namespace picabia::proto {

using protozero::pbf_wire_type;

void ParseLog::Fail(const char* at, const std::string& rule) {
  if (!status_.ok()) return;  // the first error is the cause of the others
  status_ = InvalidModel("byte " + std::to_string(at - begin_) + ": " + rule);
}

template <typename Read>
void FieldReader::Guard(Read&& read) {
  if (!log_.ok()) return;
  const char* at = reader_.data().data();
  try {
    read();
  } catch (const protozero::end_of_buffer_exception&) {
    log_.Fail(at, "a field is longer than the message that it is in (is the file cut short?)");
  } catch (const protozero::varint_too_long_exception&) {
    log_.Fail(at, "a variable-length integer has more than 10 bytes");
  } catch (const protozero::invalid_tag_exception&) {
    log_.Fail(at, "a field has a number that protobuf does not allow");
  } catch (const protozero::unknown_pbf_wire_type_exception&) {
    log_.Fail(at, "a field has a wire type that is unknown or a group");
  } catch (const protozero::invalid_length_exception&) {
    log_.Fail(at, "a packed field has a length that is not a multiple of its element's size");
  } catch (const protozero::exception& e) {
    log_.Fail(at, e.what());
  }
}

bool FieldReader::Next() {
  bool more = false;
  Guard([&] {
    if (unread_) reader_.skip();
    begin_ = reader_.data().data();
    more = unread_ = reader_.next();
    if (!more || reader_.wire_type() != pbf_wire_type::length_delimited) return;
    // protozero keeps only 32 bits of a length, so that 2^32 + 5 would read as 5.
    const protozero::data_view rest = reader_.data();
    const char* p = rest.data();
    const char* end = p + rest.size();
    const uint64_t length = protozero::decode_varint(&p, end);
    if (length > static_cast<uint64_t>(end - p)) throw protozero::end_of_buffer_exception{};
  });
  return more && log_.ok();
}

bool FieldReader::Expect(pbf_wire_type type, const char* what) {
  if (!log_.ok()) return false;
  unread_ = false;
  if (reader_.wire_type() == type) return true;
  log_.Fail(reader_.data().data(), "field " + std::to_string(number()) + " has wire type " +
                                       std::to_string(static_cast<uint32_t>(reader_.wire_type())) +
                                       ", expected " + what);
  return false;
}

std::string_view FieldReader::Whole() {
  unread_ = false;
  Guard([&] { reader_.skip(); });
  const char* end = reader_.data().data();
  return log_.ok() ? std::string_view(begin_, static_cast<size_t>(end - begin_))
                   : std::string_view();
}

std::string_view FieldReader::Bytes() {
  std::string_view bytes;
  if (Expect(pbf_wire_type::length_delimited, "2 (bytes)")) {
    Guard([&] {
      const protozero::data_view view = reader_.get_view();
      bytes = {view.data(), view.size()};
    });
  }
  return bytes;
}

int64_t FieldReader::Int() {
  int64_t value = 0;
  if (Expect(pbf_wire_type::varint, "0 (integer)")) Guard([&] { value = reader_.get_int64(); });
  return value;
}

float FieldReader::Float() {
  float value = 0;
  if (Expect(pbf_wire_type::fixed32, "5 (float)")) Guard([&] { value = reader_.get_float(); });
  return value;
}

void FieldReader::Ints(const std::function<void(int64_t)>& element) {
  if (wire_type() != pbf_wire_type::length_delimited) return element(Int());
  unread_ = false;
  Guard([&] {
    for (const int64_t v : reader_.get_packed_int64()) element(v);
  });
}

void FieldReader::Floats(const std::function<void(float)>& element) {
  if (wire_type() != pbf_wire_type::length_delimited) return element(Float());
  unread_ = false;
  Guard([&] {
    for (const float v : reader_.get_packed_float()) element(v);
  });
}

void FieldReader::Doubles(const std::function<void(double)>& element) {
  unread_ = false;
  Guard([&] {
    if (wire_type() == pbf_wire_type::length_delimited) {
      for (const double v : reader_.get_packed_double()) element(v);
    } else if (Expect(pbf_wire_type::fixed64, "1 (double)")) {
      element(reader_.get_double());
    }
  });
}

int64_t ReadInt(std::string_view message, uint32_t number, int64_t absent, ParseLog& log) {
  int64_t value = absent;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() == number) value = fields.Int();
  }
  return value;
}

Result<std::vector<std::string_view>> ReadStrings(std::string_view message, uint32_t number,
                                                  ParseLog& log) {
  std::vector<std::string_view> strings;
  FieldReader fields(message, log);
  while (fields.Next()) {
    if (fields.number() != number) continue;
    if (strings.size() == kMaxStrings) {
      return ResourceError("it has more than " + std::to_string(kMaxStrings) +
                           " inputs or outputs");
    }
    strings.push_back(fields.Bytes());
  }
  PICABIA_RETURN_IF_ERROR(log.status());
  return strings;
}

}  // namespace picabia::proto
