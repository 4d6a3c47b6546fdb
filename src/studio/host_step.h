// The NumPy variant of the course, without Python: a placeholder that the host fills between two
// runs of the network. The first run gives two inner tensors, the host takes the power of their
// difference, the second run is fed with it. Called by `picabia bench` and `picabia compare`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "runtime/session.h"
#include "studio/online.h"

namespace picabia::studio {

// One --host NAME=X,Y[,P]: the input NAME is (X - Y)^P, of the inner tensors X and Y.
struct HostOption {
  std::string name, x, y;
  float power = 2;
  std::string Text() const;  // NAME=X,Y,P: what ParseHosts() takes
};

// Errors are misuse: a text that is none, or a name twice.
Result<std::vector<HostOption>> ParseHosts(const std::vector<std::string>& texts);

// One thread at a time.
class HostStep {
 public:
  // Of a model that OnlineModel opens. The error names the model, where it has no input of one of
  // these names.
  static Result<std::unique_ptr<HostStep>> Open(const std::string& model,
                                                const OnlineOptions& online,
                                                std::vector<HostOption> options);

  // Runs the network up to X and Y of each option, on `feeds`, and adds what the host makes of
  // them. The power is that of kernels/power/power.h, computed by one thread.
  Status Complete(std::vector<runtime::Feed>& feeds);

  const std::vector<HostOption>& options() const { return options_; }
  bool Fills(const std::string& input) const;
  // The steps of the last Complete(), those of the network as "first run: NAME".
  const std::vector<runtime::StepProfile>& profile() const { return profile_; }
  // The session of the first run, after a Complete(); with several options of the last of them.
  const runtime::Session& session() const { return *model_->last_session(); }

 private:
  HostStep() = default;
  std::unique_ptr<OnlineModel> model_;
  std::vector<HostOption> options_;
  std::vector<runtime::StepProfile> profile_;
};

}  // namespace picabia::studio
