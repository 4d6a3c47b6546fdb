// The kernels of styles.mlu.
#include <cmath>
#include <string>

#include "host.h"

extern "C" {
void FileScope(half*, half*, half*, int*);
void PowerDiff(half*, half*, int, half*, int);
void ByValue(float*, float, half, bool, int16_t, int, uint32_t, int8_t);
void Scalars(half*, int);
void OffByOne(half*, half*);
void Strides(half*, half*);
void Templates(half*, float*);
void PointerTable(float**, int*, int, float*);
void Print(half*, int);
void Lists(int*);
void Library(int*, int);
void Places(const half*, half*);
void Scopes(int*);
}
// The other name that a kernel has: mangled, half spelled as unsigned short.
void Templates(half*, float*);

namespace {

using host::Buffer;
using host::Float;
using host::Half;
using host::Halves;

constexpr cnrtFunctionType_t kBlock = CNRT_FUNC_TYPE_BLOCK;
constexpr cnrtDim3_t kOne = {1, 1, 1};

class Styles : public host::DeviceTest {};

TEST_F(Styles, VariablesAtFileScope) {
  std::vector<float> x(256), y(256);
  for (int i = 0; i < 256; ++i) {
    x[i] = static_cast<float>(i);
    y[i] = static_cast<float>(1000 - 3 * i);
  }
  const Buffer<half> dx(Halves(x)), dy(Halves(y)), out(256);
  const Buffer<int> count(1);
  for (int call = 0; call < 2; ++call) {
    ASSERT_EQ(host::Run(reinterpret_cast<void*>(&FileScope), kOne, kBlock, dx.data(), dy.data(),
                        out.data(), count.data()),
              CNRT_RET_SUCCESS);
    const auto result = out.Read();
    for (int i = 0; i < 256; ++i) ASSERT_EQ(Float(result[i]), x[i] + y[i]) << i;
    EXPECT_EQ(count.Read()[0], 8);  // initialised anew at every call
  }
}

TEST_F(Styles, PowerDifferenceWithRaggedTails) {
  for (const int n : {1, 255, 256, 257, 1000}) {
    for (const int power : {1, 2, 3}) {
      std::vector<float> x(n), y(n);
      for (int i = 0; i < n; ++i) {
        x[i] = static_cast<float>(i % 12);
        y[i] = static_cast<float>(i % 7) * 0.5f;
      }
      const Buffer<half> dx(Halves(x)), dy(Halves(y)), out(n);
      ASSERT_EQ(host::Run(reinterpret_cast<void*>(&PowerDiff), kOne, kBlock, dx.data(), dy.data(),
                          power, out.data(), n),
                CNRT_RET_SUCCESS);
      const auto result = out.Read();
      // Halves of at most 11.0 with one binary place: their squares and cubes need at most 11 bits
      // but the largest cubes, which round once.
      for (int i = 0; i < n; ++i) {
        const float expected = std::pow(x[i] - y[i], static_cast<float>(power));
        ASSERT_NEAR(Float(result[i]), expected, std::fabs(expected) * 0x1p-11f)
            << n << ' ' << power << ' ' << i;
      }
    }
  }
}

TEST_F(Styles, ParametersByValue) {
  const Buffer<float> out(7);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&ByValue), kOne, kBlock, out.data(), 1.5f,
                      Half(-2.25f), true, int16_t{-300}, 1, uint32_t{70000}, int8_t{-5}),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(out.Read(), (std::vector<float>{1.5f, -2.25f, 1, -300, 2, 70000, -5}));
}

// One rounding to half, as the host library does it for values that are no ties.
float Rounded(float x) { return Float(Half(x)); }

TEST_F(Styles, HalfScalarsRoundAfterEachOperation) {
  const Buffer<half> out(12);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&Scalars), kOne, kBlock, out.data(), 1000),
            CNRT_RET_SUCCESS);
  std::vector<float> r;
  for (const half h : out.Read()) r.push_back(Float(h));
  EXPECT_NEAR(r[0], 100, 0.0625f);         // Kahan's sum stays within a unit of the last place
  EXPECT_GT(std::fabs(r[1] - 100), 0.5f);  // the plain one does not: else halves were not rounded
  EXPECT_EQ(r[2], 127);
  EXPECT_EQ(r[3], Rounded(123.68f));
  EXPECT_EQ(r[4], 1);  // 32767 rounds to 32768
  EXPECT_EQ(r[5], -126);
  EXPECT_EQ(r[6], 0);
  EXPECT_EQ(r[7], -2.5f);
  EXPECT_EQ(r[8], Rounded(1.0f / 3));
  EXPECT_EQ(r[9], 65504);
  EXPECT_EQ(r[10], 2 - 2 + 3);
  EXPECT_EQ(r[11], 7.5f);
}

TEST_F(Styles, OneSegmentTooManyLandsInTheNextArray) {
  std::vector<float> x(320);
  for (int i = 0; i < 320; ++i) x[i] = static_cast<float>(i);
  const Buffer<half> dx(Halves(x)), out(320);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&OffByOne), kOne, kBlock, dx.data(), out.data()),
            CNRT_RET_SUCCESS);
  const auto result = out.Read();
  for (int i = 0; i < 320; ++i)
    ASSERT_EQ(Float(result[i]), x[i]) << i;  // "next", which follows, was hit as on the card
}

TEST_F(Styles, StridesBroadcastAndGoThreeDimensional) {
  std::vector<float> x(24);
  for (int i = 0; i < 24; ++i) x[i] = static_cast<float>(i);
  const Buffer<half> dx(Halves(x)), out(152);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&Strides), kOne, kBlock, dx.data(), out.data()),
            CNRT_RET_SUCCESS);
  const auto result = out.Read();
  for (int i = 0; i < 128; ++i) ASSERT_EQ(Float(result[i]), x[i % 8]);
  for (int plane = 0; plane < 2; ++plane)
    for (int row = 0; row < 3; ++row)
      for (int i = 0; i < 2; ++i)
        ASSERT_EQ(Float(result[128 + plane * 12 + row * 4 + i]), x[plane * 6 + row * 2 + i]);
}

TEST_F(Styles, TemplatesHaveArraysOfTheirOwn) {
  const Buffer<half> h(std::vector<half>(192, Half(2)));
  const Buffer<float> f(std::vector<float>(32, 7));
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(static_cast<void (*)(half*, float*)>(&Templates)),
                      kOne, kBlock, h.data(), f.data()),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(Float(h.Read()[63]), 6);
  EXPECT_EQ(Float(h.Read()[64]), 4);
  EXPECT_EQ(f.Read()[31], 3.5f);
}

TEST_F(Styles, TablesOfDevicePointers) {
  const Buffer<float> a({1, 2, 3}), b({10, 20}), out(2);
  const Buffer<float*> table({a.data(), b.data()});
  const Buffer<int> lengths({3, 2});
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&PointerTable), kOne, kBlock, table.data(),
                      lengths.data(), 2, out.data()),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(out.Read(), (std::vector<float>{7, 30}));
}

TEST_F(Styles, PrintsHalves) {
  const Buffer<half> x(Halves({1.5f, -0.25f}));
  testing::internal::CaptureStdout();
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&Print), kOne, kBlock, x.data(), 2),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "0: 1.500000 1.50% text ff\n1: -0.250000 -0.25% text ff\nhalf 1.500000\n");
}

TEST_F(Styles, InitialisedLists) {
  const Buffer<int> out(4);
  for (int call = 0; call < 2; ++call) {
    ASSERT_EQ(host::Run(reinterpret_cast<void*>(&Lists), kOne, kBlock, out.data()),
              CNRT_RET_SUCCESS);
    EXPECT_EQ(out.Read(), (std::vector<int>{14, 100, 8, 99}));
  }
}

TEST_F(Styles, ExitAndAssertEndTheKernelAlone) {
  const void* kernel = reinterpret_cast<void*>(&Library);
  const auto run = [&](int mode, std::vector<int> expected, cnrtRet_t code) {
    const Buffer<int> out(3);
    testing::internal::CaptureStderr();
    EXPECT_EQ(host::Run(kernel, kOne, kBlock, out.data(), mode), code);
    EXPECT_EQ(out.Read(), expected);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(run(0, {64, 1, 1}, CNRT_RET_SUCCESS), "");
  EXPECT_EQ(run(1, {64, 0, 0}, CNRT_RET_SUCCESS), "");
  EXPECT_NE(
      run(2, {64, 0, 0}, CNRT_RET_ERR_ONCHIP_CORE).find("Library, task 0: assertion failed: n < 5"),
      std::string::npos);
  EXPECT_NE(run(3, {64, 0, 0}, CNRT_RET_ERR_ONCHIP_CORE).find("the kernel called abort at "),
            std::string::npos);
}

TEST_F(Styles, QualifiersInOtherPlaces) {
  std::vector<float> x(64);
  for (int i = 0; i < 64; ++i) x[i] = static_cast<float>(i);
  const Buffer<half> dx(Halves(x)), dy(64);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&Places), kOne, kBlock, dx.data(), dy.data()),
            CNRT_RET_SUCCESS);
  for (int i = 0; i < 64; ++i) EXPECT_EQ(Float(dy.Read()[i]), x[i]);
}

TEST_F(Styles, NamespacesExternsAndNamelessStructures) {
  const Buffer<int> out(5);
  ASSERT_EQ(host::Run(reinterpret_cast<void*>(&Scopes), kOne, kBlock, out.data()),
            CNRT_RET_SUCCESS);
  EXPECT_EQ(out.Read(), (std::vector<int>{7, 120, 7, 1 + 10 + 8, 6}));
}

TEST_F(Styles, RefusesWrongLaunches) {
  const void* kernel = reinterpret_cast<void*>(&PowerDiff);
  const Buffer<half> x(16);
  half on_host[16] = {};
  testing::internal::CaptureStderr();
  EXPECT_EQ(host::Run(kernel, kOne, kBlock, x.data(), x.data(), 2, x.data()), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(host::Run(kernel, kOne, kBlock, x.data(), x.data(), 2, x.data(), 16, 3),
            CNRT_RET_ERR_INVALID);
  EXPECT_EQ(host::Run(kernel, kOne, kBlock, x.data(), 5, 2, x.data(), 16), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(host::Run(kernel, kOne, kBlock, x.data(), &on_host[0], 2, x.data(), 16),
            CNRT_RET_ERR_INVALID);
  EXPECT_EQ(host::Run(kernel, {0, 1, 1}, kBlock, x.data(), x.data(), 2, x.data(), 16),
            CNRT_RET_ERR_INVALID);
  EXPECT_EQ(
      host::Run(kernel, {6, 1, 1}, CNRT_FUNC_TYPE_UNION1, x.data(), x.data(), 2, x.data(), 16),
      CNRT_RET_ERR_INVALID);
  EXPECT_EQ(host::Run(kernel, kOne, static_cast<cnrtFunctionType_t>(7), x.data(), x.data(), 2,
                      x.data(), 16),
            CNRT_RET_ERR_INVALID);
  EXPECT_EQ(host::Run(&on_host, kOne, kBlock, x.data()), CNRT_RET_ERR_INVALID);
  const std::string said = testing::internal::GetCapturedStderr();
  for (const char* part :
       {"PowerDiff: 4 parameters were given, 5 are expected", "6 parameters were given",
        "parameter 2 of 5: 4 bytes were given, 8 are expected", "parameter 2 of 5: 0x",
        "is no address of device memory", "at least one each", "x must be a multiple of 4",
        "7 is no function type", "is no kernel"})
    EXPECT_NE(said.find(part), std::string::npos) << part << "\n" << said;
  // One parameter more than a buffer has room for, and one that is larger than its slot.
  cnrtKernelParamsBuffer_t params = nullptr;
  ASSERT_EQ(cnrtGetKernelParamsBuffer(&params), CNRT_RET_SUCCESS);
  int value[4] = {};
  EXPECT_EQ(cnrtKernelParamsBufferAddParam(params, value, 9), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtKernelParamsBufferAddParam(params, nullptr, 4), CNRT_RET_ERR_INVALID);
  for (int i = 0; i < 128; ++i)
    ASSERT_EQ(cnrtKernelParamsBufferAddParam(params, value, 4), CNRT_RET_SUCCESS);
  EXPECT_EQ(cnrtKernelParamsBufferAddParam(params, value, 4), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtDestroyKernelParamsBuffer(params), CNRT_RET_SUCCESS);
  // A pointer just past the end, and null, are no mistakes by themselves.
  EXPECT_EQ(host::Run(kernel, kOne, kBlock, x.data(), x.data() + 16, 2, x.data(), 0),
            CNRT_RET_SUCCESS);
}

TEST_F(Styles, ThirdVersionOfTheLaunch) {
  const void* kernel = reinterpret_cast<void*>(&Lists);
  const Buffer<int> out(4);
  const host::Params params(out.data());
  cnrtKernelInitParam_t init = nullptr;
  ASSERT_EQ(cnrtCreateKernelInitParam(&init), CNRT_RET_SUCCESS);
  const auto invoke = [&](const void* function) {
    return cnrtInvokeKernel_V3(function, init, kOne, params.get(), kBlock, nullptr, nullptr);
  };
  EXPECT_EQ(invoke(kernel), CNRT_RET_ERR_INIT);
  EXPECT_EQ(cnrtInitKernelMemory(&init, init), CNRT_RET_ERR_INVALID);
  ASSERT_EQ(cnrtInitKernelMemory(kernel, init), CNRT_RET_SUCCESS);
  EXPECT_EQ(invoke(kernel), CNRT_RET_SUCCESS);
  EXPECT_EQ(invoke(reinterpret_cast<void*>(&Print)), CNRT_RET_ERR_INVALID);
  EXPECT_EQ(cnrtSyncQueue(nullptr), CNRT_RET_SUCCESS);
  EXPECT_EQ(out.Read()[0], 14);
  EXPECT_EQ(cnrtDestroyKernelInitParamAndMemory(init), CNRT_RET_SUCCESS);
  EXPECT_EQ(invoke(kernel), CNRT_RET_ERR_INVALID);
}

}  // namespace
