// Holders that keep a graph near the size of its file: a file has up to a million nodes of some 20
// bytes, of which most have one input, one output and nothing that is optional. They behave as
// std::optional and std::vector do where the graph's users need it. Used by ir/graph.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace picabia::ir {

// std::optional<T> in 8 bytes: what is there is on the heap. A copy copies what is there.
template <typename T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(std::nullopt_t) {}                                           // NOLINT: as std::optional
  Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT
  Boxed(std::optional<T> value) {                                    // NOLINT
    if (value) value_ = std::make_unique<T>(*std::move(value));
  }
  Boxed(const Boxed& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(const Boxed& other) {
    value_ = other ? std::make_unique<T>(*other) : nullptr;
    return *this;
  }
  Boxed& operator=(Boxed&&) noexcept = default;
  ~Boxed() = default;

  explicit operator bool() const { return value_ != nullptr; }
  bool has_value() const { return value_ != nullptr; }
  operator std::optional<T>() const {  // NOLINT
    return value_ ? std::optional<T>(*value_) : std::nullopt;
  }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }
  T value_or(T fallback) const { return value_ ? *value_ : std::move(fallback); }
  void reset() { value_.reset(); }

  bool operator==(const Boxed& other) const {
    return value_ && other ? *value_ == *other : !value_ && !other;
  }
  bool operator==(const T& other) const { return value_ && *value_ == other; }

 private:
  std::unique_ptr<T> value_;
};

// std::vector of a small plain type in 16 bytes; up to two elements take no memory of their own.
template <typename T>
class ShortList {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(void*) / 2);

 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  ShortList() {}  // NOLINT: g++ 12 deletes the default one because of the union (CWG 2084)
  ShortList(std::initializer_list<T> items) { Assign(items.begin(), items.size()); }
  ShortList(const std::vector<T>& items) { Assign(items.data(), items.size()); }  // NOLINT
  ShortList(const ShortList& other) { Assign(other.data(), other.size()); }
  ShortList(ShortList&& other) noexcept { Swap(other); }
  ShortList& operator=(ShortList other) noexcept {
    Swap(other);
    return *this;
  }
  ~ShortList() {
    if (IsLong()) delete[] heap_;
  }
  operator std::vector<T>() const { return std::vector<T>(begin(), end()); }  // NOLINT

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return IsLong() ? heap_ : inline_; }
  const T* data() const { return IsLong() ? heap_ : inline_; }
  iterator begin() { return data(); }
  iterator end() { return data() + size_; }
  const_iterator begin() const { return data(); }
  const_iterator end() const { return data() + size_; }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }
  T& front() { return data()[0]; }
  const T& front() const { return data()[0]; }
  T& back() { return data()[size_ - 1]; }
  const T& back() const { return data()[size_ - 1]; }

  void push_back(T item) { resize(size_ + size_t{1}, item); }
  void pop_back() { --size_; }
  void clear() { size_ = 0; }
  void resize(size_t n, T item = T{}) {
    if (n > capacity_) Grow(std::max(n, size_t{capacity_} * 2));
    for (size_t i = size_; i < n; ++i) data()[i] = item;
    size_ = static_cast<uint32_t>(n);
  }
  iterator erase(const_iterator first, const_iterator last) {
    T* to = data() + (first - data());
    std::copy(last, const_iterator(end()), to);
    size_ -= static_cast<uint32_t>(last - first);
    return to;
  }
  iterator erase(const_iterator at) { return erase(at, at + 1); }
  iterator insert(const_iterator at, T item) {
    const auto place = at - data();
    push_back(item);
    std::rotate(begin() + place, end() - 1, end());
    return begin() + place;
  }

  friend bool operator==(const ShortList& a, const ShortList& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  static constexpr uint32_t kInline = sizeof(void*) / sizeof(T);

  bool IsLong() const { return capacity_ > kInline; }
  void Assign(const T* items, size_t n) {
    if (n > kInline) Grow(n);
    std::copy(items, items + n, data());
    size_ = static_cast<uint32_t>(n);
  }
  void Grow(size_t capacity) {
    T* grown = new T[capacity];
    std::copy(begin(), end(), grown);
    if (IsLong()) delete[] heap_;
    heap_ = grown;
    capacity_ = static_cast<uint32_t>(capacity);
  }
  void Swap(ShortList& other) {
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    unsigned char bytes[sizeof(heap_)];
    std::memcpy(bytes, &heap_, sizeof(heap_));
    std::memcpy(&heap_, &other.heap_, sizeof(heap_));
    std::memcpy(&other.heap_, bytes, sizeof(heap_));
  }

  uint32_t size_ = 0;
  uint32_t capacity_ = kInline;
  union {
    T* heap_ = nullptr;
    T inline_[kInline];
  };
};

}  // namespace picabia::ir
