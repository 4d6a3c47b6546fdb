// Conversions on the host: element types, quantization, orders of dimensions. No device is needed.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "cnrt/handles.h"
#include "cnrt/state.h"
#include "devices/mlu/bang/half_rules.h"

namespace picabia::cnrt {
namespace {

constexpr int kMaxDims = 8;
constexpr int kLanes = 64;  // of the weight memory

struct Quantization {
  std::vector<int> positions;
  std::vector<double> factors;  // scale / 2^pos: what a value is multiplied by
  std::vector<float> offsets;
  int64_t inner = 1;  // elements between two channels

  size_t Channel(int64_t i) const { return static_cast<size_t>(i / inner) % factors.size(); }
};

using Params = HandleTable<cnrtQuantizedParam, Quantization, HandleKind::kQuantizedParam>;
Params& TheParams() {
  static Params* params = new Params;
  return *params;
}

// One element in a type's own bytes, as a double: exact for all types here but int64.
double Load(const void* from, cnrtDataType_t type, int64_t i) {
  switch (type) {
    case CNRT_FLOAT16:
      return mlu::DeviceHalfToFloat(static_cast<const uint16_t*>(from)[i]);
    case CNRT_FLOAT32:
      return static_cast<const float*>(from)[i];
    case CNRT_INT8:
      return static_cast<const int8_t*>(from)[i];
    case CNRT_INT16:
      return static_cast<const int16_t*>(from)[i];
    case CNRT_INT32:
      return static_cast<const int32_t*>(from)[i];
    case CNRT_INT64:
      return static_cast<double>(static_cast<const int64_t*>(from)[i]);
    default:
      return static_cast<const uint8_t*>(from)[i];
  }
}

// Halves away from zero, saturating; NaN becomes 0.
template <typename T>
T Round(double value) {
  if (std::isnan(value)) return 0;
  return static_cast<T>(std::clamp(std::round(value), double{std::numeric_limits<T>::min()},
                                   double{std::numeric_limits<T>::max()}));
}

void Store(void* to, cnrtDataType_t type, int64_t i, double value) {
  switch (type) {
    case CNRT_FLOAT16:
      static_cast<uint16_t*>(to)[i] = mlu::FloatToHalfAway(static_cast<float>(value));
      return;
    case CNRT_FLOAT32:
      static_cast<float*>(to)[i] = static_cast<float>(value);
      return;
    case CNRT_INT8:
      static_cast<int8_t*>(to)[i] = Round<int8_t>(value);
      return;
    case CNRT_INT16:
      static_cast<int16_t*>(to)[i] = Round<int16_t>(value);
      return;
    case CNRT_INT32:
      static_cast<int32_t*>(to)[i] = Round<int32_t>(value);
      return;
    default:
      static_cast<uint8_t*>(to)[i] = Round<uint8_t>(value);
      return;
  }
}

struct Pair {
  cnrtDataType_t from, to;
};
constexpr Pair kPlain[] = {{CNRT_FLOAT32, CNRT_FLOAT16}, {CNRT_FLOAT32, CNRT_UINT8},
                           {CNRT_INT64, CNRT_FLOAT16},   {CNRT_FLOAT16, CNRT_FLOAT32},
                           {CNRT_FLOAT16, CNRT_UINT8},   {CNRT_UINT8, CNRT_FLOAT32},
                           {CNRT_UINT8, CNRT_FLOAT16},   {CNRT_FLOAT32, CNRT_FLOAT32}};
constexpr Pair kQuantizing[] = {{CNRT_FLOAT32, CNRT_FLOAT16}, {CNRT_FLOAT32, CNRT_INT16},
                                {CNRT_FLOAT32, CNRT_INT8},    {CNRT_FLOAT32, CNRT_INT32},
                                {CNRT_FLOAT16, CNRT_INT16},   {CNRT_FLOAT32, CNRT_FLOAT32}};
constexpr Pair kDequantizing[] = {
    {CNRT_INT32, CNRT_FLOAT32}, {CNRT_INT16, CNRT_FLOAT32}, {CNRT_INT8, CNRT_FLOAT32}};

template <size_t n>
bool Has(const Pair (&pairs)[n], cnrtDataType_t from, cnrtDataType_t to) {
  return std::any_of(pairs, pairs + n, [&](Pair p) { return p.from == from && p.to == to; });
}

cnrtRet_t Cast(const void* src, cnrtDataType_t from, void* dst, cnrtDataType_t to, int64_t n,
               cnrtQuantizedParam_t handle) {
  if (src == nullptr || dst == nullptr || n < 0) return CNRT_RET_ERR_INVALID;
  if (handle == nullptr) {
    if (!Has(kPlain, from, to)) return CNRT_RET_ERR_UNSUPPORTED;
    for (int64_t i = 0; i < n; ++i) Store(dst, to, i, Load(src, from, i));
    return CNRT_RET_SUCCESS;
  }
  const auto q = TheParams().Get(handle);
  if (!q) return CNRT_RET_ERR_INVALID;
  const bool down = Has(kQuantizing, from, to);
  if (!down && !Has(kDequantizing, from, to)) return CNRT_RET_ERR_UNSUPPORTED;
  for (int64_t i = 0; i < n; ++i) {
    const size_t c = q->Channel(i);
    const double value = Load(src, from, i);
    Store(dst, to, i,
          down ? value * q->factors[c] + q->offsets[c] : (value - q->offsets[c]) / q->factors[c]);
  }
  return CNRT_RET_SUCCESS;
}

int SizeOf(cnrtDataType_t type) {
  switch (type) {
    case CNRT_FLOAT64:
    case CNRT_INT64:
      return 8;
    case CNRT_FLOAT16:
    case CNRT_INT16:
    case CNRT_UINT16:
      return 2;
    case CNRT_INT8:
    case CNRT_UINT8:
    case CNRT_FIX8:
    case CNRT_QUANT8:
    case CNRT_BOOL:
      return 1;
    default:
      return 4;
  }
}

bool CanTranspose(cnrtDataType_t type) {
  constexpr cnrtDataType_t kTypes[] = {CNRT_FLOAT32, CNRT_FLOAT16, CNRT_INT32, CNRT_INT16,
                                       CNRT_INT8,    CNRT_UINT16,  CNRT_UINT8};
  return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

// Elements of a shape; -1 when it is none.
int64_t Elements(int rank, const int* dims) {
  if (rank < 1 || rank > kMaxDims || dims == nullptr) return -1;
  int64_t n = 1;
  for (int i = 0; i < rank; ++i)
    if (dims[i] < 0 || __builtin_mul_overflow(n, int64_t{dims[i]}, &n)) return -1;
  return n;
}

bool IsPermutation(int rank, const int* order) {
  unsigned seen = 0;
  for (int i = 0; i < rank; ++i) {
    if (order[i] < 0 || order[i] >= rank) return false;
    seen |= 1u << order[i];
  }
  return seen == (1u << rank) - 1;
}

cnrtRet_t Transpose(const void* src, void* dst, int size, int rank, const int* dims,
                    const int* order) {
  const int64_t n = Elements(rank, dims);
  if (src == nullptr || dst == nullptr || order == nullptr || n < 0 || !IsPermutation(rank, order))
    return CNRT_RET_ERR_INVALID;
  std::array<int64_t, kMaxDims> stride{};  // of the source, by the result's dimensions
  for (int i = 0; i < rank; ++i) {
    stride[i] = size;
    for (int j = order[i] + 1; j < rank; ++j) stride[i] *= dims[j];
  }
  std::array<int, kMaxDims> index{};
  const char* from = static_cast<const char*>(src);
  char* to = static_cast<char*>(dst);
  for (int64_t i = 0; i < n; ++i, to += size) {
    int64_t offset = 0;
    for (int d = 0; d < rank; ++d) offset += index[d] * stride[d];
    std::memcpy(to, from + offset, static_cast<size_t>(size));
    for (int d = rank - 1; d >= 0 && ++index[d] == dims[order[d]]; --d) index[d] = 0;
  }
  return CNRT_RET_SUCCESS;
}

cnrtRet_t ReshapeImages(void* dst, const void* src, std::array<int, 4> dims,
                        std::array<int, 4> order, cnrtDataType_t type) {
  if (!CanTranspose(type)) return CNRT_RET_ERR_UNSUPPORTED;
  return Transpose(src, dst, SizeOf(type), 4, dims.data(), order.data());
}

cnrtRet_t Pad(const char* src, char* dst, int size, int rank, const int* dims, const int* extra) {
  std::array<int, kMaxDims> wide{};
  for (int i = 0; i < rank; ++i)
    if (extra[i] < 0 || __builtin_add_overflow(dims[i], extra[i], &wide[i]))
      return CNRT_RET_ERR_INVALID;
  const int64_t total = Elements(rank, wide.data());
  if (total < 0) return CNRT_RET_ERR_INVALID;
  std::memset(dst, 0, static_cast<size_t>(total) * static_cast<size_t>(size));
  const int64_t row = int64_t{dims[rank - 1]} * size;
  const int64_t rows = row == 0 ? 0 : Elements(rank, dims) / dims[rank - 1];
  std::array<int, kMaxDims> index{};
  for (int64_t r = 0; r < rows; ++r, src += row) {
    int64_t offset = 0;
    for (int d = 0; d < rank; ++d) offset = offset * wide[d] + index[d];
    std::memcpy(dst + offset * size, src, static_cast<size_t>(row));
    for (int d = rank - 2; d >= 0 && ++index[d] == dims[d]; --d) index[d] = 0;
  }
  return CNRT_RET_SUCCESS;
}

cnrtRet_t CreateParam(cnrtQuantizedParam_t* handle, Quantization quantization) {
  *handle = TheParams().Add(std::make_shared<Quantization>(std::move(quantization)));
  return *handle == nullptr ? CNRT_RET_ERR_NOMEM : CNRT_RET_SUCCESS;
}

bool AddChannel(Quantization* q, int position, float scale, float offset) {
  if (!std::isfinite(scale) || scale <= 0 || !std::isfinite(offset)) return false;
  q->positions.push_back(position);
  q->factors.push_back(std::ldexp(double{scale}, -position));
  q->offsets.push_back(offset);
  return std::isfinite(q->factors.back()) && q->factors.back() > 0;
}

// Rounding to half afterwards gives what rounding x once would: no x below a tie becomes the tie.
float FloatTowardsZero(double x) {
  const auto nearest = static_cast<float>(x);
  if (std::fabs(static_cast<double>(nearest)) > std::fabs(x)) return std::nextafter(nearest, 0.0f);
  if (nearest == 0 && x != 0)  // what is tiny is not nothing: the card's halves keep it
    return std::copysign(std::numeric_limits<float>::denorm_min(), nearest);
  return nearest;
}

}  // namespace
}  // namespace picabia::cnrt

using namespace picabia::cnrt;  // NOLINT: the interface below is C
namespace mlu = picabia::mlu;

cnrtRet_t cnrtConvertFloatToHalf(uint16_t* f16, float d) {
  return Anytime([&] {
    if (f16 == nullptr) return CNRT_RET_ERR_INVALID;
    *f16 = mlu::FloatToHalfAway(d);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtConvertHalfToFloat(float* d, uint16_t f16) {
  return Anytime([&] {
    if (d == nullptr) return CNRT_RET_ERR_INVALID;
    *d = mlu::DeviceHalfToFloat(f16);
    return CNRT_RET_SUCCESS;
  });
}

cnrtRet_t cnrtConvertDoubleToHalf(uint16_t* f16, double x) {
  return cnrtConvertFloatToHalf(f16, FloatTowardsZero(x));
}

cnrtRet_t cnrtConvertHalfToDouble(double* d, uint16_t f16) {
  return Anytime([&] {
    if (d == nullptr) return CNRT_RET_ERR_INVALID;
    *d = mlu::DeviceHalfToFloat(f16);
    return CNRT_RET_SUCCESS;
  });
}

int cnrtDataTypeSize(cnrtDataType_t dt) { return SizeOf(dt); }

cnrtRet_t cnrtCreateQuantizedParam(cnrtQuantizedParam_t* param, int pos, float scale, int offset) {
  Clear(param);
  return Anytime([&] {
    if (param == nullptr) return CNRT_RET_ERR_INVALID;
    Quantization q;
    if (!AddChannel(&q, pos, scale, static_cast<float>(offset))) return CNRT_RET_ERR_INVALID;
    return CreateParam(param, std::move(q));
  });
}

cnrtRet_t cnrtCreateQuantizedParamByChannel(cnrtQuantizedParam_t* param, int* poses, float* scales,
                                            float* offsets, int dimNum, int* dimValues,
                                            int channelDim) {
  Clear(param);
  return Anytime([&] {
    if (param == nullptr) return CNRT_RET_ERR_INVALID;
    const bool given = poses != nullptr && scales != nullptr && offsets != nullptr;
    if (!given || Elements(dimNum, dimValues) <= 0 || channelDim < 0 || channelDim >= dimNum)
      return CNRT_RET_ERR_INVALID;
    Quantization q;
    for (int d = channelDim + 1; d < dimNum; ++d) q.inner *= dimValues[d];
    for (int c = 0; c < dimValues[channelDim]; ++c)
      if (!AddChannel(&q, poses[c], scales[c], offsets[c])) return CNRT_RET_ERR_INVALID;
    return CreateParam(param, std::move(q));
  });
}

cnrtRet_t cnrtDestroyQuantizedParam(cnrtQuantizedParam_t param) {
  return Anytime(
      [&] { return TheParams().Remove(param) ? CNRT_RET_SUCCESS : CNRT_RET_ERR_INVALID; });
}

cnrtRet_t cnrtCastDataType(void* src_addr, cnrtDataType_t src_data_type, void* dst_addr,
                           cnrtDataType_t dst_data_type, int data_num, cnrtQuantizedParam_t param) {
  return Anytime(
      [&] { return Cast(src_addr, src_data_type, dst_addr, dst_data_type, data_num, param); });
}

cnrtRet_t cnrtTransDataOrder(void* src_addr, cnrtDataType_t data_type, void* dst_addr, int dimNum,
                             int dimValues[], int dimOrder[]) {
  return Anytime([&] {
    if (!CanTranspose(data_type)) return CNRT_RET_ERR_UNSUPPORTED;
    return Transpose(src_addr, dst_addr, SizeOf(data_type), dimNum, dimValues, dimOrder);
  });
}

cnrtRet_t cnrtTransOrderAndCast(void* src_addr, cnrtDataType_t src_type, void* dst_addr,
                                cnrtDataType_t dst_type, cnrtQuantizedParam_t param, int dimNum,
                                int dimValues[], int dimOrder[]) {
  return Anytime([&] {
    const int64_t n = Elements(dimNum, dimValues);
    if (src_addr == nullptr || n < 0) return CNRT_RET_ERR_INVALID;
    if (src_type == dst_type && param == nullptr) {
      if (!CanTranspose(src_type)) return CNRT_RET_ERR_UNSUPPORTED;
      return Transpose(src_addr, dst_addr, SizeOf(src_type), dimNum, dimValues, dimOrder);
    }
    std::vector<char> cast(static_cast<size_t>(n) * static_cast<size_t>(SizeOf(dst_type)) + 1);
    const cnrtRet_t result = Cast(src_addr, src_type, cast.data(), dst_type, n, param);
    if (result != CNRT_RET_SUCCESS) return result;
    return Transpose(cast.data(), dst_addr, SizeOf(dst_type), dimNum, dimValues, dimOrder);
  });
}

cnrtRet_t cnrtAddDataStride(void* src_addr, cnrtDataType_t data_type, void* dst_addr, int dimNum,
                            int* dimValues, int* dimStride) {
  return Anytime([&] {
    const bool given = src_addr != nullptr && dst_addr != nullptr && dimStride != nullptr;
    if (!given || Elements(dimNum, dimValues) < 0) return CNRT_RET_ERR_INVALID;
    return Pad(static_cast<const char*>(src_addr), static_cast<char*>(dst_addr), SizeOf(data_type),
               dimNum, dimValues, dimStride);
  });
}

cnrtRet_t cnrtReshapeNCHWToNHWC(void* dst, void* src, int n, int h, int w, int c,
                                cnrtDataType_t type) {
  return Anytime([&] { return ReshapeImages(dst, src, {n, c, h, w}, {0, 2, 3, 1}, type); });
}

cnrtRet_t cnrtReshapeNHWCToNCHW(void* dst, void* src, int n, int h, int w, int c,
                                cnrtDataType_t type) {
  return Anytime([&] { return ReshapeImages(dst, src, {n, h, w, c}, {0, 3, 1, 2}, type); });
}

cnrtRet_t cnrtFilterReshape(void* dst, void* src, int n, int h, int w, int c, cnrtDataType_t type) {
  return Anytime([&] {
    const int dims[] = {n, h, w, c};
    if (n % kLanes != 0 || Elements(4, dims) < 0) return CNRT_RET_ERR_INVALID;
    if (int64_t{h} * w > std::numeric_limits<int>::max()) return CNRT_RET_ERR_INVALID;
    // Filter g * 64 + l goes to lane l, slot g.
    return ReshapeImages(dst, src, {n / kLanes, kLanes, h * w, c}, {1, 0, 2, 3}, type);
  });
}

cnrtRet_t cnrtTransDataColorOrder(void* src_addr, void* dst_addr, cnrtDataType_t data_type,
                                  cnrtDimOrder_t dim_order, int dimValues[], int colorOrder[]) {
  return Anytime([&] {
    if (src_addr == nullptr || dst_addr == nullptr || src_addr == dst_addr ||
        dimValues == nullptr || colorOrder == nullptr)
      return CNRT_RET_ERR_INVALID;
    const bool last = dim_order == CNRT_NHWC;
    if (!last && dim_order != CNRT_NCHW) return CNRT_RET_ERR_UNSUPPORTED;
    int64_t outer = 1, inner = 1;  // around the channels
    for (int i = 0; i < 4; ++i) {
      if (dimValues[i] < 0) return CNRT_RET_ERR_INVALID;
      if (i != (last ? 3 : 1)) (i == 0 || last ? outer : inner) *= dimValues[i];
    }
    const int channels = dimValues[last ? 3 : 1];
    for (int c = 0; c < channels; ++c)
      if (colorOrder[c] < 0 || colorOrder[c] >= channels) return CNRT_RET_ERR_INVALID;
    const auto block =
        static_cast<size_t>(inner) * static_cast<size_t>(cnrtDataTypeSize(data_type));
    const auto* from = static_cast<const char*>(src_addr);
    auto* to = static_cast<char*>(dst_addr);
    for (int64_t o = 0; o < outer; ++o)
      for (int c = 0; c < channels; ++c)
        std::memcpy(to + static_cast<size_t>(o * channels + c) * block,
                    from + static_cast<size_t>(o * channels + colorOrder[c]) * block, block);
    return CNRT_RET_SUCCESS;
  });
}
