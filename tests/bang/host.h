// What the host programs of these tests share: device buffers and launches, by the C interface
// alone.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "cnrt.h"

typedef unsigned short half;  // as hosts spell it

// The sanitizer that the tests are built with.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PICABIA_TEST_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define PICABIA_TEST_TSAN 1
#endif
#endif
#if defined(PICABIA_TEST_ASAN)
inline constexpr bool kAsan = true;
#else
inline constexpr bool kAsan = false;
#endif
#if defined(PICABIA_TEST_TSAN)
inline constexpr bool kTsan = true;
#else
inline constexpr bool kTsan = false;
#endif

namespace host {

inline half Half(float x) {
  half h = 0;
  cnrtConvertFloatToHalf(&h, x);
  return h;
}
inline float Float(half h) {
  float x = 0;
  cnrtConvertHalfToFloat(&x, h);
  return x;
}
inline std::vector<half> Halves(const std::vector<float>& x) {
  std::vector<half> h;
  for (const float v : x) h.push_back(Half(v));
  return h;
}

// Device memory with the contents of a vector, freed at the end.
template <typename T>
class Buffer {
 public:
  explicit Buffer(std::vector<T> values) : size_(values.size()) {
    EXPECT_EQ(cnrtMalloc(reinterpret_cast<void**>(&data_), size_ * sizeof(T)), CNRT_RET_SUCCESS);
    EXPECT_EQ(cnrtMemcpy(data_, values.data(), size_ * sizeof(T), CNRT_MEM_TRANS_DIR_HOST2DEV),
              CNRT_RET_SUCCESS);
  }
  explicit Buffer(size_t n) : Buffer(std::vector<T>(n)) {}
  ~Buffer() { cnrtFree(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  T* data() const { return data_; }
  std::vector<T> Read() const {
    std::vector<T> values(size_);
    EXPECT_EQ(cnrtMemcpy(values.data(), data_, size_ * sizeof(T), CNRT_MEM_TRANS_DIR_DEV2HOST),
              CNRT_RET_SUCCESS);
    return values;
  }

 private:
  T* data_ = nullptr;
  size_t size_;
};

// Parameters of a kernel, in order.
class Params {
 public:
  template <typename... T>
  explicit Params(T... values) {
    EXPECT_EQ(cnrtGetKernelParamsBuffer(&params_), CNRT_RET_SUCCESS);
    (Add(values), ...);
  }
  ~Params() { cnrtDestroyKernelParamsBuffer(params_); }
  Params(const Params&) = delete;
  template <typename T>
  void Add(T value) {
    EXPECT_EQ(cnrtKernelParamsBufferAddParam(params_, &value, sizeof(value)), CNRT_RET_SUCCESS);
  }
  cnrtKernelParamsBuffer_t get() const { return params_; }

 private:
  cnrtKernelParamsBuffer_t params_ = nullptr;
};

// Launches and waits; the error of either.
template <typename... T>
cnrtRet_t Run(const void* kernel, cnrtDim3_t dim, cnrtFunctionType_t type, T... values) {
  const Params params(values...);
  cnrtQueue_t queue = nullptr;
  EXPECT_EQ(cnrtCreateQueue(&queue), CNRT_RET_SUCCESS);
  cnrtRet_t result = cnrtInvokeKernel_V2(kernel, dim, params.get(), type, queue);
  const cnrtRet_t synced = cnrtSyncQueue(queue);
  if (result == CNRT_RET_SUCCESS) result = synced;
  EXPECT_EQ(cnrtDestroyQueue(queue), CNRT_RET_SUCCESS);
  return result;
}

class DeviceTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cnrtInit(0), CNRT_RET_SUCCESS); }
  void TearDown() override { cnrtDestroy(); }
};

}  // namespace host
