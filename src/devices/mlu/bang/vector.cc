#include "devices/mlu/bang/vector.h"

namespace picabia::bang {

const VectorTable& VectorsScalar();
#if defined(PICABIA_BANG_X86)
const VectorTable& VectorsAvx2();
const VectorTable& VectorsAvx512();
#endif

const VectorTable& VectorTableFor([[maybe_unused]] Isa isa) {
#if defined(PICABIA_BANG_X86)
  if (isa == Isa::kAvx512Vnni || isa == Isa::kAvx512Amx) return VectorsAvx512();
  if (isa == Isa::kAvx2) return VectorsAvx2();
#endif
  return VectorsScalar();
}

const VectorTable& Vectors() {
  static const VectorTable& table = [&]() -> const VectorTable& {
    const auto isa = SelectIsa();
    return VectorTableFor(isa.ok() ? *isa : Isa::kScalar);  // launches refuse a wrong PICABIA_ISA
  }();
  return table;
}

}  // namespace picabia::bang
