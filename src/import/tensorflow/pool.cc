// Pools. Called by the table in operators.cc.
#include <algorithm>
#include <string>

#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {

// Padding does not count in averages.
Result<ir::ValueId> ConvertPoolBy(NodeContext& c, ops::PoolKind kind) {
  ops::Pool2D op;
  op.kind = kind;
  PICABIA_ASSIGN_OR_RETURN(const Layout layout, DataFormat(c));
  for (const char* name : {"ksize", "strides"}) {
    if (!c.attributes.Has(name))
      return InvalidModel("attribute '" + std::string(name) + "' is missing");
  }
  PICABIA_ASSIGN_OR_RETURN(op.kernel, SpatialPair(c, "ksize", layout));
  PICABIA_ASSIGN_OR_RETURN(op.window, ParseWindow(c, layout, false));
  for (size_t a = 0; a < 2; ++a) {
    const int64_t pad = std::max(op.window.pads[a], op.window.pads[a + 2]);
    if (pad >= op.kernel[a] && pad > 0)
      return InvalidModel("attribute 'explicit_paddings' has a value of " + std::to_string(pad) +
                          ", expected less than the window, " + std::to_string(op.kernel[a]));
  }
  return AddSpatial(c, layout, op);
}

}  // namespace picabia::import::tensorflow
