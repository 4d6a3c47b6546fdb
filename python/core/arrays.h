// Tensors as NumPy arrays and back, without copies where that is safe.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "base/status.h"
#include "base/tensor.h"

namespace picabia::python {

// Any array of numbers in memory that NumPy shows us: dense, row-major.
using Array = nanobind::ndarray<nanobind::ro, nanobind::c_contig, nanobind::device::cpu>;

// A view that keeps the array alive; may be dropped by any thread.
Result<Tensor> TensorOf(const Array& array);

// An array over the tensor's memory, which it keeps alive. `writable` gives the memory away: pass
// it only for tensors that nobody else holds.
nanobind::object ArrayOf(const Tensor& tensor, bool writable);

// The result of a run: the memory itself where nobody else holds it, else a copy.
nanobind::object ResultOf(Tensor tensor);

// "float32" as the NumPy dtype of this name.
nanobind::object NumpyType(DType dtype);

}  // namespace picabia::python
