// Sessions by the names that are fed and fetched; see online.h.
#include "studio/online.h"

#include <algorithm>
#include <utility>

#include "compile/compile.h"
#include "studio/set_inputs.h"

namespace picabia::studio {
namespace {

// A script asks for a few sets of names again and again; each costs a copy of the weights.
constexpr size_t kKeptSessions = 8;

std::vector<std::string> Plain(const std::vector<std::string>& names) {
  std::vector<std::string> plain;
  for (const std::string& name : names) plain.push_back(TensorName(name));
  return plain;
}

const std::string& NameOf(const program::Program& program, const program::Port& port) {
  return program.values[static_cast<size_t>(port.value)].name;
}

// Where the outputs of `program` have each fetch; a name may be asked for twice.
Result<std::vector<size_t>> OrderOf(const program::Program& program,
                                    const std::vector<std::string>& fetches) {
  std::vector<size_t> order;
  for (const std::string& fetch : fetches) {
    const auto at =
        std::find_if(program.outputs.begin(), program.outputs.end(),
                     [&](const auto& p) { return TensorName(NameOf(program, p)) == fetch; });
    if (at == program.outputs.end()) return NotFound("there is no output '" + fetch + "'");
    order.push_back(static_cast<size_t>(at - program.outputs.begin()));
  }
  return order;
}

std::vector<std::string> Distinct(const std::vector<std::string>& names) {
  std::vector<std::string> distinct;
  for (const std::string& name : names)
    if (std::find(distinct.begin(), distinct.end(), name) == distinct.end())
      distinct.push_back(name);
  return distinct;
}

// Whether these are the names that the program has by itself.
bool IsOwn(const program::Program& program, const std::vector<std::string>& feeds,
           const std::vector<std::string>& fetches) {
  const auto names = [&](const std::vector<program::Port>& ports) {
    std::vector<std::string> list;
    for (const program::Port& port : ports) list.push_back(TensorName(NameOf(program, port)));
    return list;
  };
  std::vector<std::string> inputs = names(program.inputs);
  std::sort(inputs.begin(), inputs.end());
  return inputs == feeds && (fetches.empty() || names(program.outputs) == fetches);
}

}  // namespace

Status OnlineModel::Named(const Status& status) const {
  if (status.ok() || status.message().starts_with(name_)) return status;
  return status.WithContext(name_);
}

Result<std::unique_ptr<OnlineModel>> OnlineModel::Make(const std::string& name, Result<Model> model,
                                                       const OnlineOptions& options) {
  if (!model.ok()) return model.status();
  std::unique_ptr<OnlineModel> online(new OnlineModel());
  online->name_ = name;
  online->options_ = options;
  online->model_ = *std::move(model);
  return online;
}

Result<std::unique_ptr<OnlineModel>> OnlineModel::Open(const std::string& name,
                                                       const OnlineOptions& options) {
  ModelOptions model_options = options.model;
  model_options.keep_graph = true;
  return Make(name, OpenModel(name, model_options), options);
}

Result<std::unique_ptr<OnlineModel>> OnlineModel::OpenBytes(const std::string& bytes,
                                                            const std::string& name,
                                                            const OnlineOptions& options) {
  ModelOptions model_options = options.model;
  model_options.keep_graph = true;
  return Make(name, OpenModelBytes(bytes, name, model_options), options);
}

std::vector<std::string> OnlineModel::TensorNames() const {
  std::vector<std::string> names;
  if (model_.graph) {
    for (const ir::Value& value : model_.graph->values) names.push_back(value.name);
    return names;
  }
  for (const auto* ports : {&program().inputs, &program().outputs})
    for (const program::Port& port : *ports) names.push_back(NameOf(program(), port));
  return names;
}

Result<DType> OnlineModel::TypeOf(const std::string& tensor) const {
  if (!model_.graph)
    return Named(
        Unsupported("is compiled and has lost its inner tensors: expected the model that "
                    "it was made of"));
  const auto id = model_.graph->FindValue(tensor);
  if (!id.ok()) return Named(id.status());
  return model_.graph->value(*id).dtype;
}

Status OnlineModel::SetCallbacks(std::vector<compile::HostCallback> callbacks) {
  options_.model.compile.callbacks = std::move(callbacks);
  bound_.clear();
  model_.program = nullptr;  // it was made without them
  PICABIA_ASSIGN_OR_RETURN(model_.program, ProgramFor({}, {}));
  return OkStatus();
}

Result<ProgramPointer> OnlineModel::ProgramFor(const std::vector<std::string>& feeds,
                                               const std::vector<std::string>& fetches) const {
  compile::CompileOptions options = options_.model.compile;
  options.feeds = feeds;
  options.fetches = fetches;
  if (!model_.graph) {
    PICABIA_RETURN_IF_ERROR(Named(compile::CheckNames(*model_.program, options)));
    return model_.program;
  }
  if (model_.program != nullptr && IsOwn(*model_.program, feeds, fetches)) return model_.program;
  auto program = compile::CompileGraph(*model_.graph, options);
  if (!program.ok()) return Named(program.status());
  return std::make_shared<const program::Program>(*std::move(program));
}

Result<OnlineModel::Bound*> OnlineModel::BindTo(const std::vector<std::string>& feeds,
                                                const std::vector<std::string>& fetches) {
  const auto found = std::find_if(bound_.begin(), bound_.end(), [&](const Bound& b) {
    return b.feeds == feeds && b.fetches == fetches;
  });
  if (found != bound_.end()) {
    bound_.splice(bound_.begin(), bound_, found);
    return &bound_.front();
  }
  PICABIA_ASSIGN_OR_RETURN(ProgramPointer program, ProgramFor(feeds, Distinct(fetches)));
  Bound bound{feeds, fetches, nullptr, {}};
  PICABIA_ASSIGN_OR_RETURN(bound.order, OrderOf(*program, fetches));
  auto session = runtime::Session::Create(std::move(program), options_.session);
  if (!session.ok()) return Named(session.status());
  bound.session = *std::move(session);
  bound_.push_front(std::move(bound));
  if (bound_.size() > kKeptSessions) bound_.pop_back();
  return &bound_.front();
}

Result<std::vector<Tensor>> OnlineModel::Run(const std::vector<std::string>& fetches,
                                             const std::vector<runtime::Feed>& feeds) {
  std::vector<std::string> names;
  for (const runtime::Feed& feed : feeds) names.push_back(TensorName(feed.name));
  std::sort(names.begin(), names.end());
  PICABIA_ASSIGN_OR_RETURN(Bound* const bound, BindTo(names, Plain(fetches)));
  auto outputs = bound->session->Run(feeds);
  if (!outputs.ok()) return Named(outputs.status());
  profile_ = bound->session->profile();
  if (fetches.empty()) return outputs;
  std::vector<Tensor> ordered;
  for (const size_t i : bound->order) ordered.push_back((*outputs)[i]);
  return ordered;
}

Result<const char*> OnlineModel::isa() {
  if (bound_.empty()) {
    const auto isa = SelectIsa();
    if (!isa.ok()) return isa.status();
    return IsaName(*isa);
  }
  return IsaName(bound_.front().session->isa());
}

}  // namespace picabia::studio
