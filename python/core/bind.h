// The parts of the compiled module, and what they share.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "ops/custom.h"
#include "passes/pass.h"
#include "python/core/host.h"
#include "runtime/session.h"
#include "studio/preprocess.h"

namespace picabia::python {

void BindSession(nanobind::module_& m);   // session.cc
void BindStylizer(nanobind::module_& m);  // stylizer.cc
void BindJobs(nanobind::module_& m);      // jobs.cc
void BindText(nanobind::module_& m);      // text.cc

// The words of the command line as options; the error says which there are. Precision "": fp32.
Result<runtime::SessionOptions> SessionOptionsOf(const std::string& device,
                                                 const std::string& precision, int threads,
                                                 bool fast, const std::string& mlu_numerics);
// Whose numbers the compiler keeps for them.
passes::Target TargetOf(const runtime::SessionOptions& options);

// As --preprocess; nothing for "".
Result<studio::Preprocess> ParsePreprocess(const std::string& text);

// Libraries, and objects of picabia.host.Operator by the type of node, that `device` can run.
Result<ops::OperatorSet> OperatorsOf(const std::vector<std::string>& libraries,
                                     const nanobind::dict& functions, const std::string& device,
                                     std::shared_ptr<HostObjects> objects);

}  // namespace picabia::python
