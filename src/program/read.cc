// Bytes into programs: FlatBuffers' verifier for the structure, then every number against its range
// (check.cc).
#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "base/checked.h"
#include "program/fields.h"
#include "program/format.h"
#include "program/program.h"

namespace picabia::program {
namespace {

constexpr size_t kMaxDepth = 8;            // our tables nest 3 deep
constexpr size_t kMaxTables = 50'000'000;  // bounds the verifier's time

// Copies bytes, because a damaged offset may point to where no T may stand. Little-endian, as the
// format.
static_assert(std::endian::native == std::endian::little);
template <typename T>
std::vector<T> ToVector(const flatbuffers::Vector<T>* v) {
  std::vector<T> out(v == nullptr ? 0 : v->size());
  if (!out.empty()) std::memcpy(out.data(), v->Data(), out.size() * sizeof(T));
  return out;
}

std::string ToString(const flatbuffers::String* s) { return s == nullptr ? "" : s->str(); }

Result<Step> ReadStep(const fb::Step& from) {
  std::vector<FieldValue> values;
  if (from.attributes() != nullptr)
    for (const fb::Attribute* a : *from.attributes())
      values.push_back(
          {ToString(a->name()), ToVector(a->ints()), ToVector(a->floats()), ToString(a->text())});
  PICABIA_ASSIGN_OR_RETURN(ops::Op op, MakeOp(ToString(from.op()), values));
  return Step{ToString(from.name()), std::move(op), ToVector(from.inputs()),
              ToVector(from.outputs())};
}

Result<Constant> ReadConstant(const fb::Constant& from, const std::shared_ptr<const void>& owner) {
  Constant c;
  c.value = from.value();
  if (from.stored_dtype() >= kNumDTypes)
    return InvalidModel("a constant has an unknown element type");
  c.stored_dtype = static_cast<DType>(from.stored_dtype());
  c.packing = static_cast<Packing>(from.packing());
  c.shape = ToVector(from.shape());
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(from.data()->data()),
                                         from.data()->size());
  // (FlatBuffers aligns no empty vector.)
  if (!bytes.empty() && reinterpret_cast<uintptr_t>(bytes.data()) % kDataAlignment != 0)
    return InvalidModel("a constant is not aligned to 64 bytes");
  const auto size = static_cast<int64_t>(DTypeSize(c.stored_dtype));
  if (static_cast<int64_t>(bytes.size()) % size != 0)
    return InvalidModel("a constant ends inside an element");
  PICABIA_ASSIGN_OR_RETURN(
      c.data,
      Tensor::View(c.stored_dtype, {static_cast<int64_t>(bytes.size()) / size}, bytes, owner));
  return c;
}

Port ReadPort(const fb::Port& from) {
  return {from.value(), from.rank_known(), ToVector(from.declared_shape()),
          ToVector(from.default_shape())};
}

// Four numbers from a list, or the single one where there is no list.
Result<PerChannel> ReadPerChannel(const flatbuffers::Vector<float>* list, float single) {
  if (list == nullptr) return EveryChannel(single);
  const std::vector<float> numbers = ToVector(list);
  PerChannel out;
  if (numbers.size() != out.size())
    return InvalidModel("picture convention has " + std::to_string(numbers.size()) +
                        " numbers, expected " + std::to_string(out.size()));
  std::copy(numbers.begin(), numbers.end(), out.begin());
  return out;
}

Result<PictureConvention> ReadPicture(const fb::Picture& p) {
  PictureConvention picture;
  picture.nchw = p.nchw();
  picture.bgr = p.bgr();
  if (p.out_layout() > kNchwLayout) {
    return InvalidModel("picture layout " + std::to_string(p.out_layout()) + " does not exist");
  }
  picture.out_nchw = p.out_layout() == kSameLayout ? picture.nchw : p.out_layout() == kNchwLayout;
  PICABIA_ASSIGN_OR_RETURN(picture.scale, ReadPerChannel(p.scales(), p.scale()));
  PICABIA_ASSIGN_OR_RETURN(picture.shift, ReadPerChannel(p.shifts(), p.shift()));
  PICABIA_ASSIGN_OR_RETURN(picture.out_scale, ReadPerChannel(p.out_scales(), p.out_scale()));
  PICABIA_ASSIGN_OR_RETURN(picture.out_shift, ReadPerChannel(p.out_shifts(), p.out_shift()));
  return picture;
}

}  // namespace

bool LooksLikeProgram(std::span<const std::byte> bytes) {
  return bytes.size() >= 8 && fb::ProgramBufferHasIdentifier(bytes.data());
}

Result<Program> ReadProgram(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  if (!LooksLikeProgram(bytes)) return InvalidModel("not a compiled program (no PICB identifier)");
  if (static_cast<int64_t>(bytes.size()) > kMaxFileBytes + (1 << 20))
    return InvalidModel("a compiled program cannot be larger than 2 GB");
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
                                 kMaxDepth, kMaxTables);
  if (!fb::VerifyProgramBuffer(verifier)) return InvalidModel("compiled program is damaged or cut");
  const fb::Program& from = *fb::GetProgram(bytes.data());
  if (from.format_version() != kFormatVersion)
    return Unsupported("compiled program has format version " +
                       std::to_string(from.format_version()) + " (written by Picabia " +
                       ToString(from.compiler_version()) +
                       "); this is Picabia " PICABIA_VERSION " and reads version " +
                       std::to_string(kFormatVersion));
  Program program;
  program.compiler_version = ToString(from.compiler_version());
  program.source = ToString(from.source());
  for (const fb::Value* v : *from.values())
    program.values.push_back({ToString(v->name()), static_cast<DType>(v->dtype())});
  for (const fb::Step* s : *from.steps()) {
    auto step = ReadStep(*s);
    if (!step.ok()) return step.status().WithContext("step '" + ToString(s->name()) + "'");
    program.steps.push_back(*std::move(step));
  }
  for (const fb::Constant* c : *from.constants()) {
    PICABIA_ASSIGN_OR_RETURN(Constant constant, ReadConstant(*c, owner));
    program.constants.push_back(std::move(constant));
  }
  for (const fb::Port* p : *from.inputs()) program.inputs.push_back(ReadPort(*p));
  for (const fb::Port* p : *from.outputs()) program.outputs.push_back(ReadPort(*p));
  PICABIA_ASSIGN_OR_RETURN(program.picture, ReadPicture(*from.picture()));
  PICABIA_RETURN_IF_ERROR(CheckProgram(program));
  return program;
}

}  // namespace picabia::program
