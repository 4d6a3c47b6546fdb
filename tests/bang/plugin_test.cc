// Plug-in operators: a kernel of styles.mlu by way of cnml.h.
#include "cnplugin.h"
#include "host.h"

extern "C" {
void PowerDiff(half*, half*, int, half*, int);
}

namespace {

using host::Buffer;
using host::Float;
using host::Halves;

class Plugin : public host::DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    ASSERT_EQ(cnmlInit(0), CNML_STATUS_SUCCESS);
    int power = 2, length = 300, shape[] = {1, 1, 1, 300};
    for (cnmlTensor_t* tensor : {&x_, &y_, &out_}) {
      ASSERT_EQ(cnmlCreateTensor_V2(tensor, CNML_TENSOR), CNML_STATUS_SUCCESS);
      ASSERT_EQ(cnmlSetTensorShape_V2(*tensor, 4, shape, nullptr), CNML_STATUS_SUCCESS);
      ASSERT_EQ(cnmlSetTensorDataType(*tensor, CNML_DATA_FLOAT16), CNML_STATUS_SUCCESS);
    }
    ASSERT_EQ(cnrtGetKernelParamsBuffer(&params_), CNRT_RET_SUCCESS);
    cnrtKernelParamsBufferMarkInput(params_);
    cnrtKernelParamsBufferMarkInput(params_);
    cnrtKernelParamsBufferAddParam(params_, &power, sizeof(power));
    cnrtKernelParamsBufferMarkOutput(params_);
    cnrtKernelParamsBufferAddParam(params_, &length, sizeof(length));
  }
  void TearDown() override {
    cnrtDestroyKernelParamsBuffer(params_);
    for (cnmlTensor_t* tensor : {&x_, &y_, &out_})
      EXPECT_EQ(cnmlDestroyTensor(tensor), CNML_STATUS_SUCCESS);
    EXPECT_EQ(cnmlExit(), CNML_STATUS_SUCCESS);
    DeviceTest::TearDown();
  }
  cnmlStatus_t Create(cnmlBaseOp_t* op, void* kernel, int inputs) {
    cnmlTensor_t in[] = {x_, y_}, out[] = {out_};
    return cnmlCreatePluginOp(op, "PowerDifference", kernel, params_, in, inputs, out, 1, nullptr,
                              0);
  }
  cnmlTensor_t x_ = nullptr, y_ = nullptr, out_ = nullptr;
  cnrtKernelParamsBuffer_t params_ = nullptr;
};

TEST_F(Plugin, PowerDifference) {
  std::vector<float> a(300), b(300);
  for (int i = 0; i < 300; ++i) {
    a[i] = static_cast<float>(i % 40);
    b[i] = static_cast<float>(i % 7);
  }
  const Buffer<half> x(Halves(a)), y(Halves(b)), out(300);
  cnmlBaseOp_t op = nullptr;
  ASSERT_EQ(Create(&op, reinterpret_cast<void*>(&PowerDiff), 2), CNML_STATUS_SUCCESS);
  ASSERT_EQ(cnmlCompileBaseOp(op, CNML_MLU270, 4), CNML_STATUS_SUCCESS);
  void *inputs[] = {x.data(), y.data()}, *outputs[] = {out.data()};
  cnrtQueue_t queue = nullptr;
  ASSERT_EQ(cnrtCreateQueue(&queue), CNRT_RET_SUCCESS);
  for (const bool fourth : {false, true}) {
    ASSERT_EQ(cnrtMemset(out.data(), 0, 600), CNRT_RET_SUCCESS);
    ASSERT_EQ(fourth ? cnmlComputePluginOpForward_V4(op, nullptr, inputs, 2, nullptr, outputs, 1,
                                                     queue, nullptr)
                     : cnmlComputePluginOpForward_V3(op, inputs, 2, outputs, 1, nullptr, queue),
              CNML_STATUS_SUCCESS);
    ASSERT_EQ(cnrtSyncQueue(queue), CNRT_RET_SUCCESS);
    const auto r = out.Read();
    for (int i = 0; i < 300; ++i) ASSERT_EQ(Float(r[i]), (a[i] - b[i]) * (a[i] - b[i]));
  }
  ASSERT_EQ(cnmlDestroyBaseOp(&op), CNML_STATUS_SUCCESS);
  EXPECT_EQ(op, nullptr);
}

TEST_F(Plugin, RefusesWhatDoesNotFit) {
  cnmlBaseOp_t op = nullptr;
  EXPECT_EQ(Create(&op, &op, 2), CNML_STATUS_INVALIDARG);
  EXPECT_EQ(Create(&op, reinterpret_cast<void*>(&PowerDiff), 1), CNML_STATUS_INVALIDPARAM);
  EXPECT_EQ(op, nullptr);
  ASSERT_EQ(Create(&op, reinterpret_cast<void*>(&PowerDiff), 2), CNML_STATUS_SUCCESS);
  EXPECT_EQ(cnmlCompileBaseOp(op, CNML_MLU270, 3), CNML_STATUS_INVALIDARG);
  void* none[] = {nullptr, nullptr};
  EXPECT_EQ(cnmlComputePluginOpForward_V3(op, none, 1, none, 1, nullptr, nullptr),
            CNML_STATUS_INVALIDARG);
  EXPECT_EQ(cnmlComputePluginOpForward_V3(op, nullptr, 2, none, 1, nullptr, nullptr),
            CNML_STATUS_INVALIDARG);
  cnmlBaseOp_t stale = op;
  EXPECT_EQ(cnmlDestroyBaseOp(&op), CNML_STATUS_SUCCESS);
  EXPECT_EQ(cnmlDestroyBaseOp(&stale), CNML_STATUS_INVALIDARG);
  EXPECT_EQ(cnmlComputePluginOpForward_V3(stale, none, 2, none, 1, nullptr, nullptr),
            CNML_STATUS_INVALIDARG);
  EXPECT_EQ(cnmlDestroyBaseOp(nullptr), CNML_STATUS_INVALIDARG);
  int length = -1;
  EXPECT_EQ(cnmlGetTensorLen(x_, &length), CNML_STATUS_SUCCESS);
  EXPECT_EQ(length, 300);
}

}  // namespace
