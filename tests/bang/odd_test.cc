// The kernels of odd.mlu.
#include "host.h"

extern "C" {
void Odd(half*, const half*, int, int, float**, bool, half*);
void ExternC(half*);
}
namespace outer::inner {
void Nested(int*);
}

namespace {

using host::Buffer;

class OddSources : public host::DeviceTest {};

TEST_F(OddSources, MeanWhatTheySay) {
  std::vector<half> x(64);
  for (int i = 0; i < 64; ++i) x[i] = host::Half(static_cast<float>(i));
  const Buffer<half> max(64), min(x), out(64);
  const Buffer<float*> rows(4);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&Odd), {1, 1, 1}, CNRT_FUNC_TYPE_BLOCK, max.data(),
                      min.data(), 5, 1, rows.data(), true, out.data()),
            CNRT_RET_SUCCESS);
  const std::vector<float> expected = {10, 441, 9, 4, 64, 12, 32, 1.5f};
  const auto r = out.Read();
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(host::Float(r[i]), expected[i]) << i;
  EXPECT_EQ(host::Float(max.Read()[0]), 1);
}

TEST_F(OddSources, LinkageAndNamespaces) {
  const Buffer<half> out(1);
  const Buffer<int> number(1);
  ASSERT_EQ(
      host::Run(reinterpret_cast<void*>(&ExternC), {1, 1, 1}, CNRT_FUNC_TYPE_BLOCK, out.data()),
      CNRT_RET_SUCCESS);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&outer::inner::Nested), {1, 1, 1},
                      CNRT_FUNC_TYPE_BLOCK, number.data()),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(host::Float(out.Read()[0]), 1);
  EXPECT_EQ(number.Read()[0], 48);
}

}  // namespace
