// Sizes by trying them; see allowed_sizes.h.
#include "studio/allowed_sizes.h"

#include <algorithm>
#include <optional>

#include "runtime/dry_run.h"
#include "studio/set_inputs.h"
#include "studio/sizes.h"

namespace picabia::studio {
namespace {

constexpr int64_t kTried = 256;          // sizes of an axis
constexpr int64_t kMaxWork = 4'000'000;  // steps times sizes; a second or so

// One axis of one input that the model leaves free.
struct FreeAxis {
  size_t input, axis;
};

// Tries sizes of some axes, all others as they are.
class Trial {
 public:
  Trial(const program::Program& program, std::vector<Shape> shapes)
      : program_(program), shapes_(std::move(shapes)) {
    for (size_t i = 0; i < program.inputs.size(); ++i) {
      const program::Port& port = program.inputs[i];
      for (size_t axis = 0; port.rank_known && axis < port.declared_shape.size(); ++axis)
        if (port.declared_shape[axis] < 0 && IsSpatial(i, axis)) free_.push_back({i, axis});
    }
  }

  const std::vector<FreeAxis>& free() const { return free_; }
  bool Takes(const std::vector<int64_t>& sizes) const {
    std::vector<Shape> shapes = shapes_;
    for (size_t i = 0; i < free_.size(); ++i) shapes[free_[i].input][free_[i].axis] = sizes[i];
    return runtime::DryRun(program_, shapes).ok();
  }

  // Sizes of the free axes that the model takes: as they are but for one, or all alike, or those it
  // was frozen at.
  std::optional<std::vector<int64_t>> Base() const {
    std::vector<int64_t> frozen, given;
    for (const FreeAxis& f : free_) {
      given.push_back(shapes_[f.input][f.axis]);
      const Shape& size = program_.inputs[f.input].default_shape;
      frozen.push_back(f.axis < size.size() && size[f.axis] > 0 ? size[f.axis] : 256);
    }
    if (Takes(frozen)) return frozen;
    for (const int64_t near : given)  // the next sizes that strides allow
      if (const auto base = Alike(PaddedSize(near, SizeRuleOf(program_)))) return base;
    for (int64_t size = kTried; size >= 1; --size)
      if (const auto base = Alike(size)) return base;
    return std::nullopt;
  }

  std::string Name(const FreeAxis& f) const {
    const size_t rows = program_.picture.nchw ? 2 : 1;
    const program::Port& port = program_.inputs[f.input];
    const std::string& name = program_.values[static_cast<size_t>(port.value)].name;
    if (shapes_[f.input].size() == 4 && f.axis == rows) return "the height of '" + name + "'";
    if (shapes_[f.input].size() == 4 && f.axis == rows + 1) return "the width of '" + name + "'";
    return "axis " + std::to_string(f.axis) + " of '" + name + "'";
  }

 private:
  // Batches and channels are not sizes.
  bool IsSpatial(size_t input, size_t axis) const {
    const size_t rank = shapes_[input].size(), rows = program_.picture.nchw ? 2 : 1;
    return rank == 4 ? axis == rows || axis == rows + 1 : rank == 3 && axis > 0;
  }
  std::optional<std::vector<int64_t>> Alike(int64_t size) const {
    std::vector<int64_t> sizes(free_.size(), size);
    return Takes(sizes) ? std::optional(sizes) : std::nullopt;
  }

  const program::Program& program_;
  std::vector<Shape> shapes_;
  std::vector<FreeAxis> free_;
};

bool IsMultipleFrom(const std::vector<bool>& allowed, int64_t first, int64_t step) {
  for (int64_t size = 1; size <= static_cast<int64_t>(allowed.size()); ++size)
    if (allowed[static_cast<size_t>(size - 1)] != (size >= first && size % step == 0)) return false;
  return true;
}

}  // namespace

std::string SizesText(const std::vector<bool>& allowed) {
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < allowed.size(); ++i)
    if (allowed[i]) sizes.push_back(static_cast<int64_t>(i) + 1);
  if (sizes.empty() || sizes.size() == allowed.size()) return "";
  if (sizes.size() == 1) return std::to_string(sizes[0]);
  const int64_t step = sizes[1] - sizes[0];
  if (IsMultipleFrom(allowed, sizes[0], step)) {
    const std::string least = "at least " + std::to_string(sizes[0]);
    if (step == 1) return least;
    return "a multiple of " + std::to_string(step) + (sizes[0] > step ? ", " + least : "");
  }
  constexpr size_t kNamed = 8;
  std::string text = "one of";
  for (size_t i = 0; i < std::min(sizes.size(), kNamed); ++i)
    text += (i == 0 ? " " : ", ") + std::to_string(sizes[i]);
  return text + (sizes.size() > kNamed ? ", ..." : "");
}

Status WithAllowedSizes(const Status& failed, const program::Program& program,
                        const std::vector<Shape>& shapes) {
  if (shapes.size() != program.inputs.size() ||
      static_cast<int64_t>(program.steps.size()) * kTried > kMaxWork ||
      runtime::DryRun(program, shapes).ok())
    return failed;
  const Trial trial(program, shapes);
  const auto base = trial.free().empty() ? std::nullopt : trial.Base();
  if (!base) return failed;
  std::string text;
  for (size_t i = 0; i < trial.free().size(); ++i) {
    std::vector<bool> allowed;
    std::vector<int64_t> sizes = *base;
    for (int64_t size = 1; size <= kTried; ++size) {
      sizes[i] = size;
      allowed.push_back(trial.Takes(sizes));
    }
    if (const std::string rule = SizesText(allowed); !rule.empty())
      text += (text.empty() ? "" : ", ") + trial.Name(trial.free()[i]) + " must be " + rule;
  }
  if (text.empty()) return failed;
  return Status(failed.code(), failed.message() + "; " + text);
}

Status WithAllowedSizes(const Status& failed, const program::Program& program,
                        const std::vector<runtime::Feed>& feeds) {
  std::vector<Shape> shapes;
  for (const program::Port& port : program.inputs) {
    const std::string& name = program.values[static_cast<size_t>(port.value)].name;
    for (const runtime::Feed& feed : feeds)
      if (TensorName(feed.name) == TensorName(name)) shapes.push_back(feed.tensor.shape());
  }
  return WithAllowedSizes(failed, program, shapes);
}

}  // namespace picabia::studio
