// Reading protobuf messages that may be hostile. FieldReader wraps protozero's reader: the type of
// a field on the wire is checked before it is read, and what protozero throws ends here, as an
// error in a ParseLog. Used by both importers and by format detection.
//
//   FieldReader fields(message, log);
//   while (fields.Next()) {
//     switch (fields.number()) {
//       case 1: name = fields.Bytes(); break;
//       default: fields.Skip();
//     }
//   }
//   return log.status();
//
// After an error every read returns zero and Next() returns false, so that loops end and callers
// look at the log once, at the end. Nothing here recurses, and nothing is allocated.
#pragma once

#include <cstdint>
#include <functional>
#include <protozero/pbf_reader.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace picabia::import {

// The first error met in the bytes of one file.
class ParseLog {
 public:
  explicit ParseLog(std::span<const std::byte> file)
      : begin_(reinterpret_cast<const char*>(file.data())), file_size_(file.size()) {}

  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }
  // "byte OFFSET: RULE"; `at` points into the file.
  void Fail(const char* at, const std::string& rule);
  size_t file_size() const { return file_size_; }
  std::string_view file() const { return {begin_, file_size_}; }

 private:
  const char* begin_;
  size_t file_size_;
  Status status_;
};

class FieldReader {
 public:
  FieldReader(std::string_view message, ParseLog& log)
      : reader_(message.data(), message.size()), log_(log) {}

  // Goes to the next field; false at the end of the message and after an error.
  bool Next();
  uint32_t number() const { return static_cast<uint32_t>(reader_.tag()); }
  protozero::pbf_wire_type wire_type() const { return reader_.wire_type(); }

  // One of these per Next().
  std::string_view Bytes();
  int64_t Int();
  bool Bool() { return Int() != 0; }
  float Float();
  void Skip();
  // A repeated number in either form: one element, or a packed run of them.
  void Ints(const std::function<void(int64_t)>& element);
  void Floats(const std::function<void(float)>& element);
  void Doubles(const std::function<void(double)>& element);

 private:
  template <typename Read>
  void Guard(Read&& read);
  bool Expect(protozero::pbf_wire_type type, const char* what);

  protozero::pbf_reader reader_;
  ParseLog& log_;
};

}  // namespace picabia::import
