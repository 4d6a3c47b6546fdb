// Matches feeds to inputs, checks types and shapes, runs the device.
#include "runtime/session.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "devices/cpu/device.h"
#include "program/operators.h"
#include "runtime/cnrt_device.h"

namespace picabia::runtime {
namespace {

struct PrecisionRow {
  const char* name;
  Precision precision;
  cpu::Arithmetic arithmetic;
};
constexpr PrecisionRow kPrecisions[] = {
    {"fp32", Precision::kFp32, cpu::Arithmetic::kFp32},
    {"int8", Precision::kInt8, cpu::Arithmetic::kInt8},
    {"int16", Precision::kInt16, cpu::Arithmetic::kInt16},
};

const PrecisionRow& RowOf(Precision precision) { return kPrecisions[static_cast<int>(precision)]; }

// `tensor` as `dtype`, when every number keeps its value; nothing otherwise.
Result<std::optional<Tensor>> ConvertExactly(const Tensor& tensor, DType dtype) {
  if (tensor.dtype() == dtype) return std::optional<Tensor>(tensor);
  if (dtype != DType::kF32) return std::optional<Tensor>();
  PICABIA_ASSIGN_OR_RETURN(const std::vector<float> values, FloatValues(tensor));
  if (tensor.dtype() == DType::kF64) {
    // Doubles round to float, as TensorFlow's feeds do.
  } else if (tensor.dtype() != DType::kF16) {
    PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> integers, IntegerValues(tensor));
    for (size_t i = 0; i < values.size(); ++i)
      if (static_cast<double>(values[i]) != static_cast<double>(integers[i]))
        return std::optional<Tensor>();
  }
  PICABIA_ASSIGN_OR_RETURN(Tensor out, Tensor::From<float>(tensor.shape(), values));
  return std::optional<Tensor>(std::move(out));
}

bool ShapeMatches(const Shape& declared, const Shape& shape) {
  if (declared.size() != shape.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i)
    if (declared[i] >= 0 && declared[i] != shape[i]) return false;
  return true;
}

}  // namespace

Result<Precision> ParsePrecision(const std::string& name) {
  for (const PrecisionRow& row : kPrecisions)
    if (name == row.name) return row.precision;
  return InvalidArgument("unknown precision '" + name + "'; the names are fp32, int8, int16");
}

const char* PrecisionName(Precision precision) { return RowOf(precision).name; }

struct Session::Impl {
  Result<Tensor> TakeFeed(const program::Port& port, const std::vector<Feed>& feeds) const;
  Status MakeDevice();
  Status CheckFeedNames(const std::vector<Feed>& feeds) const;
  const std::string& NameOf(const program::Port& port) const {
    return program->values[static_cast<size_t>(port.value)].name;
  }
  bool IsNamed(const program::Port& port, const std::string& name) const {
    return name == NameOf(port) || name == NameOf(port) + ":0";
  }

  std::shared_ptr<const program::Program> program;
  SessionOptions options;
  // One of them.
  std::unique_ptr<cpu::Device> cpu;
  std::unique_ptr<mlu::Device> mlu;
  std::unique_ptr<CnrtDevice> cnrt;
  Isa isa = Isa::kScalar;
  std::vector<StepProfile> profile;
};

Session::Session() = default;
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::Create(std::shared_ptr<const program::Program> program,
                                                 const SessionOptions& options) {
  if (options.threads < 0) return InvalidArgument("threads: found a negative number");
  if (options.reference && options.precision != Precision::kFp32)
    return InvalidArgument("the reference computes in fp32 only");
  if (options.fast && options.precision != Precision::kInt8)
    return InvalidArgument("fast is a way to compute in int8 only");
  PICABIA_RETURN_IF_ERROR(program::CheckBound(*program));
  std::unique_ptr<Session> session(new Session());
  session->impl_ = std::make_unique<Impl>();
  session->impl_->program = std::move(program);
  session->impl_->options = options;
  PICABIA_RETURN_IF_ERROR(session->impl_->MakeDevice());
  return session;
}

const program::Program& Session::program() const { return *impl_->program; }
const SessionOptions& Session::options() const { return impl_->options; }
Isa Session::isa() const { return impl_->isa; }
const std::vector<StepProfile>& Session::profile() const { return impl_->profile; }
int64_t Session::arena_bytes() const {
  if (impl_->cnrt) return 0;  // it is in the library's hands
  return impl_->mlu ? impl_->mlu->peak_bytes() : impl_->cpu->peak_bytes();
}

std::string Session::arithmetic() const {
  if (impl_->options.device == DeviceKind::kMlu) return mlu::ArithmeticOf(*impl_->program);
  return PrecisionName(impl_->options.precision);
}

const std::vector<mlu::SaturatedMean>& Session::saturated() const {
  static const std::vector<mlu::SaturatedMean> none;
  return impl_->mlu ? impl_->mlu->saturated() : none;
}

namespace {

// The card runs integers where the model has them: what a user asks for must be there.
Status CheckMluPrecision(const program::Program& program, Precision precision) {
  if (precision == Precision::kFp32) return OkStatus();
  const std::string found = mlu::ArithmeticOf(program), wanted = PrecisionName(precision);
  if (found == wanted || found == "none") return OkStatus();
  const std::string bits = precision == Precision::kInt16 ? " --bits 16" : "";
  return Unsupported("device mlu: precision " + wanted + " of a model whose convolutions are " +
                     found + "; quantize the float model first: picabia quantize MODEL -o OUT.pb" +
                     bits);
}

Status CheckMluOptions(const MluOptions& mlu) {
  constexpr int kCores = 16;
  const auto check = [](const char* name, int value) {
    if (value >= 1 && value <= kCores) return OkStatus();
    return InvalidArgument(std::string(name) + ": found " + std::to_string(value) +
                           ", expected 1 to " + std::to_string(kCores));
  };
  PICABIA_RETURN_IF_ERROR(check("MLU cores", mlu.cores));
  PICABIA_RETURN_IF_ERROR(check("data parallelism", mlu.data_parallelism));
  PICABIA_RETURN_IF_ERROR(check("model parallelism", mlu.model_parallelism));
  if (mlu.data_parallelism * mlu.model_parallelism <= mlu.cores) return OkStatus();
  return InvalidArgument("data parallelism " + std::to_string(mlu.data_parallelism) +
                         " times model parallelism " + std::to_string(mlu.model_parallelism) +
                         " is more than the " + std::to_string(mlu.cores) + " cores");
}

// The library of PICABIA_CNRT, where it can do what is asked for: it has no reference and says
// nothing of sums that saturate.
std::string CnrtLibraryFor(const SessionOptions& options) {
  const char* library = std::getenv("PICABIA_CNRT");
  const bool here = options.mlu.in_process || options.mlu.watch || options.reference;
  return library == nullptr || here ? "" : library;
}

}  // namespace

Status Session::Impl::MakeDevice() {
  const bool is_mlu = options.device == DeviceKind::kMlu;
  if (is_mlu) {
    if (options.fast) return InvalidArgument("fast is a way of device cpu only");
    PICABIA_RETURN_IF_ERROR(CheckMluOptions(options.mlu));
    PICABIA_RETURN_IF_ERROR(CheckMluPrecision(*program, options.precision));
  }
  PICABIA_ASSIGN_OR_RETURN(isa, SelectIsa());
  const bool faithful = is_mlu && options.mlu.numerics == MluNumerics::kFaithful;
  const std::string library = CnrtLibraryFor(options);
  if (faithful && !library.empty()) {
    PICABIA_ASSIGN_OR_RETURN(cnrt,
                             CnrtDevice::Create(*program, library, options.mlu.model_parallelism));
    return OkStatus();
  }
  if (faithful) {
    PICABIA_ASSIGN_OR_RETURN(
        mlu, mlu::Device::Create(*program, {options.threads, options.reference, options.mlu.watch,
                                            !options.mlu.in_process}));
    return OkStatus();
  }
  // Wide: what device cpu computes in float, with the integer convolutions of the graph.
  const auto arithmetic = is_mlu ? cpu::Arithmetic::kFp32 : RowOf(options.precision).arithmetic;
  PICABIA_ASSIGN_OR_RETURN(cpu, cpu::Device::Create(*program, {arithmetic, options.threads,
                                                               options.reference, options.fast}));
  return OkStatus();
}

Status Session::Impl::CheckFeedNames(const std::vector<Feed>& feeds) const {
  for (size_t i = 0; i < feeds.size(); ++i) {
    int matches = 0;
    std::string known;
    for (const program::Port& port : program->inputs) {
      matches += IsNamed(port, feeds[i].name) ? 1 : 0;
      known += (known.empty() ? "" : ", ") + NameOf(port);
    }
    if (matches == 0)
      return NotFound("feed '" + feeds[i].name + "': no such input; the inputs are: " + known);
  }
  return OkStatus();
}

Result<Tensor> Session::Impl::TakeFeed(const program::Port& port,
                                       const std::vector<Feed>& feeds) const {
  const Feed* feed = nullptr;
  for (const Feed& f : feeds) {
    if (!IsNamed(port, f.name)) continue;
    if (feed != nullptr) return InvalidArgument("input '" + NameOf(port) + "' is fed twice");
    feed = &f;
  }
  if (feed == nullptr) return InvalidArgument("input '" + NameOf(port) + "' is not fed");
  const DType dtype = program->values[static_cast<size_t>(port.value)].dtype;
  PICABIA_ASSIGN_OR_RETURN(std::optional<Tensor> tensor, ConvertExactly(feed->tensor, dtype));
  if (!tensor)
    return InvalidArgument("input '" + NameOf(port) + "': found " +
                           DTypeName(feed->tensor.dtype()) + ", expected " + DTypeName(dtype));
  if (port.rank_known && !ShapeMatches(port.declared_shape, tensor->shape()))
    return InvalidArgument("input '" + NameOf(port) + "': found shape " +
                           ShapeString(tensor->shape()) + ", expected " +
                           ShapeString(port.declared_shape));
  return *std::move(tensor);
}

Result<std::vector<Tensor>> Session::Run(const std::vector<Feed>& feeds) {
  Impl& s = *impl_;
  PICABIA_RETURN_IF_ERROR(s.CheckFeedNames(feeds));
  std::vector<Tensor> inputs;
  for (const program::Port& port : s.program->inputs) {
    PICABIA_ASSIGN_OR_RETURN(Tensor tensor, s.TakeFeed(port, feeds));
    inputs.push_back(std::move(tensor));
  }
  if (s.cnrt) {
    s.profile.assign(1, {"whole program", "cnrt"});
    return s.cnrt->Run(inputs, &s.profile[0].ms);
  }
  std::vector<cpu::StepReport> reports;
  PICABIA_ASSIGN_OR_RETURN(std::vector<Tensor> outputs,
                           s.mlu ? s.mlu->Run(inputs, reports) : s.cpu->Run(inputs, reports));
  s.profile.clear();
  for (size_t i = 0; i < reports.size(); ++i) {
    const cpu::StepReport& r = reports[i];
    s.profile.push_back({s.program->steps[i].name, r.kernel, r.ms, r.macs, r.integer});
  }
  return outputs;
}

}  // namespace picabia::runtime
