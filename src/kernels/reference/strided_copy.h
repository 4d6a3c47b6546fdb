// Copies between arrays whose elements lie apart by strides.
#pragma once

#include <cstring>

#include "kernels/reference/walk.h"

namespace picabia::kernels::reference {

// y, in row-major order of `shape`, from x: index i of `shape` is element first + sum(i * strides).
// A transposition, a broadcast, a slice and a rearrangement of blocks are all this.
inline void CopyStrided(const Shape& shape, const Strides& strides, int64_t first, const Tensor& x,
                        Tensor& y) {
  const StridedWalk<1> walk(shape, {strides});
  const int64_t n = walk.run(), step = walk.step()[0];
  VisitElementSize(x.dtype(), [&](auto element) {
    using T = decltype(element);
    T* out = y.MutableData<T>();
    walk.ForEachRun([&](const auto& at) {
      const T* in = x.data<T>() + first + at[0];
      if (step == 1) {
        std::memcpy(out, in, static_cast<size_t>(n) * sizeof(T));
      } else {
        for (int64_t i = 0; i < n; ++i) out[i] = in[i * step];
      }
      out += n;
    });
  });
}

}  // namespace picabia::kernels::reference
