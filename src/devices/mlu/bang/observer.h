// What the checker and the profiler are told while a kernel runs. Every builtin describes itself
// once, here; an execution that nobody watches skips the description.
#pragma once

#include <cstddef>
#include <cstdint>

namespace picabia::bang {

struct Core;

// A line of the kernel's source.
struct Where {
  const char* file = nullptr;
  int line = 0;
};

// Besides the memories of picabia_bang_space.
constexpr int kGdramSpace = -1;
constexpr int kAnySpace = -2;

// Bytes that an operation reads or writes: `segments` runs of `bytes`, `stride` apart.
struct Range {
  const void* address = nullptr;
  int64_t bytes = 0;
  int64_t stride = 0;
  int64_t segments = 1;
  int space = kAnySpace;  // in which memory the card expects it
};

enum class Unit { kScalar, kVector, kMatrix, kCopy };

struct Operation {
  const char* name;
  Where where;
  Unit unit;
  Range writes[2];
  int num_writes = 0;
  Range reads[3];
  int num_reads = 0;
  int64_t elements = 0;        // of the vector unit, or products of the matrix unit
  int element_bytes = 0;       // of one of them
  int alignment = 0;           // that the card wants of the addresses, 0: none
  int64_t count_multiple = 0;  // that the card wants of `elements`, 0: none
  int direction = -1;          // of a copy
  bool asynchronous = false;   // a copy that is only done at the next sync
  bool atomic = false;
  // Element i of the destination comes of elements i of the sources and of nothing else; with
  // `rows`, of the transposed matrix of that many rows.
  bool elementwise = false;
  int64_t rows = 0;
};

enum class Sync { kCluster, kAll, kAllCores, kAllMemoryCores, kClusterCores, kPipeline };

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void Start(const Core& /*core*/) {}
  virtual void Finish(const Core& /*core*/) {}
  // Before it is done.
  virtual void Operate(const Core& core, const Operation& operation) = 0;
  // A copy that the card does not have, an argument out of range: the text says what.
  virtual void Misuse(const Core& core, const char* name, Where where, const char* text) = 0;
  // A scalar load or store of an instrumented kernel. `pc`: where.
  virtual void Access(const Core& /*core*/, const void* /*address*/, size_t /*bytes*/,
                      bool /*write*/, const void* /*pc*/) {}
  // An index of an array, out of its bounds by its own type.
  virtual void BadIndex(const Core& /*core*/, Where /*where*/, int64_t /*index*/) {}
  virtual void PipelineSync(const Core& /*core*/, Where /*where*/) {}
  virtual void Arrive(const Core& /*core*/, Sync /*kind*/, Where /*where*/) {}
  // All cores of the barrier have come: first .. last of the execution.
  virtual void Release(Sync /*kind*/, Core* const* /*cores*/, int /*count*/) {}
  virtual void Lock(const Core& /*core*/, int /*id*/) {}
  virtual void Unlock(const Core& /*core*/, int /*id*/) {}
};

}  // namespace picabia::bang
