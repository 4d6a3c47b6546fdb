// Memory of intermediate tensors and scratch: freed blocks are kept and handed out again, so that a
// second run allocates nothing and the peak is that of the largest set of blocks alive at once.
// Used by every plan of device cpu.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/status.h"
#include "base/tensor.h"

namespace picabia::cpu {

class BufferPool {
 public:
  BufferPool();
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // `bytes` of 64-byte aligned memory with undefined contents; null when the system has none. Goes
  // back to the pool when the last copy of the pointer is gone, which may be after the pool is.
  std::shared_ptr<std::byte> Allocate(size_t bytes);
  // A tensor with undefined contents.
  Result<Tensor> AllocateTensor(DType dtype, const Shape& shape);

  // The largest sum of blocks that the pool has held, free ones included.
  int64_t peak_bytes() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace picabia::cpu
