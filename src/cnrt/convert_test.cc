// Conversions on the host, against values written down by hand and loops written from the contract.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "cnrt/cnrt.h"

namespace {

uint16_t Half(float x) {
  uint16_t h = 0;
  EXPECT_EQ(cnrtConvertFloatToHalf(&h, x), CNRT_RET_SUCCESS);
  return h;
}
float Float(uint16_t h) {
  float x = 0;
  EXPECT_EQ(cnrtConvertHalfToFloat(&x, h), CNRT_RET_SUCCESS);
  return x;
}

TEST(CnrtConvert, DoublesAreRoundedOnce) {
  const auto half = [](double x) {
    uint16_t h = 0;
    EXPECT_EQ(cnrtConvertDoubleToHalf(&h, x), CNRT_RET_SUCCESS);
    return h;
  };
  EXPECT_EQ(half(1 + 0x1p-11), 0x3C01);            // the tie
  EXPECT_EQ(half(1 + 0x1p-11 - 0x1p-40), 0x3C00);  // as a float it would be the tie
  EXPECT_EQ(half(-1 - 0x1p-11 + 0x1p-40), 0xBC00);
  EXPECT_EQ(half(-1 - 0x1p-11 - 0x1p-40), 0xBC01);
  EXPECT_EQ(half(1e300), 0x7BFF);
  EXPECT_EQ(half(-INFINITY), 0xFBFF);
  EXPECT_EQ(half(1e-300), 1);
  EXPECT_EQ(half(-0.0), 0x8000);
  EXPECT_EQ(half(NAN) & 0x7FFF, 0x7BFF);
}

TEST(CnrtConvert, Halves) {
  EXPECT_EQ(Half(1.0f), 0x3C00);
  EXPECT_EQ(Half(-2.0f), 0xC000);
  EXPECT_EQ(Half(1.0f + 0x1p-11f), 0x3C01);  // a tie: away from zero
  EXPECT_EQ(Half(65504), 0x7BFF);
  EXPECT_EQ(Half(1e9f), 0x7BFF);
  EXPECT_EQ(Half(-INFINITY), 0xFBFF);
  EXPECT_EQ(Half(NAN) & 0x7FFF, 0x7BFF);
  EXPECT_EQ(Half(1e-30f), 1);
  EXPECT_EQ(Half(-0.0f), 0x8000);
  EXPECT_EQ(Half(0x1p-14f - 0x1p-25f), 0x0400);  // the carry leaves the subnormals
  EXPECT_EQ(Float(0x7C00), 65504);
  EXPECT_EQ(cnrtConvertFloatToHalf(nullptr, 1), CNRT_RET_ERR_INVALID);
  for (unsigned h = 0; h < 0x7C00; ++h) {
    ASSERT_EQ(Half(Float(static_cast<uint16_t>(h))), h);
    if (h == 0 || h + 1 == 0x7C00) continue;
    const float next = Float(static_cast<uint16_t>(h + 1)), here = Float(static_cast<uint16_t>(h));
    ASSERT_EQ(Half((here + next) / 2), h + 1);
    ASSERT_EQ(Half(std::nextafter((here + next) / 2, 0.0f)), h);
  }
}

TEST(CnrtConvert, QuantizesPerTensorAndPerChannel) {
  cnrtQuantizedParam_t param = nullptr;
  ASSERT_EQ(cnrtCreateQuantizedParam(&param, -5, 1.5f, 0), CNRT_RET_SUCCESS);
  float x[] = {1, -1, 0.5f / 48, -0.5f / 48, 100, -100, NAN};
  int8_t q[7] = {};
  ASSERT_EQ(cnrtCastDataType(x, CNRT_FLOAT32, q, CNRT_INT8, 7, param), CNRT_RET_SUCCESS);
  const int8_t expected[] = {48, -48, 1, -1, 127, -128, 0};
  for (int i = 0; i < 7; ++i) EXPECT_EQ(q[i], expected[i]) << i;
  float back[7];
  ASSERT_EQ(cnrtCastDataType(q, CNRT_INT8, back, CNRT_FLOAT32, 7, param), CNRT_RET_SUCCESS);
  EXPECT_EQ(back[0], 1);
  EXPECT_EQ(cnrtCastDataType(x, CNRT_FLOAT32, q, CNRT_UINT16, 7, param), CNRT_RET_ERR_UNSUPPORTED);
  EXPECT_EQ(cnrtCastDataType(x, CNRT_FLOAT32, q, CNRT_INT8, 7, nullptr), CNRT_RET_ERR_UNSUPPORTED);
  EXPECT_EQ(cnrtDestroyQuantizedParam(param), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtCastDataType(x, CNRT_FLOAT32, q, CNRT_INT8, 7, param), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtCreateQuantizedParam(&param, 0, 0, 0), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(param, nullptr);

  int poses[] = {0, -1, -2}, dims[] = {2, 3, 2};
  float scales[] = {1, 1, 1}, offsets[] = {0, 0, 10};
  ASSERT_EQ(cnrtCreateQuantizedParamByChannel(&param, poses, scales, offsets, 3, dims, 1),
            CNRT_RET_SUCCESS);
  std::vector<float> ones(12, 1);
  int8_t codes[12];
  ASSERT_EQ(cnrtCastDataType(ones.data(), CNRT_FLOAT32, codes, CNRT_INT8, 12, param),
            CNRT_RET_SUCCESS);
  const int8_t by_channel[] = {1, 2, 14};
  for (int i = 0; i < 12; ++i) EXPECT_EQ(codes[i], by_channel[i / 2 % 3]) << i;
  cnrtDestroyQuantizedParam(param);
}

TEST(CnrtConvert, Transposes) {
  int dims[] = {2, 3, 4, 5}, order[] = {0, 2, 3, 1};
  std::vector<float> x(120), y(120);
  for (int i = 0; i < 120; ++i) x[i] = static_cast<float>(i);
  ASSERT_EQ(cnrtTransDataOrder(x.data(), CNRT_FLOAT32, y.data(), 4, dims, order), CNRT_RET_SUCCESS);
  std::vector<float> z(120);
  ASSERT_EQ(cnrtReshapeNCHWToNHWC(z.data(), x.data(), 2, 4, 5, 3, CNRT_FLOAT32), CNRT_RET_SUCCESS);
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < 3; ++c)
      for (int h = 0; h < 4; ++h)
        for (int w = 0; w < 5; ++w) {
          const int to = ((n * 4 + h) * 5 + w) * 3 + c;
          EXPECT_EQ(y[to], x[((n * 3 + c) * 4 + h) * 5 + w]);
          EXPECT_EQ(z[to], y[to]);
        }
  ASSERT_EQ(cnrtReshapeNHWCToNCHW(z.data(), y.data(), 2, 4, 5, 3, CNRT_FLOAT32), CNRT_RET_SUCCESS);
  EXPECT_EQ(z, x);
  std::vector<uint16_t> halves(120);
  ASSERT_EQ(cnrtTransOrderAndCast(x.data(), CNRT_FLOAT32, halves.data(), CNRT_FLOAT16, nullptr, 4,
                                  dims, order),
            CNRT_RET_SUCCESS);
  for (int i = 0; i < 120; ++i) EXPECT_EQ(Float(halves[i]), y[i]);
  int twice[] = {0, 0, 1, 2};
  EXPECT_EQ(cnrtTransDataOrder(x.data(), CNRT_FLOAT32, y.data(), 4, dims, twice),
            CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtTransDataOrder(x.data(), CNRT_FLOAT64, y.data(), 4, dims, order),
            CNRT_RET_ERR_UNSUPPORTED);
}

TEST(CnrtConvert, PadsAndReordersFilters) {
  int dims[] = {2, 2, 3}, extra[] = {0, 1, 1};
  uint8_t x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, y[24];
  ASSERT_EQ(cnrtAddDataStride(x, CNRT_UINT8, y, 3, dims, extra), CNRT_RET_SUCCESS);
  const uint8_t expected[] = {1, 2, 3, 0, 4,  5,  6,  0, 0, 0, 0, 0,
                              7, 8, 9, 0, 10, 11, 12, 0, 0, 0, 0, 0};
  for (int i = 0; i < 24; ++i) EXPECT_EQ(y[i], expected[i]) << i;

  constexpr int kOut = 192, kEach = 6;  // 3 filters a lane
  std::vector<int8_t> filter(kOut * kEach), lanes(kOut * kEach);
  for (size_t i = 0; i < filter.size(); ++i) filter[i] = static_cast<int8_t>(i * 5);
  ASSERT_EQ(cnrtFilterReshape(lanes.data(), filter.data(), kOut, 1, 2, 3, CNRT_INT8),
            CNRT_RET_SUCCESS);
  for (int lane = 0; lane < 64; ++lane)
    for (int group = 0; group < 3; ++group)
      for (int e = 0; e < kEach; ++e)
        ASSERT_EQ(lanes[(lane * 3 + group) * kEach + e], filter[(group * 64 + lane) * kEach + e]);
  EXPECT_EQ(cnrtFilterReshape(lanes.data(), filter.data(), 63, 1, 2, 3, CNRT_INT8),
            CNRT_RET_ERR_INVALID);
}

}  // namespace
