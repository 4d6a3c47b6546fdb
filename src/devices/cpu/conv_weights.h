// The size-independent half of a convolution on device cpu: which runs of the padded input meet
// which weights, and the weights as float panels in that order. Made once a session from the
// program's packed filter; conv.h binds it to a size.
//
// A transposed convolution of stride s is s*s ordinary ones of stride 1 ("phases"), one for each
// position inside an s x s cell of the output:   y[i*s + p] = sum over k with (p + pad -
// k*dilation) = d*s of x[i + d] * w[k].
//
// A convolution with few outputs (RGB) would fill 3 of a panel's 16 columns. It is turned sideways
// ("expanded"): the columns are (kernel column, output channel) pairs, the window is KH x 1, and
// each output sums KW neighbours' columns:
//   y[x][m] = sum over kx of P[x + kx*dilation][kx*M + m].
// Where that fills panels better, `expand_group` neighbouring kernel columns share columns, and the
// window is KH x expand_group.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "ops/ops.h"
#include "program/program.h"

namespace picabia::cpu {

// `taps` neighbouring kernel columns of one kernel row: input pixel (dy, dx) .. (dy, dx + taps -
// 1), relative to the base pixel.
struct Segment {
  int64_t dy = 0;
  int64_t dx = 0;
  int64_t taps = 0;
};

struct ConvPhase {
  int64_t out_y = 0;  // position inside the output cell
  int64_t out_x = 0;
  std::vector<Segment> segments;  // equal taps
  int64_t taps = 0;               // of all segments
  std::vector<float> panels;      // [ceil(columns/16)][taps][ci][16]
};

struct ConvWeights {
  int64_t ci = 0;
  int64_t co = 0;
  int64_t kernel_h = 0;
  int64_t kernel_w = 0;
  int64_t in_stride[2] = {1, 1};   // base pixel i reads input i * in_stride - pad + d
  int64_t out_stride[2] = {1, 1};  // and writes output i * out_stride + phase
  bool expanded = false;
  int64_t expand_group = 1;
  int64_t expand_taps = 1;  // how many columns each output sums: ceil(kernel_w / expand_group)
  int64_t expand_step = 0;  // pixels between them
  int64_t columns = 0;      // co, or expand_taps * co when expanded
  int64_t dy_min = 0, dy_max = 0, dx_min = 0, dx_max = 0;  // over all phases
  std::vector<ConvPhase> phases;
};

// Whether 32-bit sums of byte products cannot overflow for a window of this size. `wide`: both
// factors have 16 bits, and the two middle products of their bytes share a sum; else each product
// of bytes has sums of its own.
bool FitsInt32(const ConvWeights& weights, bool wide);

// The columns of an expanded product that are summed into one output need one scale: the largest.
void ShareScales(const ConvWeights& weights, std::vector<double>& scale);

// `filter` has packing kPanels16 and logical shape HWIO, or HWOI when op.transposed.
Result<std::shared_ptr<const ConvWeights>> MakeConvWeights(const ops::ConvBlock& op,
                                                           const program::Constant& filter);

}  // namespace picabia::cpu
