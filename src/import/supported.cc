// The list of operators for `picabia inspect --operators`. The counts of ONNX's node tests are
// those of the last run of tests/python/onnx_backend.py --table, which a test repeats.
#include <algorithm>
#include <iterator>
#include <string_view>

#include "import/import.h"
#include "import/onnx/operators.h"
#include "import/tensorflow/operators.h"

namespace picabia::import {
namespace {

struct NodeTests {
  std::string_view name;
  int passed;
  int refused;
  int failed;
};
constexpr NodeTests kNodeTests[] = {
#include "import/onnx/node_tests.inc"
};

}  // namespace

std::vector<OperatorInfo> SupportedOperators() {
  std::vector<OperatorInfo> list;
  for (const onnx::Operator& row : onnx::Operators()) {
    const auto tests = std::find_if(std::begin(kNodeTests), std::end(kNodeTests),
                                    [&](const NodeTests& t) { return t.name == row.op_type; });
    OperatorInfo info{"onnx", std::string(row.op_type)};
    if (tests != std::end(kNodeTests)) {
      info.passed = tests->passed;
      info.refused = tests->refused;
      info.failed = tests->failed;
    }
    list.push_back(std::move(info));
  }
  for (const tensorflow::Operator& row : tensorflow::Operators())
    list.push_back({"tensorflow", std::string(row.name)});
  return list;
}

}  // namespace picabia::import
