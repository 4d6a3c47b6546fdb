// From tensors to attributes. Called by the shape rules and by everything that runs operators.
#include "ops/parameters.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace picabia::ops {
namespace {

class Absorber {
 public:
  Absorber(std::span<const TensorType> types, std::span<const Tensor* const> values)
      : types_(types), values_(values) {}

  template <typename T>
  Result<Op> operator()(T op) const {
    if constexpr (requires(Absorber a) { a.Take(op); }) PICABIA_RETURN_IF_ERROR(Take(op));
    return Op(std::move(op));
  }

  Status Take(Reshape& op) const { return Set(1, "shape", op.shape); }
  Status Take(Expand& op) const { return Set(1, "shape", op.shape); }
  Status Take(Tile& op) const { return Set(1, "repeats", op.repeats); }
  Status Take(Split& op) const { return Set(1, "sizes", op.sizes); }
  Status Take(Reduce& op) const {
    PICABIA_RETURN_IF_ERROR(SetAxes(1, Rank(), op.axes));
    if (!op.axes.empty()) op.empty_is_all = false;
    return OkStatus();
  }
  Status Take(CumSum& op) const {
    std::vector<int64_t> axis;
    PICABIA_RETURN_IF_ERROR(SetAxes(1, Rank(), axis));
    if (axis.size() != 1)
      return InvalidArgument(Label(1, "axis") + "found " + std::to_string(axis.size()) +
                             " numbers, expected one");
    op.axis = axis[0];
    return OkStatus();
  }
  Status Take(Squeeze& op) const { return SetAxes(1, Rank(), op.axes); }
  Status Take(Unsqueeze& op) const {
    std::vector<int64_t> axes;
    PICABIA_RETURN_IF_ERROR(Set(1, "axes", axes));
    PICABIA_ASSIGN_OR_RETURN(op.axes, NormalizeAxes(axes, Rank() + axes.size()));
    return OkStatus();
  }
  Status Take(Slice& op) const {
    PICABIA_RETURN_IF_ERROR(Set(1, "starts", op.starts));
    PICABIA_RETURN_IF_ERROR(Set(2, "ends", op.ends));
    if (Has(3)) {
      PICABIA_RETURN_IF_ERROR(Set(3, "axes", op.axes));
      for (int64_t& axis : op.axes) {
        PICABIA_ASSIGN_OR_RETURN(axis, NormalizeAxis(axis, Rank()));
      }
    }
    return Has(4) ? Set(4, "steps", op.steps) : OkStatus();
  }
  Status Take(Pad& op) const {
    PICABIA_RETURN_IF_ERROR(TakePads(op));
    if (Has(2)) PICABIA_RETURN_IF_ERROR(TakePadValue(op));
    return Has(3) ? SpreadPads(op) : OkStatus();
  }
  Status Take(Resize& op) const {
    if (!Has(1)) return OkStatus();
    PICABIA_ASSIGN_OR_RETURN(const Tensor* t, Parameter(1, "scales or sizes"));
    if (!(t->dtype() == DType::kF32)) return Set(1, "sizes", op.sizes);
    PICABIA_ASSIGN_OR_RETURN(op.scales, FloatValues(*t));
    return OkStatus();
  }
  Status Take(SpaceToBatch& op) const { return SetEdges("pads", op.pads); }
  Status Take(BatchToSpace& op) const { return SetEdges("crops", op.crops); }

 private:
  bool Has(size_t i) const { return i < types_.size(); }
  size_t Rank() const { return types_[0].shape.size(); }

  static std::string Label(size_t i, const char* role) {
    return "input " + std::to_string(i) + " (" + role + "): ";
  }

  Result<const Tensor*> Parameter(size_t i, const char* role) const {
    if (i >= values_.size() || values_[i] == nullptr)
      return Unsupported(Label(i, role) + "its contents are not known before the graph runs");
    const Tensor* t = values_[i];
    if (t->num_elements() <= kMaxParameterElements) return t;
    return InvalidArgument(Label(i, role) + "found " + std::to_string(t->num_elements()) +
                           " elements, expected at most " + std::to_string(kMaxParameterElements));
  }

  Status Set(size_t i, const char* role, std::vector<int64_t>& field) const {
    if (!Has(i)) return OkStatus();
    PICABIA_ASSIGN_OR_RETURN(const Tensor* t, Parameter(i, role));
    if ((t->dtype() != DType::kI64 && t->dtype() != DType::kI32) || t->rank() > 1)
      return InvalidArgument(Label(i, role) + "found " + DTypeName(t->dtype()) + " " +
                             ShapeString(t->shape()) + ", expected a vector of int32 or int64");
    PICABIA_ASSIGN_OR_RETURN(field, IntegerValues(*t));
    return OkStatus();
  }

  Status SetAxes(size_t i, size_t rank, std::vector<int64_t>& field) const {
    if (!Has(i)) return OkStatus();
    PICABIA_RETURN_IF_ERROR(Set(i, "axes", field));
    PICABIA_ASSIGN_OR_RETURN(field, NormalizeAxes(field, rank));
    return OkStatus();
  }

  // [2, 2]: height before and after, width before and after -> top, left, bottom, right.
  Status SetEdges(const char* role, std::array<int64_t, 4>& field) const {
    if (!Has(1)) return OkStatus();
    PICABIA_ASSIGN_OR_RETURN(const Tensor* t, Parameter(1, role));
    if (t->shape() != Shape{2, 2})
      return InvalidArgument(Label(1, role) + "found shape " + ShapeString(t->shape()) +
                             ", expected [2, 2]");
    PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> v, IntegerValues(*t));
    field = {v[0], v[2], v[1], v[3]};
    return OkStatus();
  }

  Status TakePads(Pad& op) const {
    if (!Has(1)) return OkStatus();
    PICABIA_ASSIGN_OR_RETURN(const Tensor* t, Parameter(1, "pads"));
    const bool pairs = t->rank() == 2 && t->shape()[1] == 2;
    if (!pairs && (t->rank() != 1 || t->num_elements() % 2 != 0))
      return InvalidArgument(Label(1, "pads") + "found shape " + ShapeString(t->shape()) +
                             ", expected [2 * rank] or [rank, 2]");
    PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> v, IntegerValues(*t));
    const size_t n = v.size() / 2;
    op.before.clear();
    op.after.clear();
    for (size_t i = 0; i < n; ++i) {
      op.before.push_back(pairs ? v[2 * i] : v[i]);
      op.after.push_back(pairs ? v[2 * i + 1] : v[n + i]);
    }
    return OkStatus();
  }

  Status TakePadValue(Pad& op) const {
    PICABIA_ASSIGN_OR_RETURN(const Tensor* t, Parameter(2, "value"));
    if (t->num_elements() != 1)
      return InvalidArgument(Label(2, "value") + "found shape " + ShapeString(t->shape()) +
                             ", expected one element");
    PICABIA_ASSIGN_OR_RETURN(const std::vector<float> v, FloatValues(*t));
    op.value = v[0];
    return OkStatus();
  }

  // Pads of chosen axes become pads of all.
  Status SpreadPads(Pad& op) const {
    std::vector<int64_t> axes;
    PICABIA_RETURN_IF_ERROR(Set(3, "axes", axes));
    if (axes.size() != op.before.size())
      return InvalidArgument(Label(1, "pads") + "found " + std::to_string(op.before.size()) +
                             " pairs, expected one for each of " + std::to_string(axes.size()) +
                             " axes");
    PICABIA_RETURN_IF_ERROR(NormalizeAxes(axes, Rank()).status());
    std::vector<int64_t> before(Rank(), 0), after(Rank(), 0);
    for (size_t i = 0; i < axes.size(); ++i) {
      PICABIA_ASSIGN_OR_RETURN(const int64_t axis, NormalizeAxis(axes[i], Rank()));
      before[static_cast<size_t>(axis)] = op.before[i];
      after[static_cast<size_t>(axis)] = op.after[i];
    }
    op.before = std::move(before);
    op.after = std::move(after);
    return OkStatus();
  }

  std::span<const TensorType> types_;
  std::span<const Tensor* const> values_;
};

}  // namespace

size_t DataInputs(const Op& op) {
  return std::visit(
      [&](const auto& o) -> size_t {
        using T = std::decay_t<decltype(o)>;
        if constexpr (requires { T::kDataInputs; }) return T::kDataInputs;
        return InputArity(op).max;
      },
      op);
}

Result<Op> Absorb(const Op& op, std::span<const TensorType> types,
                  std::span<const Tensor* const> values) {
  if (!HasParameters(op, types.size())) return op;
  PICABIA_ASSIGN_OR_RETURN(Op absorbed, std::visit(Absorber(types, values), op));
  PICABIA_RETURN_IF_ERROR(CheckAttributes(absorbed));
  return absorbed;
}

}  // namespace picabia::ops
