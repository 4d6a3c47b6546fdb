// The form of offline models: a header of 64 bytes with two checksums, then FlatBuffers.
#include "program/offline.h"

#include <bit>
#include <cstring>
#include <set>

#include "base/checked.h"
#include "offline_generated.h"
#include "program/format.h"

namespace picabia::program {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

constexpr char kMagic[8] = {'P', 'I', 'C', 'B', 'M', 'L', 'U', '\n'};
constexpr char kVendorMagic[4] = {0x7F, 'M', 'E', 'F'};
constexpr uint32_t kOfflineVersion = 1;
constexpr size_t kMaxDepth = 8;
constexpr size_t kMaxTables = 1'000'000;
constexpr size_t kMaxRank = 8;

// Little-endian, as everything in these files.
static_assert(std::endian::native == std::endian::little);
struct Header {
  char magic[8];
  uint32_t version;
  uint32_t header_bytes;
  uint64_t file_bytes;
  uint64_t body_checksum;
  uint64_t reserved[3];      // 0
  uint64_t header_checksum;  // of all before it
};
static_assert(sizeof(Header) == kOfflineHeaderBytes);

// FNV-1a over words of 8 bytes, in four lanes that do not wait for each other: a change of one byte
// changes its lane for certain, as each step is invertible.
uint64_t Checksum(const void* data, size_t bytes) {
  constexpr uint64_t kPrime = 0x100000001B3;
  constexpr size_t kLanes = 4;
  uint64_t lanes[kLanes] = {0xCBF29CE484222325, 0x9AE16A3B2F90404F, 0xC3A5C85C97CB3127,
                            0xB492B66FBE98F273};
  const auto* from = static_cast<const unsigned char*>(data);
  const auto step = [&](size_t lane, uint64_t word) {
    lanes[lane] = std::rotl((lanes[lane] ^ word) * kPrime, 29);
  };
  size_t i = 0;
  for (; i + 8 * kLanes <= bytes; i += 8 * kLanes) {
    uint64_t words[kLanes];
    std::memcpy(words, from + i, sizeof(words));
    for (size_t lane = 0; lane < kLanes; ++lane) step(lane, words[lane]);
  }
  for (; i < bytes; ++i) step(i % kLanes, from[i]);
  uint64_t sum = bytes;
  for (const uint64_t lane : lanes) sum = std::rotl((sum ^ lane) * kPrime, 31);
  return sum;
}

uint64_t HeaderChecksum(const Header& header) {
  return Checksum(&header, offsetof(Header, header_checksum));
}

template <typename T>
std::vector<T> ToVector(const flatbuffers::Vector<T>* v) {
  std::vector<T> out(v == nullptr ? 0 : v->size());
  if (!out.empty()) std::memcpy(out.data(), v->Data(), out.size() * sizeof(T));
  return out;
}

Shape ChannelsFirst(const Shape& nhwc) { return {nhwc[0], nhwc[3], nhwc[1], nhwc[2]}; }

Status CheckPort(const OfflinePort& port) {
  if (static_cast<int>(port.dtype) >= kNumDTypes) return InvalidModel("unknown element type");
  if (port.shape.size() > kMaxRank) return InvalidModel("more than 8 dimensions");
  for (const int64_t d : port.shape)
    if (d < 0 || d > INT32_MAX) return InvalidModel("dimension " + std::to_string(d));
  const auto count = CheckedProduct(port.shape);
  if (!count || *count > Tensor::kMaxBytes / 8) return InvalidModel("too many elements");
  if (port.channels_first && port.shape.size() != 4)
    return InvalidModel("channels first needs four dimensions");
  const size_t channels = port.shape.empty() ? 0 : static_cast<size_t>(port.shape.back());
  if (port.scale.size() != port.shift.size() ||
      (!port.scale.empty() && port.scale.size() != channels))
    return InvalidModel("has " + std::to_string(port.scale.size()) + " scales for " +
                        std::to_string(channels) + " channels");
  return OkStatus();
}

// Whether the program's port is what the offline port says: name and fixed shape.
Status CheckAgainst(const OfflinePort& port, const Program& program, const Port& own,
                    bool is_input) {
  PICABIA_RETURN_IF_ERROR(CheckPort(port));
  if (program.values[static_cast<size_t>(own.value)].name != port.name)
    return InvalidModel("found where the program has '" +
                        program.values[static_cast<size_t>(own.value)].name + "'");
  if (is_input && (!own.rank_known || own.declared_shape != port.program_shape()))
    return InvalidModel("shape " + ShapeString(port.program_shape()) +
                        " found where the program has " + ShapeString(own.declared_shape));
  return OkStatus();
}

Status CheckFunction(const OfflineFunction& function) {
  if (function.name.empty()) return InvalidModel("a function without a name");
  if (function.program == nullptr) return InvalidModel("a function without a program");
  const Program& program = *function.program;
  if (function.inputs.size() != program.inputs.size() ||
      function.outputs.size() != program.outputs.size())
    return InvalidModel("found other numbers of inputs and outputs than the program has");
  if (function.model_parallelism < 1 || function.model_parallelism > 64)
    return InvalidModel("model parallelism " + std::to_string(function.model_parallelism));
  if (function.memory_bytes < 0) return InvalidModel("memory below 0");
  for (size_t i = 0; i < function.inputs.size(); ++i)
    PICABIA_RETURN_IF_ERROR(CheckAgainst(function.inputs[i], program, program.inputs[i], true)
                                .WithContext("input '" + function.inputs[i].name + "'"));
  for (size_t i = 0; i < function.outputs.size(); ++i)
    PICABIA_RETURN_IF_ERROR(CheckAgainst(function.outputs[i], program, program.outputs[i], false)
                                .WithContext("output '" + function.outputs[i].name + "'"));
  return OkStatus();
}

Offset<fb::OfflinePort> WritePort(FlatBufferBuilder& fbb, const OfflinePort& port) {
  const auto name = fbb.CreateString(port.name);
  const auto shape = fbb.CreateVector(port.shape);
  const auto scale = port.scale.empty() ? 0 : fbb.CreateVector(port.scale);
  const auto shift = port.shift.empty() ? 0 : fbb.CreateVector(port.shift);
  return fb::CreateOfflinePort(fbb, name, static_cast<uint8_t>(port.dtype), shape,
                               port.channels_first, scale, shift);
}

Offset<flatbuffers::Vector<Offset<fb::OfflinePort>>> WritePorts(
    FlatBufferBuilder& fbb, const std::vector<OfflinePort>& ports) {
  std::vector<Offset<fb::OfflinePort>> offsets;
  for (const OfflinePort& port : ports) offsets.push_back(WritePort(fbb, port));
  return fbb.CreateVector(offsets);
}

Result<Offset<fb::OfflineFunction>> WriteFunction(FlatBufferBuilder& fbb,
                                                  const OfflineFunction& function) {
  PICABIA_ASSIGN_OR_RETURN(const std::string program, WriteProgram(*function.program));
  fbb.ForceVectorAlignment(program.size(), 1, kDataAlignment);
  const auto bytes =
      fbb.CreateVector(reinterpret_cast<const uint8_t*>(program.data()), program.size());
  const auto name = fbb.CreateString(function.name);
  const auto inputs = WritePorts(fbb, function.inputs);
  const auto outputs = WritePorts(fbb, function.outputs);
  return fb::CreateOfflineFunction(fbb, name, inputs, outputs, function.model_parallelism,
                                   function.memory_bytes, bytes);
}

std::vector<OfflinePort> ReadPorts(const flatbuffers::Vector<Offset<fb::OfflinePort>>& from) {
  std::vector<OfflinePort> ports;
  for (const fb::OfflinePort* p : from)
    ports.push_back({p->name()->str(), static_cast<DType>(p->dtype()), ToVector(p->shape()),
                     p->channels_first(), ToVector(p->scale()), ToVector(p->shift())});
  return ports;
}

Result<OfflineFunction> ReadFunction(const fb::OfflineFunction& from,
                                     const std::shared_ptr<const void>& owner) {
  OfflineFunction function;
  function.name = from.name()->str();
  function.inputs = ReadPorts(*from.inputs());
  function.outputs = ReadPorts(*from.outputs());
  function.model_parallelism = from.model_parallelism();
  function.memory_bytes = from.memory_bytes();
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(from.program()->data()),
                                         from.program()->size());
  PICABIA_ASSIGN_OR_RETURN(Program program, ReadProgram(bytes, owner));
  function.program = std::make_shared<const Program>(std::move(program));
  return function;
}

Result<Header> ReadHeader(std::span<const std::byte> bytes) {
  if (LooksLikeVendorModel(bytes)) return VendorModelError();
  if (!LooksLikeOffline(bytes)) return InvalidModel("not an offline model");
  if (bytes.size() < sizeof(Header)) return InvalidModel("cut: ends inside the header");
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.header_checksum != HeaderChecksum(header))
    return InvalidModel("damaged: the header's checksum does not fit");
  if (header.version != kOfflineVersion)
    return Unsupported("offline model has format version " + std::to_string(header.version) +
                       "; this is Picabia " PICABIA_VERSION " and reads version " +
                       std::to_string(kOfflineVersion));
  if (header.header_bytes != sizeof(Header) || header.file_bytes < sizeof(Header) ||
      header.file_bytes > static_cast<uint64_t>(kMaxFileBytes))
    return InvalidModel("damaged: the header's sizes cannot be");
  return header;
}

}  // namespace

Shape OfflinePort::program_shape() const {
  return channels_first && shape.size() == 4 ? ChannelsFirst(shape) : shape;
}

int64_t OfflinePort::bytes() const {
  return CheckedProduct(shape).value_or(0) * static_cast<int64_t>(DTypeSize(dtype));
}

Status VendorModelError() {
  return Unsupported(
      "is a model of Cambricon's own tools (it begins with 7F 'M' 'E' 'F'), which holds machine "
      "code of a real card; expected one made by picabia compile --target mlu270");
}

bool LooksLikeVendorModel(std::span<const std::byte> bytes) {
  return bytes.size() >= sizeof(kVendorMagic) &&
         std::memcmp(bytes.data(), kVendorMagic, sizeof(kVendorMagic)) == 0;
}

bool LooksLikeOffline(std::span<const std::byte> bytes) {
  return bytes.size() >= sizeof(kMagic) && std::memcmp(bytes.data(), kMagic, sizeof(kMagic)) == 0;
}

Result<int64_t> OfflineSize(std::span<const std::byte> bytes) {
  PICABIA_ASSIGN_OR_RETURN(const Header header, ReadHeader(bytes));
  return static_cast<int64_t>(header.file_bytes);
}

Status CheckOffline(const OfflineModel& model) {
  if (model.target != kTargetMlu270)
    return Unsupported("offline model is for '" + model.target + "', expected " + kTargetMlu270);
  if (model.functions.empty()) return InvalidModel("offline model has no function");
  std::set<std::string> names;
  for (const OfflineFunction& function : model.functions) {
    PICABIA_RETURN_IF_ERROR(
        CheckFunction(function).WithContext("function '" + function.name + "'"));
    if (!names.insert(function.name).second)
      return InvalidModel("function '" + function.name + "' is there twice");
  }
  return OkStatus();
}

Result<std::string> WriteOffline(const OfflineModel& model) {
  PICABIA_RETURN_IF_ERROR(CheckOffline(model));
  FlatBufferBuilder fbb;
  std::vector<Offset<fb::OfflineFunction>> functions;
  for (const OfflineFunction& function : model.functions) {
    PICABIA_ASSIGN_OR_RETURN(const auto offset, WriteFunction(fbb, function));
    functions.push_back(offset);
  }
  const auto list = fbb.CreateVector(functions);
  const auto compiler = fbb.CreateString(model.compiler_version);
  const auto source = fbb.CreateString(model.source);
  const auto target = fbb.CreateString(model.target);
  fbb.Finish(fb::CreateOfflineModel(fbb, compiler, source, target, list),
             fb::OfflineModelIdentifier());
  Header header = {};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kOfflineVersion;
  header.header_bytes = sizeof(Header);
  header.file_bytes = sizeof(Header) + fbb.GetSize();
  header.body_checksum = Checksum(fbb.GetBufferPointer(), fbb.GetSize());
  header.header_checksum = HeaderChecksum(header);
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
  bytes.append(reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize());
  return bytes;
}

Result<OfflineModel> ReadOffline(std::span<const std::byte> bytes,
                                 std::shared_ptr<const void> owner) {
  PICABIA_ASSIGN_OR_RETURN(const Header header, ReadHeader(bytes));
  if (bytes.size() != header.file_bytes)
    return InvalidModel("cut or lengthened: found " + std::to_string(bytes.size()) +
                        " bytes, expected " + std::to_string(header.file_bytes));
  const std::span<const std::byte> body = bytes.subspan(sizeof(Header));
  if (Checksum(body.data(), body.size()) != header.body_checksum)
    return InvalidModel("damaged: the checksum does not fit");
  // What follows also holds for a file whose checksums somebody made to fit.
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(body.data()), body.size(),
                                 kMaxDepth, kMaxTables);
  if (!fb::VerifyOfflineModelBuffer(verifier)) return InvalidModel("offline model is damaged");
  const fb::OfflineModel& from = *fb::GetOfflineModel(body.data());
  OfflineModel model;
  model.compiler_version = from.compiler_version()->str();
  model.source = from.source()->str();
  model.target = from.target()->str();
  for (const fb::OfflineFunction* f : *from.functions()) {
    auto function = ReadFunction(*f, owner);
    if (!function.ok()) return function.status().WithContext("function '" + f->name()->str() + "'");
    model.functions.push_back(*std::move(function));
  }
  PICABIA_RETURN_IF_ERROR(CheckOffline(model));
  return model;
}

}  // namespace picabia::program
