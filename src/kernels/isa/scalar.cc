// Kernels for any machine: one lane at a time.
#include "kernels/isa/isa.h"

namespace picabia::kernels {
namespace scalar {
namespace {

#include "kernels/isa/vector_inl.h"
#include "kernels/mlu/half_vector_inl.h"

struct F32 {
  static constexpr int kRows = 1, kPanels = 1, kLanes = 1;
  using V = float;
  static V Load(const float* p) { return *p; }
  static void Store(float* p, V v) { *p = v; }
  static V Broadcast(const float* p) { return *p; }
  static V MulAdd(V a, V b, V c) { return a * b + c; }
};

struct I8 {
  static constexpr int kRows = 1, kPanels = 1, kVectors = kPanel;
  using V = int32_t;
  using A = const uint8_t*;
  static V Zero() { return 0; }
  // A "register" of weights is four bytes, the first one lowest.
  static V LoadB(const int8_t* b, int v) {
    int32_t packed;
    std::memcpy(&packed, b + v * kQuad, sizeof(packed));
    return packed;
  }
  static A BroadcastA(const uint8_t* a) { return a; }
  static V Dot(V sum, A a, V b) {
    for (int i = 0; i < kQuad; ++i) sum += a[i] * static_cast<int8_t>(b >> (8 * i));
    return sum;
  }
  static void StorePanel(int32_t* c, const V* sum) { std::memcpy(c, sum, kPanel * sizeof(V)); }
};

// round(a * b / 2^15), halves up, as PMULHRSW.
inline Int16x32 MulHrs(Int16x32 a, Int16x32 b) {
  Int16x32 v;
  for (int i = 0; i < 32; ++i) v[i] = static_cast<int16_t>((a[i] * b[i] + (1 << 14)) >> 15);
  return v;
}

#include "kernels/isa/table_inl.h"

}  // namespace
}  // namespace scalar

const KernelTable kScalarTable = scalar::MakeTable(Isa::kScalar);

}  // namespace picabia::kernels
