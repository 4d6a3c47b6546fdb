// Custom operators; see custom.h.
#include "import/custom.h"

#include <utility>
#include <vector>

#include "import/names.h"
#include "import/tensorflow/graph_def.h"

namespace picabia::import {
namespace {

Result<ops::CustomAttribute> AttributeOf(const Attribute& a) {
  using Kind = Attribute::Kind;
  ops::CustomAttribute out{std::string(a.name), {}};
  switch (a.kind) {
    case Kind::kInt:
      out.value = std::vector<int64_t>{a.integer};
      return out;
    case Kind::kFloat:
      out.value = std::vector<double>{static_cast<double>(a.number)};
      return out;
    case Kind::kString:
      out.value = std::string(a.bytes);
      return out;
    case Kind::kInts:
      out.value = a.ints;
      return out;
    case Kind::kFloats:
      out.value = std::vector<double>(a.floats.begin(), a.floats.end());
      return out;
    case Kind::kShape:
      if (!a.shape) break;
      out.value = *a.shape;
      return out;
    case Kind::kType: {  // only TensorFlow has them
      PICABIA_ASSIGN_OR_RETURN(const DType dtype, tensorflow::ToDType(a.integer));
      out.value = std::string(DTypeName(dtype));
      return out;
    }
    default:
      break;
  }
  return Unsupported("attribute " + Quoted(a.name) + " is " + KindName(a.kind) +
                     ", which no custom operator can be given");
}

}  // namespace

Result<ir::ValueId> ConvertCustom(ConverterContext& context, const CustomType& custom) {
  std::vector<ops::CustomAttribute> attributes;
  for (const Attribute& a : context.attributes.TakeAll()) {
    if (a.name.starts_with('_')) continue;  // TensorFlow's private remarks
    PICABIA_ASSIGN_OR_RETURN(ops::CustomAttribute attribute, AttributeOf(a));
    attributes.push_back(std::move(attribute));
  }
  std::vector<DType> types;
  for (size_t i = 0; i < context.inputs.size(); ++i) {
    if (!context.HasInput(i)) return Unsupported("input " + std::to_string(i) + " is left out");
    types.push_back(context.builder.dtype(context.inputs[i]));
  }
  PICABIA_ASSIGN_OR_RETURN(
      ops::Custom op,
      ops::MakeCustom(custom.type, custom.implementation, ops::WriteAttributes(attributes), types));
  return AddNode(context, std::move(op));
}

}  // namespace picabia::import
