// The option --set: inputs of a model by name, from numbers, tensor files and pictures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "ir/graph.h"
#include "program/program.h"
#include "runtime/session.h"

namespace picabia::studio {

// One NAME=VALUE.
struct SetOption {
  std::string name, value;
};

// Errors are misuse: no NAME or no VALUE, or a name twice ("node" and "node:0" are one).
Result<std::vector<SetOption>> ParseSets(const std::vector<std::string>& texts);

// "node" for "node" and "node:0": the same tensor.
std::string TensorName(const std::string& name);

// An input as its model declares it.
struct InputInfo {
  std::string name;
  DType dtype = DType::kF32;
  std::optional<Shape> declared;  // -1: free; nothing: of any rank
  Shape frozen;                   // the size it was frozen at, or empty
};
std::vector<InputInfo> InputsOf(const program::Program& program);
std::vector<InputInfo> InputsOf(const ir::Graph& graph);

// Whether a picture may go in: float32, rank 4 with 1, 3 or 4 channels in either layout.
bool IsPictureInput(const InputInfo& input);

// What VALUE stands for where it is no picture:
//   0.7                every element
//   1,2,3              one number an element
//   7:0.5,12:0.5       INDEX:WEIGHT pairs; all other elements are 0
//   FILE.npy           a tensor, of the input's type and shape or near enough for a run to take it
// Nothing where it is a file of another kind. The error names input, type and shape, and what was
// found.
Result<std::optional<Tensor>> ValueTensor(const InputInfo& input, const std::string& value);

// Tensors for the inputs of `program` by `sets`; pictures by the program's picture convention,
// brought to the size of an input that was frozen at one, else mirrored to one that the network
// takes.
Result<std::vector<runtime::Feed>> SetFeeds(const program::Program& program,
                                            const std::vector<SetOption>& sets, int64_t max_pixels);

// Makes constants of the inputs named by `sets`, which take no pictures here.
Status BindInputs(ir::Graph& graph, const std::vector<SetOption>& sets);

// An error that lists all inputs that have no feed, but for `picture`, each with its type, its
// shape and an example of --set.
Status CheckAllFed(const program::Program& program, const std::vector<runtime::Feed>& feeds,
                   const std::string& picture = "");

}  // namespace picabia::studio
