// The time model on a session's shapes; see modelled.h.
#include "studio/modelled.h"

#include "runtime/dry_run.h"
#include "studio/set_inputs.h"

namespace picabia::studio {

Result<std::vector<mlu::ModelledStep>> ModelledSteps(const runtime::Session& session,
                                                     const std::vector<runtime::Feed>& feeds) {
  const program::Program& program = session.program();
  std::vector<Shape> shapes;
  for (const InputInfo& input : InputsOf(program))
    for (const runtime::Feed& feed : feeds)
      if (TensorName(feed.name) == TensorName(input.name)) shapes.push_back(feed.tensor.shape());
  PICABIA_ASSIGN_OR_RETURN(const auto types, runtime::DryRun(program, shapes));
  std::vector<int64_t> macs;
  for (const runtime::StepProfile& step : session.profile()) macs.push_back(step.macs);
  return mlu::ModelTime(program, types, macs, session.options().mlu.cores);
}

double ModelledMs(const std::vector<mlu::ModelledStep>& steps) {
  double ms = 0;
  for (const mlu::ModelledStep& step : steps) ms += step.ms();
  return ms;
}

}  // namespace picabia::studio
