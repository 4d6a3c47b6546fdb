// One picture through one network: padded to a size that the network takes, run, cut to the
// picture's own size.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "runtime/session.h"
#include "studio/host_step.h"
#include "studio/models.h"
#include "studio/picture.h"
#include "studio/sizes.h"

namespace picabia::studio {

struct StylizerOptions {
  std::vector<runtime::Feed> feeds = {};  // inputs other than the picture
  std::string output = "";                // name of the output that is the picture; "": the first
  std::shared_ptr<HostStep> host = nullptr;  // fills inputs in each run, from the others
};

class Stylizer {
 public:
  // The picture goes into the first input without a feed that may be one; every other must have a
  // feed.
  static Result<Stylizer> Create(ProgramPointer program, const runtime::SessionOptions& options,
                                 const StylizerOptions& inputs = {});

  // Of the same size as `picture`, with its transparency and metadata; or larger or smaller by the
  // factor by which the network changes sizes. A network from one channel to one sees the luminance
  // and the picture keeps its colours; one that gives four channels makes the transparency.
  Result<Picture> Run(const Picture& picture);

  // The tensor that the network is fed for `picture`, of a size that it takes, and the input's
  // name.
  Result<Tensor> Prepare(const Picture& picture) const;
  const std::string& input() const { return input_; }
  // The output of the last Run() that became the picture, as the network gave it.
  const Tensor& output() const { return output_; }
  const runtime::Session& session() const { return *session_; }

  // Milliseconds that the network took in the last Run().
  double ms() const { return ms_; }
  const char* isa() const { return IsaName(session_->isa()); }
  std::string arithmetic() const { return session_->arithmetic(); }

 private:
  Stylizer() = default;
  Result<size_t> ChooseOutput(const std::vector<Tensor>& outputs, int64_t height,
                              int64_t width) const;

  std::unique_ptr<runtime::Session> session_;
  PictureConvention convention_;
  SizeRule rule_;
  StylizerOptions options_;
  std::string input_;     // name of the picture input
  int64_t channels_ = 3;  // that it takes
  Tensor output_;         // of the last run
  double ms_ = 0;
};

}  // namespace picabia::studio
