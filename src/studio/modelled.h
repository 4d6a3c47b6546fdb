// What the card would take for a run of a session: the time model of the device on the shapes of
// that run. Called by `picabia bench --modelled` and `picabia compare`.
#pragma once

#include <vector>

#include "base/status.h"
#include "devices/mlu/time_model.h"
#include "runtime/session.h"

namespace picabia::studio {

// After a run on `feeds`, which may hold more than the session's inputs; for as many cores as the
// session's options say. kUnsupported where shapes depend on what a tensor holds.
Result<std::vector<mlu::ModelledStep>> ModelledSteps(const runtime::Session& session,
                                                     const std::vector<runtime::Feed>& feeds);

// Of all steps together, without the host: milliseconds.
double ModelledMs(const std::vector<mlu::ModelledStep>& steps);

}  // namespace picabia::studio
