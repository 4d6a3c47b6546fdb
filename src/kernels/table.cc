// From instruction set to table of kernels.
#include "kernels/table.h"

#include "base/checked.h"
#include "kernels/isa/isa.h"

namespace picabia::kernels {

int64_t SegmentBytes(const KernelTable& kernels, int64_t length) {
  const int64_t steps = CeilDiv(length, kernels.int8_step);
  return steps == 0 ? 0 : steps * RoundUp(CeilDiv(length, steps), int64_t{kQuad});
}

const KernelTable& KernelsFor(Isa isa) {
  switch (isa) {
#if defined(PICABIA_SIMD) && defined(__aarch64__)
    case Isa::kNeon:
      return kNeonTable;
#elif defined(PICABIA_SIMD)
    case Isa::kSse4:
      return kSse4Table;
    case Isa::kAvx2:
      return kAvx2Table;
    case Isa::kAvx512Vnni:
      return kAvx512VnniTable;
    case Isa::kAvx512Amx:
      return Avx512AmxTable();
#endif
    default:
      return kScalarTable;
  }
}

}  // namespace picabia::kernels
