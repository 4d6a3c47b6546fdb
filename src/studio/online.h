// A model that is asked for any of its tensors: what Python's sessions, TensorFlow 1 scripts among
// them, run.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "runtime/session.h"
#include "studio/models.h"

namespace picabia::studio {

struct OnlineOptions {
  ModelOptions model;  // compile.feeds and compile.fetches belong to each run
  runtime::SessionOptions session;
};

// One thread at a time.
class OnlineModel {
 public:
  // A model file, or "style:NAME".
  static Result<std::unique_ptr<OnlineModel>> Open(const std::string& name,
                                                   const OnlineOptions& options);
  // The bytes of a model file, which `name` stands for in messages.
  static Result<std::unique_ptr<OnlineModel>> OpenBytes(const std::string& bytes,
                                                        const std::string& name,
                                                        const OnlineOptions& options);

  // The model as it is when nothing is said of feeds and fetches.
  const program::Program& program() const { return *model_.program; }
  // Every tensor; of a compiled program its inputs and outputs.
  std::vector<std::string> TensorNames() const;
  Result<DType> TypeOf(const std::string& tensor) const;

  // From the next run on; replaces those that were there.
  Status SetCallbacks(std::vector<compile::HostCallback> callbacks);

  // Runs what `fetches` need; empty: the model's own outputs. The first run for a set of names
  // compiles the model for them; the last few are kept. The error names the model.
  Result<std::vector<Tensor>> Run(const std::vector<std::string>& fetches,
                                  const std::vector<runtime::Feed>& feeds);

  // Of the last run; empty before the first.
  const std::vector<runtime::StepProfile>& profile() const { return profile_; }
  // That of the last run; null before the first.
  const runtime::Session* last_session() const {
    return bound_.empty() ? nullptr : bound_.front().session.get();
  }
  // The instruction set of the kernels.
  Result<const char*> isa();

 private:
  struct Bound {
    std::vector<std::string> feeds, fetches;
    std::unique_ptr<runtime::Session> session;
    std::vector<size_t> order;  // where the session has each fetch
  };

  OnlineModel() = default;
  static Result<std::unique_ptr<OnlineModel>> Make(const std::string& name, Result<Model> model,
                                                   const OnlineOptions& options);
  Result<Bound*> BindTo(const std::vector<std::string>& feeds,
                        const std::vector<std::string>& fetches);
  Result<ProgramPointer> ProgramFor(const std::vector<std::string>& feeds,
                                    const std::vector<std::string>& fetches) const;
  Status Named(const Status& status) const;

  std::string name_;
  OnlineOptions options_;
  Model model_;
  std::list<Bound> bound_;  // the one used last first
  std::vector<runtime::StepProfile> profile_;
};

}  // namespace picabia::studio
