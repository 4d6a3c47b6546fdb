// What the host computes between two runs; see host_step.h.
#include "studio/host_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <set>
#include <utility>

#include "kernels/reference/reference.h"
#include "ops/shape.h"
#include "studio/set_inputs.h"

namespace picabia::studio {
namespace {

std::optional<HostOption> ParseHost(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return std::nullopt;
  std::vector<std::string> parts(1);
  for (const char c : text.substr(equals + 1)) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  HostOption option{text.substr(0, equals), parts[0], parts[1]};
  if (option.name.empty() || option.x.empty() || option.y.empty()) return std::nullopt;
  if (parts.size() == 2) return option;
  const char* const end = parts[2].data() + parts[2].size();
  const auto read = std::from_chars(parts[2].data(), end, option.power);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return option;
}

Result<Tensor> PowerOfDifference(const Tensor& x, const Tensor& y, float power) {
  for (const Tensor* tensor : {&x, &y}) {
    if (tensor->dtype() != DType::kF32)
      return Unsupported(std::string("the host takes float32, found ") +
                         DTypeName(tensor->dtype()));
  }
  PICABIA_ASSIGN_OR_RETURN(Shape shape, ops::BroadcastShapes(x.shape(), y.shape()));
  PICABIA_ASSIGN_OR_RETURN(Tensor z, Tensor::Create(DType::kF32, std::move(shape)));
  kernels::reference::PowerDifference(x, y, power, z);
  return z;
}

}  // namespace

std::string HostOption::Text() const {
  return fmt::format("{}={},{},{}", name, x, y, power);  // the shortest text that reads back
}

Result<std::vector<HostOption>> ParseHosts(const std::vector<std::string>& texts) {
  std::vector<HostOption> options;
  std::set<std::string> names;
  for (const std::string& text : texts) {
    auto option = ParseHost(text);
    if (!option) {
      return InvalidArgument("--host \"" + text +
                             "\", expected NAME=X,Y or NAME=X,Y,P, for example "
                             "moments_15/PowerDifference=Conv2D_13,moments_15/StopGradient,2");
    }
    if (!names.insert(TensorName(option->name)).second)
      return InvalidArgument("--host names " + option->name + " twice");
    options.push_back(*std::move(option));
  }
  return options;
}

Result<std::unique_ptr<HostStep>> HostStep::Open(const std::string& model,
                                                 const OnlineOptions& online,
                                                 std::vector<HostOption> options) {
  std::unique_ptr<HostStep> step(new HostStep());
  PICABIA_ASSIGN_OR_RETURN(step->model_, OnlineModel::Open(model, online));
  const auto inputs = InputsOf(step->model_->program());
  for (const HostOption& option : options) {
    const bool has = std::any_of(inputs.begin(), inputs.end(), [&](const InputInfo& input) {
      return TensorName(input.name) == TensorName(option.name);
    });
    if (!has)
      return InvalidArgument(model + ": --host " + option.name + ": there is no such input");
  }
  step->options_ = std::move(options);
  return step;
}

bool HostStep::Fills(const std::string& input) const {
  return std::any_of(options_.begin(), options_.end(), [&](const HostOption& option) {
    return TensorName(option.name) == TensorName(input);
  });
}

Status HostStep::Complete(std::vector<runtime::Feed>& feeds) {
  profile_.clear();
  for (const HostOption& option : options_) {
    PICABIA_ASSIGN_OR_RETURN(const auto tensors, model_->Run({option.x, option.y}, feeds));
    for (const runtime::StepProfile& step : model_->profile()) {
      profile_.push_back(step);
      profile_.back().name = "first run: " + step.name;
    }
    const auto start = std::chrono::steady_clock::now();
    auto z = PowerOfDifference(tensors[0], tensors[1], option.power);
    if (!z.ok()) return z.status().WithContext("--host " + option.name);
    const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - start;
    runtime::StepProfile host;
    host.name = option.name;
    host.kernel = "host";
    host.ms = ms.count();
    profile_.push_back(std::move(host));
    feeds.push_back({option.name, *std::move(z)});
  }
  return OkStatus();
}

}  // namespace picabia::studio
