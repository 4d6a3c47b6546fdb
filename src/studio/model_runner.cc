// Models in memory into sessions; see model_runner.h.
#include "studio/model_runner.h"

#include <memory>
#include <utility>

#include "compile/compile.h"
#include "import/source.h"
#include "runtime/session.h"

namespace picabia::studio {
namespace {

using quant::Feeds;
using quant::RunFunction;
using quant::RunResult;

Result<RunResult> RunOnce(runtime::Session& session, const Feeds& feeds) {
  std::vector<runtime::Feed> wanted;
  for (const auto& [name, tensor] : feeds) wanted.push_back({name, tensor});
  RunResult result;
  PICABIA_ASSIGN_OR_RETURN(result.outputs, session.Run(wanted));
  for (const runtime::StepProfile& step : session.profile())
    result.times.push_back({step.name, step.ms});
  return result;
}

Result<RunFunction> Open(const std::string& name, int threads, const ops::OperatorSet& operators,
                         const std::string& bytes, const std::vector<std::string>& feeds,
                         const std::vector<std::string>& fetches) {
  const auto owner = std::make_shared<const std::string>(bytes);
  const size_t slash = name.rfind('/');
  import::Source source{std::as_bytes(std::span(owner->data(), owner->size())), owner, name,
                        slash == std::string::npos ? "." : name.substr(0, slash + 1)};
  source.operators = operators;
  PICABIA_ASSIGN_OR_RETURN(ir::Graph graph, import::ImportSource(source));
  compile::CompileOptions options;
  options.feeds = feeds;
  options.fetches = fetches;
  options.operators = operators;
  auto program = compile::CompileGraph(std::move(graph), options);
  if (!program.ok()) return program.status().WithContext(name);
  auto shared = std::make_shared<const program::Program>(*std::move(program));
  runtime::SessionOptions session_options;
  session_options.threads = threads;
  PICABIA_ASSIGN_OR_RETURN(auto unique, runtime::Session::Create(shared, session_options));
  const std::shared_ptr<runtime::Session> session = std::move(unique);
  return RunFunction([session, name](const Feeds& inputs) -> Result<RunResult> {
    auto result = RunOnce(*session, inputs);
    return result.ok() ? std::move(result) : result.status().WithContext(name);
  });
}

}  // namespace

quant::OpenFunction ModelRunner(const std::string& name, int threads,
                                const ops::OperatorSet& operators) {
  return [=](const std::string& bytes, const std::vector<std::string>& feeds,
             const std::vector<std::string>& fetches) {
    return Open(name, threads, operators, bytes, feeds, fetches);
  };
}

}  // namespace picabia::studio
