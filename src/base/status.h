// Errors as values. Every function of the library that can fail returns Status or Result<T>; the
// library never throws on purpose, prints, exits or aborts. Used by every folder.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace picabia {

// What kind of failure it is. Values are stable: they cross the C interface.
enum class StatusCode {
  kOk = 0,
  kInvalidArgument = 1,  // the caller passed something that can never work
  kInvalidModel = 2,     // a model file breaks a rule of its format
  kUnsupported = 3,      // legal, but nothing here handles it
  kNotFound = 4,         // a file, node or tensor that does not exist
  kIo = 5,               // the operating system refused a read or a write
  kResource = 6,         // a size or time limit would be passed
};

// Success, or a code and one line of text that says who, what was found and what was expected.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error with `prefix` (a file or node name) and ": " put before its text.
  Status WithContext(const std::string& prefix) const {
    return ok() ? *this : Status(code_, prefix + ": " + message_);
  }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

inline Status OkStatus() { return {}; }
inline Status InvalidArgument(std::string m) {
  return {StatusCode::kInvalidArgument, std::move(m)};
}
inline Status InvalidModel(std::string m) { return {StatusCode::kInvalidModel, std::move(m)}; }
inline Status Unsupported(std::string m) { return {StatusCode::kUnsupported, std::move(m)}; }
inline Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
inline Status IoError(std::string m) { return {StatusCode::kIo, std::move(m)}; }
inline Status ResourceError(std::string m) { return {StatusCode::kResource, std::move(m)}; }

// A value or the error that kept it from being made.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                                  // NOLINT: implicit
  Result(Status status) : status_(std::move(status)) { assert(!status_.ok()); }  // NOLINT: implicit

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace picabia

// Returns the error of `expr` (a Status) from the enclosing function.
#define PICABIA_RETURN_IF_ERROR(expr)                  \
  do {                                                 \
    ::picabia::Status picabia_status_ = (expr);        \
    if (!picabia_status_.ok()) return picabia_status_; \
  } while (false)

#define PICABIA_CONCAT_INNER_(a, b) a##b
#define PICABIA_CONCAT_(a, b) PICABIA_CONCAT_INNER_(a, b)

#define PICABIA_ASSIGN_OR_RETURN_IMPL_(result, lhs, expr) \
  auto result = (expr);                                   \
  if (!result.ok()) return result.status();               \
  lhs = *std::move(result)

// Declares `lhs` from the value of `expr` (a Result), or returns its error. Expands to several
// statements.
#define PICABIA_ASSIGN_OR_RETURN(lhs, expr) \
  PICABIA_ASSIGN_OR_RETURN_IMPL_(PICABIA_CONCAT_(picabia_result_, __LINE__), lhs, expr)
