// An offline model on a device, with every call of CNRT checked: what both programs of this folder
// are made of. Nothing here is Picabia's: it is written for Neuware.
#pragma once

#include <cnrt.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

inline void Check(cnrtRet_t result, const char* call) {
  if (result == CNRT_RET_SUCCESS) return;
  std::fprintf(stderr, "%s: %s (%d)\n", call, cnrtGetErrorStr(result), static_cast<int>(result));
  std::exit(1);
}
#define CHECKED(call) Check((call), #call)

// The first function of a file, with one input and one output of halves, NHWC.
class OfflineModel {
 public:
  explicit OfflineModel(const std::string& path) {
    CHECKED(cnrtInit(0));
    CHECKED(cnrtGetDeviceHandle(&device_, 0));
    UseDevice();
    CHECKED(cnrtLoadModel(&model_, path.c_str()));
    CHECKED(cnrtCreateFunction(&function_));
    CHECKED(cnrtExtractFunction(&function_, model_, "subnet0"));
    CHECKED(cnrtCreateRuntimeContext(&context_, function_, nullptr));
    CHECKED(cnrtSetRuntimeContextDeviceId(context_, 0));
    CHECKED(cnrtInitRuntimeContext(context_, nullptr));
    ReadShape();
  }
  ~OfflineModel() {
    cnrtDestroyRuntimeContext(context_);
    cnrtDestroyFunction(function_);
    cnrtUnloadModel(model_);
    cnrtDestroy();
  }
  OfflineModel(const OfflineModel&) = delete;
  OfflineModel& operator=(const OfflineModel&) = delete;

  // In every thread.
  void UseDevice() const { CHECKED(cnrtSetCurrentDevice(device_)); }
  cnrtRuntimeContext_t context() const { return context_; }
  int height() const { return height_; }
  int width() const { return width_; }
  int channels() const { return channels_; }
  size_t bytes() const { return 2 * elements(); }  // of the input, and of the output
  size_t elements() const {
    return static_cast<size_t>(height_) * static_cast<size_t>(width_) *
           static_cast<size_t>(channels_);
  }

 private:
  void ReadShape() {
    int64_t *in = nullptr, *out = nullptr;
    int inputs = 0, outputs = 0, rank = 0;
    int* shape = nullptr;
    cnrtDataType_t* type = nullptr;
    CHECKED(cnrtGetInputDataSize(&in, &inputs, function_));
    CHECKED(cnrtGetOutputDataSize(&out, &outputs, function_));
    CHECKED(cnrtGetInputDataShape(&shape, &rank, 0, function_));
    CHECKED(cnrtGetInputDataType(&type, &inputs, function_));
    if (inputs != 1 || outputs != 1 || rank != 4 || shape[0] != 1 || type[0] != CNRT_FLOAT16 ||
        in[0] != out[0]) {
      std::fprintf(stderr, "the model is not one picture of halves in and one out\n");
      std::exit(1);
    }
    height_ = shape[1];
    width_ = shape[2];
    channels_ = shape[3];
    std::free(shape);
  }

  cnrtDev_t device_ = 0;
  cnrtModel_t model_ = nullptr;
  cnrtFunction_t function_ = nullptr;
  cnrtRuntimeContext_t context_ = nullptr;
  int height_ = 0, width_ = 0, channels_ = 0;
};

// A queue with the notifiers around one run and the device memory of its picture; one thread's.
class Lane {
 public:
  explicit Lane(const OfflineModel& model) : model_(model), half_(model.elements()) {
    CHECKED(cnrtRuntimeContextCreateQueue(model.context(), &queue_));
    CHECKED(cnrtCreateNotifier(&start_));
    CHECKED(cnrtCreateNotifier(&end_));
    for (void*& memory : params_) CHECKED(cnrtMalloc(&memory, model.bytes()));
  }
  ~Lane() {
    for (void* memory : params_) cnrtFree(memory);
    cnrtDestroyNotifier(&start_);
    cnrtDestroyNotifier(&end_);
    cnrtDestroyQueue(queue_);
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Planar floats in, planar floats out, as networks are trained with them. Returns microseconds of
  // the device.
  float Run(std::vector<float>& planar) {
    const int n = 1, h = model_.height(), w = model_.width(), c = model_.channels();
    int nchw[] = {n, c, h, w}, nhwc[] = {n, h, w, c};
    int to_nhwc[] = {0, 2, 3, 1}, to_nchw[] = {0, 3, 1, 2};
    CHECKED(cnrtTransOrderAndCast(planar.data(), CNRT_FLOAT32, half_.data(), CNRT_FLOAT16, nullptr,
                                  4, nchw, to_nhwc));
    CHECKED(cnrtMemcpy(params_[0], half_.data(), model_.bytes(), CNRT_MEM_TRANS_DIR_HOST2DEV));
    CHECKED(cnrtPlaceNotifier(start_, queue_));
    CHECKED(cnrtInvokeRuntimeContext(model_.context(), params_, queue_, nullptr));
    CHECKED(cnrtPlaceNotifier(end_, queue_));
    CHECKED(cnrtSyncQueue(queue_));
    CHECKED(cnrtMemcpy(half_.data(), params_[1], model_.bytes(), CNRT_MEM_TRANS_DIR_DEV2HOST));
    CHECKED(cnrtTransOrderAndCast(half_.data(), CNRT_FLOAT16, planar.data(), CNRT_FLOAT32, nullptr,
                                  4, nhwc, to_nchw));
    float us = 0;
    CHECKED(cnrtNotifierDuration(start_, end_, &us));
    return us;
  }
  // The device's halves of the last result, NHWC.
  const std::vector<uint16_t>& half() const { return half_; }

 private:
  const OfflineModel& model_;
  std::vector<uint16_t> half_;
  cnrtQueue_t queue_ = nullptr;
  cnrtNotifier_t start_ = nullptr, end_ = nullptr;
  void* params_[2] = {};
};
