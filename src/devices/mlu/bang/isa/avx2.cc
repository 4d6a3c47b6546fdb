// The vector unit's loops, compiled for this instruction set (src/devices/mlu/bang/CMakeLists.txt
// has the options).
#include "devices/mlu/bang/vector_inl.h"

namespace picabia::bang {

const VectorTable& VectorsAvx2() {
  static const VectorTable table = MakeTable();
  return table;
}

}  // namespace picabia::bang
