// What a program would take on a real MLU270: a model by published figures, not a measurement.
// `picabia bench --device mlu --modelled` prints it.
#pragma once

#include <string>
#include <vector>

#include "ops/shape.h"
#include "program/program.h"

namespace picabia::mlu {

// Rates of a card; sources in docs/cnrt.md.
struct CardRates {
  double clock_ghz = 1;
  double int8_macs = 4096;          // a cycle and core, dense
  double int16_macs = 2048;         // the same
  double vector_ops = 64;           // on halves, a cycle and core
  double memory_bytes = 102.4;      // a nanosecond, all cores together
  double onchip_bytes = 512 << 10;  // NRAM of a core: a tensor that fits all of them is read once
};

// One step; the times overlap, so that it takes the longest of them.
struct ModelledStep {
  std::string name;
  double matrix_ms = 0, vector_ms = 0, memory_ms = 0;
  int64_t bytes = 0;  // between the card's memory and its cores
  double ms() const;
  const char* bound() const;  // "matrix", "vector" or "memory"
};

// `types`: of every value (runtime::DryRun); `macs`: of every step. cores: 1 to 16.
std::vector<ModelledStep> ModelTime(const program::Program& program,
                                    const std::vector<ops::TensorType>& types,
                                    const std::vector<int64_t>& macs, int cores,
                                    const CardRates& rates = {});

}  // namespace picabia::mlu
