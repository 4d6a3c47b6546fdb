#include "devices/mlu/bang/watchers.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "devices/mlu/bang/check/checker.h"
#include "devices/mlu/bang/profile/profiler.h"

namespace picabia::bang {
namespace {

enum class CheckMode { kOff, kWarn, kError };

CheckMode WantedCheck() {
  const char* text = std::getenv("PICABIA_BANG_CHECK");
  if (text == nullptr || *text == '\0' || std::strcmp(text, "0") == 0) return CheckMode::kOff;
  return std::strcmp(text, "error") == 0 ? CheckMode::kError : CheckMode::kWarn;
}

// The folder for profiles, or empty.
std::string WantedProfile() {
  const char* text = std::getenv("PICABIA_BANG_PROFILE");
  return text == nullptr ? "" : text;
}

class AllWatchers : public Watchers {
 public:
  AllWatchers(CheckMode mode, std::string folder) : mode_(mode), folder_(std::move(folder)) {}

  bool wants_accesses() const override { return mode_ != CheckMode::kOff; }

  void SetPlan(const Plan* plan) override {
    name_ = plan->name;
    if (mode_ != CheckMode::kOff) checker_ = std::make_unique<Checker>(plan);
    if (!folder_.empty()) profiler_ = std::make_unique<Profiler>(plan);
  }

  Status Conclude(Status status) override {
    if (profiler_ && status.ok()) SaveProfile();
    if (!checker_ || checker_->reports().empty()) return status;
    std::string first;
    for (const Report& report : checker_->reports()) {
      std::string line =
          report.place + ": " + report.kind + ": " + report.text + " [" + report.task;
      if (report.count > 1) line += ", " + std::to_string(report.count) + " times";
      line += "]";
      std::fprintf(stderr, "bang-check: %s\n", line.c_str());
      if (first.empty()) first = line;
    }
    if (mode_ != CheckMode::kError || !status.ok()) return status;
    return IoError("kernel " + name_ + ": " + std::to_string(checker_->reports().size()) +
                   " reports of the checker, the first: " + first);
  }

  void Start(const Core& core) override {
    Each([&](Observer* o) { o->Start(core); });
  }
  void Finish(const Core& core) override {
    Each([&](Observer* o) { o->Finish(core); });
  }
  void Operate(const Core& core, const Operation& operation) override {
    Each([&](Observer* o) { o->Operate(core, operation); });
  }
  void Misuse(const Core& core, const char* name, Where where, const char* text) override {
    Each([&](Observer* o) { o->Misuse(core, name, where, text); });
  }
  void Access(const Core& core, const void* address, size_t bytes, bool write,
              const void* pc) override {
    if (checker_) checker_->Access(core, address, bytes, write, pc);
  }
  void BadIndex(const Core& core, Where where, int64_t index) override {
    Each([&](Observer* o) { o->BadIndex(core, where, index); });
  }
  void PipelineSync(const Core& core, Where where) override {
    Each([&](Observer* o) { o->PipelineSync(core, where); });
  }
  void Arrive(const Core& core, Sync kind, Where where) override {
    Each([&](Observer* o) { o->Arrive(core, kind, where); });
  }
  void Release(Sync kind, Core* const* cores, int count) override {
    Each([&](Observer* o) { o->Release(kind, cores, count); });
  }
  void Lock(const Core& core, int id) override {
    Each([&](Observer* o) { o->Lock(core, id); });
  }
  void Unlock(const Core& core, int id) override {
    Each([&](Observer* o) { o->Unlock(core, id); });
  }

 private:
  template <typename Body>
  void Each(Body&& body) {
    if (checker_) body(checker_.get());
    if (profiler_) body(profiler_.get());
  }

  // A profile that cannot be written is no reason to fail the program.
  void SaveProfile() {
    const Profile profile = profiler_->Take();
    const Bound bound = BoundOf(profile);
    const auto page = WriteProfile(profile, folder_);
    if (!page.ok())
      return (void)std::fprintf(stderr, "bang-profile: %s\n", page.status().message().c_str());
    std::fprintf(stderr, "bang-profile: kernel %s: %.2f us modelled, bound by %s: %s\n",
                 name_.c_str(), profile.total / 1e3, bound.name, page->c_str());
  }

  const CheckMode mode_;
  const std::string folder_;
  std::string name_;
  std::unique_ptr<Checker> checker_;
  std::unique_ptr<Profiler> profiler_;
};

}  // namespace

std::unique_ptr<Watchers> Watchers::Make(const Plan& /*plan*/) {
  const CheckMode mode = WantedCheck();
  std::string folder = WantedProfile();
  if (mode == CheckMode::kOff && folder.empty()) return nullptr;
  return std::make_unique<AllWatchers>(mode, std::move(folder));
}

}  // namespace picabia::bang
