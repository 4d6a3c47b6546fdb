// Programs into bytes.
#include <type_traits>

#include "program/fields.h"
#include "program/format.h"
#include "program/program.h"

namespace picabia::program {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

// Collects the attributes of an operator that differ from their default.
class AttributeWriter {
 public:
  explicit AttributeWriter(FlatBufferBuilder& fbb) : fbb_(fbb) {}

  template <typename Op>
  std::vector<Offset<fb::Attribute>> Write(const Op& op) {
    std::vector<FieldValue> values = FieldValues(op), defaults = FieldValues(Op{});
    std::vector<Offset<fb::Attribute>> out;
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] == defaults[i]) continue;
      const auto name = fbb_.CreateString(values[i].name);
      const auto ints = fbb_.CreateVector(values[i].ints);
      const auto floats = fbb_.CreateVector(values[i].floats);
      // No empty string where there is no text: files keep the bytes that they had before.
      const auto text = values[i].text.empty() ? Offset<flatbuffers::String>()
                                               : fbb_.CreateString(values[i].text);
      out.push_back(fb::CreateAttribute(fbb_, name, ints, floats, text));
    }
    return out;
  }

 private:
  FlatBufferBuilder& fbb_;
};

Offset<fb::Step> WriteStep(FlatBufferBuilder& fbb, const Step& step) {
  const auto attributes = fbb.CreateVector(
      std::visit([&](const auto& op) { return AttributeWriter(fbb).Write(op); }, step.op));
  const auto name = fbb.CreateString(step.name);
  const auto op = fbb.CreateSharedString(ops::OpName(step.op));
  const auto inputs = fbb.CreateVector(step.inputs);
  const auto outputs = fbb.CreateVector(step.outputs);
  return fb::CreateStep(fbb, name, op, inputs, outputs, attributes);
}

Offset<fb::Constant> WriteConstant(FlatBufferBuilder& fbb, const Constant& c) {
  const size_t bytes = c.data.num_bytes();
  fbb.ForceVectorAlignment(bytes, 1, kDataAlignment);
  const auto data = fbb.CreateVector(reinterpret_cast<const uint8_t*>(c.data.bytes()), bytes);
  const auto shape = fbb.CreateVector(c.shape);
  return fb::CreateConstant(fbb, c.value, static_cast<uint8_t>(c.stored_dtype),
                            static_cast<uint8_t>(c.packing), shape, data);
}

Offset<fb::Port> WritePort(FlatBufferBuilder& fbb, const Port& port) {
  const auto declared = fbb.CreateVector(port.declared_shape);
  const auto frozen = fbb.CreateVector(port.default_shape);
  return fb::CreatePort(fbb, port.value, port.rank_known, declared, frozen);
}

// No list where the channels are alike: the single number is enough.
Offset<flatbuffers::Vector<float>> WritePerChannel(FlatBufferBuilder& fbb, const PerChannel& v) {
  if (v == EveryChannel(v[0])) return 0;
  return fbb.CreateVector(v.data(), v.size());
}

Offset<fb::Picture> WritePicture(FlatBufferBuilder& fbb, const PictureConvention& p) {
  const uint8_t other = p.out_nchw ? kNchwLayout : kNhwcLayout;
  const auto scales = WritePerChannel(fbb, p.scale), shifts = WritePerChannel(fbb, p.shift);
  const auto out_scales = WritePerChannel(fbb, p.out_scale);
  const auto out_shifts = WritePerChannel(fbb, p.out_shift);
  return fb::CreatePicture(fbb, p.nchw, p.bgr, p.scale[0], p.shift[0], p.out_scale[0],
                           p.out_shift[0], p.nchw == p.out_nchw ? kSameLayout : other, scales,
                           shifts, out_scales, out_shifts);
}

template <typename T, typename F>
auto WriteAll(FlatBufferBuilder& fbb, const std::vector<T>& items, F write) {
  std::vector<decltype(write(fbb, items[0]))> offsets;
  offsets.reserve(items.size());
  for (const T& item : items) offsets.push_back(write(fbb, item));
  return fbb.CreateVector(offsets);
}

}  // namespace

Result<std::string> WriteProgram(const Program& program) {
  PICABIA_RETURN_IF_ERROR(CheckProgram(program));
  int64_t bytes = 0;
  for (const Constant& c : program.constants) bytes += static_cast<int64_t>(c.data.num_bytes());
  if (bytes > kMaxFileBytes) {
    return ResourceError("program holds " + std::to_string(bytes) +
                         " bytes of constants; the format carries 2 GB at most");
  }
  FlatBufferBuilder fbb;
  const auto constants = WriteAll(fbb, program.constants, WriteConstant);
  const auto values = WriteAll(fbb, program.values, [](FlatBufferBuilder& b, const Value& v) {
    return fb::CreateValue(b, b.CreateString(v.name), static_cast<uint8_t>(v.dtype));
  });
  const auto steps = WriteAll(fbb, program.steps, WriteStep);
  const auto inputs = WriteAll(fbb, program.inputs, WritePort);
  const auto outputs = WriteAll(fbb, program.outputs, WritePort);
  const auto picture = WritePicture(fbb, program.picture);
  const auto compiler = fbb.CreateString(program.compiler_version);
  const auto source = fbb.CreateString(program.source);
  fbb.Finish(fb::CreateProgram(fbb, kFormatVersion, compiler, source, values, steps, constants,
                               inputs, outputs, picture),
             fb::ProgramIdentifier());
  return std::string(reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize());
}

}  // namespace picabia::program
