// Offline models of target mlu270 and the text beside them; called by compile_job.cc.
#pragma once

#include <string>

#include "base/status.h"
#include "program/offline.h"
#include "studio/compile_job.h"

namespace picabia::studio {

// Compiles one function a batch size, of fixed shapes. The error names what is missing: a size, a
// value of another input, or that the model's convolutions are not integers.
Result<program::OfflineModel> MakeOfflineModel(const CompileRequest& request);

// The text description of the file `name`, in the fields that Cambricon's tools write.
std::string TwinsText(const program::OfflineModel& model, const std::string& name);

}  // namespace picabia::studio
