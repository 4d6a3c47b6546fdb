// Device mlu behind a CNRT library (PICABIA_CNRT of the environment): a program of free sizes
// becomes an offline model for each size that comes. Used by session.cc.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "devices/mlu/cnrt_client.h"
#include "program/program.h"

namespace picabia::runtime {

class CnrtDevice {
 public:
  // `program` outlives the device.
  static Result<std::unique_ptr<CnrtDevice>> Create(const program::Program& program,
                                                    const std::string& library,
                                                    int model_parallelism);

  // `inputs` as program.inputs. `ms`: on the device, by its notifiers.
  Result<std::vector<Tensor>> Run(const std::vector<Tensor>& inputs, double* ms);

 private:
  CnrtDevice(const program::Program& program, std::shared_ptr<const mlu::CnrtLibrary> library,
             int model_parallelism)
      : program_(program), library_(std::move(library)), model_parallelism_(model_parallelism) {}
  Result<std::unique_ptr<mlu::CnrtFunction>> Bind(const std::vector<Shape>& shapes) const;

  const program::Program& program_;
  std::shared_ptr<const mlu::CnrtLibrary> library_;
  int model_parallelism_;
  std::vector<Shape> bound_;  // what function_ is for
  std::unique_ptr<mlu::CnrtFunction> function_;
};

}  // namespace picabia::runtime
