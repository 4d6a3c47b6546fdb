// Pools. Called by the table in operators.cc.
#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {

Result<ir::ValueId> ConvertPoolBy(NodeContext& c, ops::PoolKind kind) {
  PICABIA_ASSIGN_OR_RETURN(const Layout layout, DataFormat(c));
  ops::Pool2D op;
  op.kind = kind;
  PICABIA_ASSIGN_OR_RETURN(op.kernel, SpatialPair(c, "ksize", layout));
  PICABIA_ASSIGN_OR_RETURN(op.window, ParseWindow(c, layout, false));
  return AddSpatial(c, layout, op);
}

}  // namespace picabia::import::tensorflow
