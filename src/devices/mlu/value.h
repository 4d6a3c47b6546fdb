// A tensor on its way between the steps of device mlu.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "base/tensor.h"
#include "devices/mlu/convolution.h"

namespace picabia::mlu {

// Numbers that stand for float32 are there as floats (all of them halves), or as halves, or both,
// or only quantized for the convolutions that read them.
struct Value {
  DType dtype = DType::kF32;
  Shape shape;
  Tensor tensor;  // of `dtype`
  Tensor halves;  // kF16; where dtype is kF32
  // By the step that reads them: one picture each of the batch.
  std::map<size_t, std::vector<Planes>> planes;

  static Value Of(Tensor tensor) {
    Value v;
    v.dtype = tensor.dtype();
    v.shape = tensor.shape();
    v.tensor = std::move(tensor);
    return v;
  }
};

}  // namespace picabia::mlu
