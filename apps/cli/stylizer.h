// One picture through one network: padded to a size that the network takes, run, cut to the
// picture's own size.
#pragma once

#include <memory>

#include "apps/cli/models.h"
#include "apps/cli/picture.h"
#include "apps/cli/sizes.h"
#include "base/status.h"
#include "runtime/session.h"

namespace picabia::cli {

class Stylizer {
 public:
  // The program must have one picture input and one output.
  static Result<Stylizer> Create(ProgramPointer program, const runtime::SessionOptions& options);

  // Of the same size as `picture`, with its transparency and metadata; or of a multiple of its
  // size, where the network enlarges.
  Result<Picture> Run(const Picture& picture);

  // Milliseconds that the network took in the last Run().
  double ms() const { return ms_; }
  const char* isa() const { return IsaName(session_->isa()); }

 private:
  Stylizer(std::unique_ptr<runtime::Session> session, PictureConvention convention, SizeRule rule)
      : session_(std::move(session)), convention_(convention), rule_(rule) {}

  std::unique_ptr<runtime::Session> session_;
  PictureConvention convention_;
  SizeRule rule_;
  double ms_ = 0;
};

}  // namespace picabia::cli
