// Strips of 8-bit factors: rows of the input, padded and mapped, in a ring that the products read.
#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "devices/cpu/int8_work.h"
#include "devices/cpu/repeat_pixels.h"

namespace picabia::cpu {

// Converts `count` pixels of the picture from `pixel` on into the strip at pixel `at`.
void Int8Plan::Convert(const Picture& p, int64_t pixel, int64_t count, Scratch& s,
                       int64_t at) const {
  const kernels::KernelTable& k = p.context.kernels;
  const int64_t from = pixel * conv_.ci, to = at * conv_.ci, n = count * conv_.ci;
  if (p.floats == nullptr) {
    const int16_t* levels = p.levels != nullptr
                                ? p.levels + from
                                : s.in_levels + (from - s.in_row * g_.in_w * conv_.ci);
    const kernels::LevelRow row = p.mapping.Row(levels, n);
    if (p.input.kind == FactorKind::kTile) {
      k.map_tile(row, s.tile + to);
    } else if (p.input.kind == FactorKind::kWord) {
      k.map16(row, s.high + to, s.low + to);
    } else {
      k.map8(row, s.low + to);
    }
    return;
  }
  const InputQuantization& q = p.quantization;
  const kernels::QuantizeRow row{
      p.floats + from, n, q.period, q.inverse_scale.data(), q.low.data(), q.high.data(),
      q.zero.data()};
  if (p.input.kind == FactorKind::kTile) {
    k.quantize_tile(row, s.tile + to);
  } else if (p.input.kind == FactorKind::kWord) {
    k.quantize16(row, s.high + to, s.low + to);
  } else {
    k.quantize8(row, s.low + to);
  }
}

void Int8Plan::FillZero(const Picture& p, Scratch& s, int64_t at, int64_t pixels) const {
  if (pixels <= 0) return;
  const auto ci = static_cast<size_t>(conv_.ci);
  if (p.input.kind == FactorKind::kTile) {
    std::memset(s.tile + at * conv_.ci, 0, static_cast<size_t>(pixels) * ci * 2);
    return;
  }
  for (int64_t i = at; i < at + pixels; ++i) {
    std::memcpy(s.low + i * conv_.ci, p.zero_low.data(), ci);
    if (p.input.kind == FactorKind::kWord)
      std::memcpy(s.high + i * conv_.ci, p.zero_high.data(), ci);
  }
}

// Within the strip: padding that repeats pixels.
void Int8Plan::CopyPixel(const Picture& p, Scratch& s, int64_t from, int64_t to) const {
  const auto ci = static_cast<size_t>(conv_.ci);
  if (p.input.kind == FactorKind::kTile) {
    std::memcpy(s.tile + to * conv_.ci, s.tile + from * conv_.ci, ci * 2);
    return;
  }
  std::memcpy(s.low + to * conv_.ci, s.low + from * conv_.ci, ci);
  if (p.input.kind == FactorKind::kWord)
    std::memcpy(s.high + to * conv_.ci, s.high + from * conv_.ci, ci);
}

// Where pixel (y, x) of the input stands in memory.
int64_t Int8Plan::PixelAt(const Picture& p, int64_t y, int64_t x) const {
  if (p.repeat == 1) return y * g_.in_w + x;
  return y / p.repeat * (g_.in_w / p.repeat) + x / p.repeat;
}

// As Convert, of `count` pixels of input row y from column `first` on, each repeated.
void Int8Plan::ConvertRepeated(const Picture& p, int64_t y, int64_t first, int64_t count,
                               Scratch& s, int64_t at) const {
  if (count == 0) return;
  const int64_t pixels = (first + count - 1) / p.repeat - first / p.repeat + 1;
  const int64_t from = count - pixels;
  Convert(p, PixelAt(p, y, first), pixels, s, at + from);
  const int64_t ci = conv_.ci;
  if (p.input.kind == FactorKind::kTile)
    return SpreadPixels(reinterpret_cast<uint8_t*>(s.tile + at * ci), from, first, count, p.repeat,
                        ci * 2);
  SpreadPixels(s.low + at * ci, from, first, count, p.repeat, ci);
  if (p.input.kind == FactorKind::kWord)
    SpreadPixels(s.high + at * ci, from, first, count, p.repeat, ci);
}

// Input row y where it is the same as row y - 1, which stands in slot `from` of the strip.
bool Int8Plan::CopyRowBefore(const Picture& p, int64_t y, Scratch& s, int64_t from,
                             int64_t to) const {
  const int64_t row = SourceIndex(op_.pad_mode, y, g_.in_h);
  const int64_t before = SourceIndex(op_.pad_mode, y - 1, g_.in_h);
  if (row < 0 || before < 0 || row / p.repeat != before / p.repeat) return false;
  const int64_t n = strip_width_ * conv_.ci;
  if (p.input.kind == FactorKind::kTile) {
    std::copy_n(s.tile + from * n, n, s.tile + to * n);
    return true;
  }
  std::copy_n(s.low + from * n, n, s.low + to * n);
  if (p.input.kind == FactorKind::kWord) std::copy_n(s.high + from * n, n, s.high + to * n);
  return true;
}

// One row of the strip: input row y (which may lie outside) with its horizontal padding.
void Int8Plan::FillRow(const Picture& p, int64_t y, Scratch& s, int64_t strip_row) const {
  const int64_t at = strip_row * strip_width_;
  const int64_t source = SourceIndex(op_.pad_mode, y, g_.in_h);
  if (source < 0) return FillZero(p, s, at, strip_width_);
  const int64_t left = g_.pad_left - conv_.dx_min;  // where input column 0 stands in the strip
  // Input columns that the strip holds; a stride may skip the last ones.
  const int64_t first = std::clamp<int64_t>(-left, 0, g_.in_w);
  const int64_t end = std::clamp<int64_t>(strip_width_ - left, first, g_.in_w);
  if (p.repeat > 1) {
    ConvertRepeated(p, source, first, end - first, s, at + left + first);
  } else {
    Convert(p, source * g_.in_w + first, end - first, s, at + left + first);
  }
  const auto pad = [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t column = SourceIndex(op_.pad_mode, i - left, g_.in_w);
      if (column < 0) {
        FillZero(p, s, at + i, 1);
      } else if (column >= first && column < end) {
        CopyPixel(p, s, at + left + column, at + i);
      } else {
        Convert(p, PixelAt(p, source, column), 1, s, at + i);
      }
    }
  };
  pad(0, std::min(left + first, strip_width_));
  pad(std::max<int64_t>(left + end, 0), strip_width_);
}

// Input rows under `rows` rows of output cells.
int64_t Int8Plan::InputRows(int64_t rows) const {
  if (weights_->winograd) return RoundUp(rows, int64_t{2}) + 2;
  return (rows - 1) * conv_.in_stride[0] + 1 + conv_.dy_max - conv_.dy_min;
}

// The strip for output cells' rows [first_row, first_row + rows), of which the first `kept` input
// rows are already there.
void Int8Plan::FillStrip(const Picture& p, int64_t first_row, int64_t rows, int64_t kept,
                         Scratch& s) const {
  const int64_t y = first_row * conv_.in_stride[0] - g_.pad_top + conv_.dy_min;
  const int64_t count = InputRows(rows);
  if (p.source != nullptr) ReadSource(p, y + kept, count - kept, s);
  for (int64_t i = kept; i < count; ++i) {
    const int64_t slot = (s.first_slot + i) % strip_height_;
    const int64_t before = (s.first_slot + i - 1 + strip_height_) % strip_height_;
    if (p.repeat > 1 && i > 0 && CopyRowBefore(p, y + i, s, before, slot)) continue;
    FillRow(p, y + i, s, slot);
  }
}

// Makes the source's rows under `count` rows of the strip, of which the first is y.
void Int8Plan::ReadSource(const Picture& p, int64_t y, int64_t count, Scratch& s) const {
  int64_t first = g_.in_h, last = -1;
  for (int64_t i = y; i < y + count; ++i) {
    const int64_t row = SourceIndex(op_.pad_mode, i, g_.in_h);
    if (row < 0) continue;
    first = std::min(first, row);
    last = std::max(last, row);
  }
  if (last < first) return;
  s.in_levels = p.source->Rows(first, last - first + 1, *s.cache);
  s.in_row = first;
}

// The strip is a ring of rows: what the next step shares with a step of `rows` rows stays where it
// is. Returns how many rows that are.
int64_t Int8Plan::KeepRows(int64_t rows, Scratch& s) const {
  const int64_t moved = rows * conv_.in_stride[0];
  s.first_slot = (s.first_slot + moved) % strip_height_;
  return std::max<int64_t>(InputRows(rows) - moved, 0);
}

// Where row r of the step's input stands in the strip, in elements.
int64_t Int8Plan::RowOffset(const Scratch& s, int64_t r) const {
  return (s.first_slot + r) % strip_height_ * strip_width_ * conv_.ci;
}

}  // namespace picabia::cpu
