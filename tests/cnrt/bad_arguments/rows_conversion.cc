// Conversions on the host.
#include "world.h"

namespace bad_arguments {
namespace {

constexpr auto kF32 = CNRT_FLOAT32, kF16 = CNRT_FLOAT16, kI8 = CNRT_INT8;

Rows ValueRows() {
  using Param = cnrtQuantizedParam_t;
  return {
      ROW(cnrtConvertFloatToHalf, f16, kPointer, kInvalid, (nullptr, 1)),
      ROW(cnrtConvertHalfToFloat, d, kPointer, kInvalid, (nullptr, 1)),
      ROW(cnrtConvertDoubleToHalf, f16, kPointer, kInvalid, (nullptr, 1)),
      ROW(cnrtConvertHalfToDouble, d, kPointer, kInvalid, (nullptr, 1)),
      ROW(cnrtCreateQuantizedParam, param, kPointer, kInvalid, (nullptr, 0, 1, 0)),
      ROW(cnrtCreateQuantizedParam, scale, kPointer, kInvalid, (w.Out<Param>(), 0, 0, 0)),
      ROW(cnrtCreateQuantizedParamByChannel, param, kPointer, kInvalid,
          (nullptr, w.ints, w.floats, w.floats, 4, w.ints, 3)),
      ROW(cnrtCreateQuantizedParamByChannel, poses, kPointer, kInvalid,
          (w.Out<Param>(), nullptr, w.floats, w.floats, 4, w.ints, 3)),
      ROW(cnrtCreateQuantizedParamByChannel, scales, kPointer, kInvalid,
          (w.Out<Param>(), w.ints, nullptr, w.floats, 4, w.ints, 3)),
      ROW(cnrtCreateQuantizedParamByChannel, offsets, kPointer, kInvalid,
          (w.Out<Param>(), w.ints, w.floats, nullptr, 4, w.ints, 3)),
      ROW(cnrtCreateQuantizedParamByChannel, dimValues, kPointer, kInvalid,
          (w.Out<Param>(), w.ints, w.floats, w.floats, 4, nullptr, 3)),
      ROW(cnrtDestroyQuantizedParam, param, kHandle, kInvalid, (w.quantized[bad])),
      ROW(cnrtCastDataType, src_addr, kPointer, kInvalid,
          (nullptr, kF32, w.memory, kF16, 4, nullptr)),
      ROW(cnrtCastDataType, dst_addr, kPointer, kInvalid,
          (w.memory, kF32, nullptr, kF16, 4, nullptr)),
      ROW(cnrtCastDataType, param, kNotNull, kInvalid,
          (w.memory, kF32, w.memory + 64, kI8, 4, w.quantized[bad])),
  };
}

Rows OrderRows() {
  return {
      ROW(cnrtTransDataOrder, src_addr, kPointer, kInvalid,
          (nullptr, kF32, w.memory, 4, w.ints, w.order)),
      ROW(cnrtTransDataOrder, dst_addr, kPointer, kInvalid,
          (w.memory, kF32, nullptr, 4, w.ints, w.order)),
      ROW(cnrtTransDataOrder, dimValues, kPointer, kInvalid,
          (w.memory, kF32, w.memory + 2048, 4, nullptr, w.order)),
      ROW(cnrtTransDataOrder, dimOrder, kPointer, kInvalid,
          (w.memory, kF32, w.memory + 2048, 4, w.ints, nullptr)),
      ROW(cnrtTransOrderAndCast, src_addr, kPointer, kInvalid,
          (nullptr, kF32, w.memory, kF16, nullptr, 4, w.ints, w.order)),
      ROW(cnrtTransOrderAndCast, dst_addr, kPointer, kInvalid,
          (w.memory, kF32, nullptr, kF16, nullptr, 4, w.ints, w.order)),
      ROW(cnrtTransOrderAndCast, param, kNotNull, kInvalid,
          (w.memory, kF32, w.memory + 2048, kI8, w.quantized[bad], 4, w.ints, w.order)),
      ROW(cnrtTransOrderAndCast, dimValues, kPointer, kInvalid,
          (w.memory, kF32, w.memory + 2048, kF16, nullptr, 4, nullptr, w.order)),
      ROW(cnrtTransOrderAndCast, dimOrder, kPointer, kInvalid,
          (w.memory, kF32, w.memory + 2048, kF16, nullptr, 4, w.ints, nullptr)),
      ROW(cnrtAddDataStride, src_addr, kPointer, kInvalid,
          (nullptr, kF32, w.memory, 4, w.ints, w.order)),
      ROW(cnrtAddDataStride, dst_addr, kPointer, kInvalid,
          (w.memory, kF32, nullptr, 4, w.ints, w.order)),
      ROW(cnrtAddDataStride, dimValues, kPointer, kInvalid,
          (w.memory, kF32, w.memory + 2048, 4, nullptr, w.order)),
      ROW(cnrtAddDataStride, dimStride, kPointer, kInvalid,
          (w.memory, kF32, w.memory + 2048, 4, w.ints, nullptr)),
      ROW(cnrtTransDataColorOrder, src_addr, kPointer, kInvalid,
          (nullptr, w.memory, kF32, CNRT_NHWC, w.ints, w.order)),
      ROW(cnrtTransDataColorOrder, dst_addr, kPointer, kInvalid,
          (w.memory, nullptr, kF32, CNRT_NHWC, w.ints, w.order)),
      ROW(cnrtTransDataColorOrder, dimValues, kPointer, kInvalid,
          (w.memory, w.memory + 2048, kF32, CNRT_NHWC, nullptr, w.order)),
      ROW(cnrtTransDataColorOrder, colorOrder, kPointer, kInvalid,
          (w.memory, w.memory + 2048, kF32, CNRT_NHWC, w.ints, nullptr)),
      ROW(cnrtReshapeNCHWToNHWC, dst, kPointer, kInvalid, (nullptr, w.memory, 1, 4, 5, 3, kF32)),
      ROW(cnrtReshapeNCHWToNHWC, src, kPointer, kInvalid, (w.memory, nullptr, 1, 4, 5, 3, kF32)),
      ROW(cnrtReshapeNHWCToNCHW, dst, kPointer, kInvalid, (nullptr, w.memory, 1, 4, 5, 3, kF32)),
      ROW(cnrtReshapeNHWCToNCHW, src, kPointer, kInvalid, (w.memory, nullptr, 1, 4, 5, 3, kF32)),
      ROW(cnrtFilterReshape, dst, kPointer, kInvalid, (nullptr, w.memory, 64, 1, 1, 1, kF32)),
      ROW(cnrtFilterReshape, src, kPointer, kInvalid, (w.memory, nullptr, 64, 1, 1, 1, kF32)),
  };
}

}  // namespace

Rows ConversionRows() {
  Rows rows = ValueRows();
  for (const Row& row : OrderRows()) rows.push_back(row);
  return rows;
}

}  // namespace bad_arguments
