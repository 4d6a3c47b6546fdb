// The text form of a graph, for tests and people. Parse(Print(g)) is g, except that constants
// beyond a size print as their type and shape only and do not parse back.
//
//   input  %x : float32 [?, ?, ?, 3]
//   const  %w : float32 [1, 1, 3, 2] = {1, 2, 3, 4, 5, 6}
//   %y = Conv2D(%x, %w) {strides=[1, 1], dilations=[1, 1], pad_kind=1, pads=[0, 0, 0, 0], groups=1}
//   output %y
//
// One line is one statement; # begins a comment. A type without a shape has no known rank. What has
// not the usual value is spelled out: the type of an output (%y : int32 [1, 2] = ...), a node's
// name that is not its output's (... {...} @name), the size at which an input was frozen (...
// frozen [1, 256, 256, 3]), and the lines picture {nchw=true}, source "file" and format "onnx".
//
// Names that are not made of letters, digits and _ . / : - are quoted: %"odd name". Fields left out
// keep their defaults.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "ir/graph.h"

namespace picabia::ir {

struct PrintOptions {
  int64_t max_constant_elements = 64;  // larger constants print without contents ("= ...")
  bool defaults = false;               // print fields that have their default value, too
};

std::string Print(const Graph& graph, const PrintOptions& options = {});
// The graph, verified. The error names the line and what was expected there.
Result<Graph> Parse(std::string_view text);

}  // namespace picabia::ir
