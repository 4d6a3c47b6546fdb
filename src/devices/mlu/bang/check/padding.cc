#include <algorithm>
#include <cstring>

#include "devices/mlu/bang/check/checker.h"

namespace picabia::bang {
namespace {

// Programs round lengths up to groups of so many bytes, or so many elements.
constexpr int64_t kVectorBytes = 128, kGroup = 64, kMostOfACopy = 256;

int64_t BytesIn(const Range& range) { return range.bytes * range.segments; }

// Where element i of the sources goes.
int64_t Destination(const Operation& operation, int64_t i) {
  if (operation.rows == 0) return i;
  const int64_t columns = operation.elements / operation.rows;
  return i % columns * operation.rows + i / columns;
}

}  // namespace

// Null: not of a memory on the chip.
uint8_t* Checker::StateAt(const Range& range, int64_t byte) {
  const uintptr_t at =
      reinterpret_cast<uintptr_t>(range.address) +
      static_cast<uintptr_t>(byte / range.bytes * range.stride + byte % range.bytes);
  Region* region = RegionOf(at);
  if (region == nullptr || at < region->begin || at >= region->end) return nullptr;
  return &region->state[at - region->begin];
}

bool Checker::AnyUnset(const Range& range) {
  static_assert(kUnset == 0);
  for (int64_t s = 0; s < range.segments; ++s) {
    const uint8_t* state = StateAt(range, s * range.bytes);
    if (state == nullptr) return false;
    const auto left = last_region_->state.data() + last_region_->state.size() - state;
    const auto n = static_cast<size_t>(std::min<int64_t>(range.bytes, left));
    if (std::memchr(state, kUnset, n) != nullptr) return true;
  }
  return false;
}

Checker::Padding Checker::HidePadding(const Operation& operation) {
  Padding padding;
  const bool copy = operation.unit == Unit::kCopy && !operation.asynchronous;
  if (!(copy || operation.elementwise) || operation.num_writes != 1) return padding;
  const Range& out = operation.writes[0];
  const int64_t elements = copy ? BytesIn(out) : operation.elements;
  if (elements <= 0 || BytesIn(out) % elements != 0 || StateAt(out, 0) == nullptr) return padding;
  for (int r = 0; r < operation.num_reads; ++r) {
    const Range& in = operation.reads[r];
    const bool whole = in.bytes > 0 && BytesIn(in) % elements == 0 &&
                       (operation.num_reads == 1 || BytesIn(in) == BytesIn(out));
    if (!whole || !AnyUnset(in)) continue;
    const int64_t size = BytesIn(in) / elements;
    const int64_t most = copy ? kMostOfACopy : std::max(kVectorBytes, kGroup * size);
    Padding found;
    int64_t run = most;  // unset bytes up to here: none may begin the row
    for (int64_t i = 0; i < BytesIn(in) && (i == 0 || run < most); ++i) {
      uint8_t* state = StateAt(in, i);
      const bool unset = state != nullptr && *state == kUnset;
      run = unset ? run + 1 : 0;
      if (!unset) continue;
      found.states.push_back(state);
      found.elements.push_back(i / size);
    }
    if (run >= most) continue;
    padding.states.insert(padding.states.end(), found.states.begin(), found.states.end());
    padding.elements.insert(padding.elements.end(), found.elements.begin(), found.elements.end());
  }
  for (uint8_t* state : padding.states) *state = kSet;
  return padding;
}

void Checker::HandOnPadding(const Operation& operation, const Padding& padding) {
  for (const int64_t element : padding.elements) {
    const Range& out = operation.writes[0];
    const int64_t elements = operation.elementwise ? operation.elements : BytesIn(out);
    const int64_t size = BytesIn(out) / elements;
    for (int64_t i = 0; i < size; ++i) {
      uint8_t* state = StateAt(out, Destination(operation, element) * size + i);
      if (state != nullptr && *state == kSet) *state = kUnset;
    }
  }
}

}  // namespace picabia::bang
