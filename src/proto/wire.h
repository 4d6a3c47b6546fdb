// Reading protobuf messages that may be hostile. FieldReader wraps protozero's reader: the type of
// a field on the wire is checked before it is read, and what protozero throws ends here, as an
// error in a ParseLog. Used by the importers, by format detection, and where model files are
// edited.
//
//   FieldReader fields(message, log);
//   while (fields.Next()) {
//     if (fields.number() == 1) name = fields.Bytes();
//   }
//   return log.status();
//
// A field that nobody reads is checked and skipped by the next Next(). After an error every read
// returns zero and Next() returns false, so that loops end and callers look at the log once, at the
// end. Nothing here recurses, and only lists are allocated.
#pragma once

#include <cstdint>
#include <functional>
#include <protozero/pbf_reader.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace picabia::proto {

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

  // Goes to the next field, past this one; false at the end of the message and after an error.
  bool Next();
  uint32_t number() const { return static_cast<uint32_t>(reader_.tag()); }
  protozero::pbf_wire_type wire_type() const { return reader_.wire_type(); }
  // Where the field's contents begin, for ParseLog::Fail().
  const char* position() const { return reader_.data().data(); }

  // At most one of these per Next().
  std::string_view Whole();  // the field as it stands in the file, with its tag
  std::string_view Bytes();
  int64_t Int();
  bool Bool() { return Int() != 0; }
  float Float();
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
  bool unread_ = false;          // the field of the last Next()
  const char* begin_ = nullptr;  // of that field, where its tag is
};

// The integer in field `number`, the last where there are several; `absent` where there is none.
int64_t ReadInt(std::string_view message, uint32_t number, int64_t absent, ParseLog& log);

// The strings of a repeated field of a node; more than kMaxStrings are an error.
Result<std::vector<std::string_view>> ReadStrings(std::string_view message, uint32_t number,
                                                  ParseLog& log);
// A node's inputs take 40 bytes of memory and as little as 3 of the file, and no operator has more.
constexpr size_t kMaxStrings = 1 << 16;

}  // namespace picabia::proto
