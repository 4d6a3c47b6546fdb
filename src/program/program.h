// The compiled contract: what compile/ makes and runtime/ runs, and all that the two share. A list
// of steps in order over numbered values, with constants that may lie in a mapped file. Free of the
// picture's size for device cpu.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/picture.h"
#include "base/status.h"
#include "base/tensor.h"
#include "ops/ops.h"

namespace picabia::program {

// How the elements of a constant are laid out.
enum class Packing : uint8_t {
  kPlain = 0,  // row-major, as its shape says
  kPanels16 =
      1,  // a convolution filter as [ceil(M/16)][KH][KW][C][16], the last block padded with zeros
};

// A value that steps read. Its tensor has the shape that the operator's rule expects (a filter:
// HWIO or HWOI) whatever the packing; float32 constants whose every element is a half are stored as
// float16 (exact).
struct Constant {
  int32_t value = -1;  // index in Program::values
  DType stored_dtype = DType::kF32;
  Packing packing = Packing::kPlain;
  Shape shape;  // logical
  Tensor data;  // 1-d, the stored elements
};

struct Value {
  std::string name;
  DType dtype = DType::kF32;
};

struct Step {
  std::string name;  // the node's name in the model
  ops::Op op;
  std::vector<int32_t> inputs;
  std::vector<int32_t> outputs;
};

// A graph input or output as the outside sees it.
struct Port {
  int32_t value = -1;
  bool rank_known = false;
  Shape declared_shape;  // -1: free
  Shape default_shape;   // the size a model was frozen at, where there is one: -1 where it is free
};

struct Program {
  std::string source;            // name of the model file it was compiled from
  std::string compiler_version;  // version of Picabia that compiled it
  std::vector<Value> values;
  std::vector<Step> steps;
  std::vector<Constant> constants;
  std::vector<Port> inputs;
  std::vector<Port> outputs;
  PictureConvention picture;
};

// Every index in range, every value made before it is used and once, arities as the operators want,
// constants as long as their shape and packing say. `runtime/` runs only programs that pass. The
// error names the step.
Status CheckProgram(const Program& program);

// The file form (docs/file-format.md). Bytes of equal programs are equal.
Result<std::string> WriteProgram(const Program& program);
// Checks structure and values, then views the constants in place: `owner` keeps `bytes`, which
// begin at a multiple of 64, alive.
Result<Program> ReadProgram(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);
// Whether the bytes begin like a compiled program.
bool LooksLikeProgram(std::span<const std::byte> bytes);

}  // namespace picabia::program
