// Slice and StridedSlice. Called by the table in operators.cc. Bounds that are constants become
// attributes of a Slice; what the graph computes is corrected by the masks with nodes beside the
// network and becomes parameters.
#include <algorithm>
#include <limits>
#include <string>

#include "base/element.h"
#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {
namespace {

constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
constexpr int64_t kBegin = std::numeric_limits<int64_t>::min();

std::optional<std::vector<int64_t>> FixedIntegers(const NodeContext& c, ir::ValueId id) {
  const Tensor* tensor = c.builder.FixedValue(id);
  if (tensor == nullptr) return std::nullopt;
  auto values = IntegerValues(*tensor);
  if (!values.ok()) return std::nullopt;
  return *std::move(values);
}

// Integers of 64 bits, so that the bounds that stand for "all" are at hand.
Result<ir::ValueId> Widened(NodeContext& c, ir::ValueId id) {
  if (c.builder.dtype(id) == DType::kI64) return id;
  return AddStep(c, "wide", ops::Cast{DType::kI64}, {id});
}

// `value` where `mask`, else x.
Result<ir::ValueId> Replaced(NodeContext& c, ir::ValueId x, const std::vector<bool>& mask,
                             ir::ValueId value) {
  PICABIA_ASSIGN_OR_RETURN(Tensor flags,
                           Tensor::Create(DType::kBool, {static_cast<int64_t>(mask.size())}));
  for (size_t i = 0; i < mask.size(); ++i) flags.MutableData<Bool>()[i] = Bool(mask[i]);
  const ir::ValueId where =
      c.builder.AddConstant(c.builder.FreshName(c.output + "/mask"), std::move(flags));
  return AddStep(c, "bounds", ops::Where{}, {where, value, x});
}

// kEnd where x is `mark`, else x + by.
Result<ir::ValueId> EndAfter(NodeContext& c, ir::ValueId x, int64_t mark, ir::ValueId by) {
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId marker, AddIntegers(c, "marker", {mark}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId all, AddIntegers(c, "all", {kEnd}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId marked,
                           AddStep(c, "open", ops::Binary{ops::BinaryKind::kEqual}, {x, marker}));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId sum,
                           AddStep(c, "sum", ops::Binary{ops::BinaryKind::kAdd}, {x, by}));
  return AddStep(c, "ends", ops::Where{}, {marked, all, sum});
}

// One slice of the input, axis by axis.
struct Plan {
  std::vector<int64_t> entries;  // of begin, end and strides that cut an axis
  std::vector<int64_t> axes;     // the input's, one for each entry
  std::vector<int64_t> strides;
  std::vector<bool> single, from_begin, to_end;
  std::vector<int64_t> removed;  // axes of the cut input that leave the result
  std::vector<int64_t> added;    // axes of the result that are new
};

struct Masks {
  uint64_t begin, end, ellipsis, new_axis, shrink;
};

Result<Masks> ReadMasks(NodeContext& c) {
  Masks masks{};
  const std::pair<const char*, uint64_t*> fields[] = {{"begin_mask", &masks.begin},
                                                      {"end_mask", &masks.end},
                                                      {"ellipsis_mask", &masks.ellipsis},
                                                      {"new_axis_mask", &masks.new_axis},
                                                      {"shrink_axis_mask", &masks.shrink}};
  for (const auto& [name, field] : fields) {
    PICABIA_ASSIGN_OR_RETURN(const int64_t value, c.attributes.Int(name, 0));
    *field = static_cast<uint64_t>(value);
  }
  if ((masks.ellipsis & (masks.ellipsis - 1)) == 0) return masks;
  return InvalidModel("attribute 'ellipsis_mask' is " + std::to_string(masks.ellipsis) +
                      ", expected at most one bit");
}

Result<Plan> MakePlan(NodeContext& c, const std::vector<int64_t>& strides) {
  PICABIA_ASSIGN_OR_RETURN(const Masks masks, ReadMasks(c));
  const auto has = [](uint64_t mask, size_t i) { return (mask >> i & 1) != 0; };
  if (strides.size() > 32) {
    return InvalidModel("it has " + std::to_string(strides.size()) +
                        " strides, expected at most 32");
  }
  size_t cuts = 0;  // entries that are about an axis of the input
  for (size_t i = 0; i < strides.size(); ++i)
    cuts += has(masks.ellipsis, i) || has(masks.new_axis, i) ? 0 : 1;
  Plan plan;
  size_t axis = 0, result = 0;
  for (size_t i = 0; i < strides.size(); ++i) {
    if (has(masks.ellipsis, i)) {
      PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
      const size_t skipped = rank > cuts ? rank - cuts : 0;
      axis += skipped;
      result += skipped;
      continue;
    }
    if (has(masks.new_axis, i)) {
      plan.added.push_back(static_cast<int64_t>(result++));
      continue;
    }
    const bool single = has(masks.shrink, i);
    if (strides[i] == 0 || (single && strides[i] < 0)) {
      return InvalidModel("stride " + std::to_string(i) + " is " + std::to_string(strides[i]) +
                          (single ? ", expected 1 for one element" : ", expected another number"));
    }
    if (single) plan.removed.push_back(static_cast<int64_t>(axis));
    if (!single) ++result;
    plan.entries.push_back(static_cast<int64_t>(i));
    plan.axes.push_back(static_cast<int64_t>(axis++));
    plan.strides.push_back(single ? 1 : strides[i]);
    plan.single.push_back(single);
    plan.from_begin.push_back(!single && has(masks.begin, i));
    plan.to_end.push_back(!single && has(masks.end, i));
  }
  return plan;
}

// The entries that cut, of a vector that the graph computes.
Result<ir::ValueId> Entries(NodeContext& c, ir::ValueId id, const Plan& plan, size_t all) {
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId wide, Widened(c, id));
  if (plan.entries.size() == all) return wide;
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId index, AddIntegers(c, "entries", plan.entries));
  return AddStep(c, "cut", ops::Gather{0}, {wide, index});
}

// All of an axis, in the direction of the stride.
std::vector<int64_t> AllFrom(const Plan& plan) {
  std::vector<int64_t> all;
  for (const int64_t s : plan.strides) all.push_back(s > 0 ? 0 : kEnd);
  return all;
}
std::vector<int64_t> AllTo(const Plan& plan) {
  std::vector<int64_t> all;
  for (const int64_t s : plan.strides) all.push_back(s > 0 ? kEnd : kBegin);
  return all;
}

bool Any(const std::vector<bool>& flags) {
  return std::find(flags.begin(), flags.end(), true) != flags.end();
}

// Bounds that the graph computes, as parameters behind x.
Result<std::vector<ir::ValueId>> ComputedBounds(NodeContext& c, const Plan& plan, size_t all) {
  PICABIA_ASSIGN_OR_RETURN(ir::ValueId starts, Entries(c, c.inputs[1], plan, all));
  PICABIA_ASSIGN_OR_RETURN(ir::ValueId ends, Entries(c, c.inputs[2], plan, all));
  if (Any(plan.single)) {
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId one, AddIntegers(c, "one", {1}));
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId next, EndAfter(c, starts, -1, one));
    PICABIA_ASSIGN_OR_RETURN(ends, Replaced(c, ends, plan.single, next));
  }
  if (Any(plan.from_begin)) {
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId all_from, AddIntegers(c, "all", AllFrom(plan)));
    PICABIA_ASSIGN_OR_RETURN(starts, Replaced(c, starts, plan.from_begin, all_from));
  }
  if (Any(plan.to_end)) {
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId all_to, AddIntegers(c, "all", AllTo(plan)));
    PICABIA_ASSIGN_OR_RETURN(ends, Replaced(c, ends, plan.to_end, all_to));
  }
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId axes, AddIntegers(c, "axes", plan.axes));
  PICABIA_ASSIGN_OR_RETURN(const ir::ValueId steps, AddIntegers(c, "steps", plan.strides));
  return std::vector<ir::ValueId>{c.inputs[0], starts, ends, axes, steps};
}

// x cut as the plan says; nothing where it cuts no axis.
struct Cut {
  ops::Slice op;
  std::vector<ir::ValueId> inputs;
};

Result<Cut> MakeCut(NodeContext& c, const Plan& plan, size_t all) {
  const auto begin = FixedIntegers(c, c.inputs[1]), end = FixedIntegers(c, c.inputs[2]);
  if (!begin || !end) {
    PICABIA_ASSIGN_OR_RETURN(auto inputs, ComputedBounds(c, plan, all));
    return Cut{{}, std::move(inputs)};
  }
  if (begin->size() != all || end->size() != all) {
    return InvalidModel("it has " + std::to_string(begin->size()) + " begins, " +
                        std::to_string(end->size()) + " ends and " + std::to_string(all) +
                        " strides, expected as many of each");
  }
  Cut cut;
  cut.inputs = {c.inputs[0]};
  const std::vector<int64_t> from = AllFrom(plan), to = AllTo(plan);
  for (size_t k = 0; k < plan.entries.size(); ++k) {
    const auto i = static_cast<size_t>(plan.entries[k]);
    const int64_t first = (*begin)[i];
    cut.op.starts.push_back(plan.from_begin[k] ? from[k] : first);
    int64_t last = plan.to_end[k] ? to[k] : (*end)[i];
    if (plan.single[k]) last = first == -1 || first == kEnd ? kEnd : first + 1;
    cut.op.ends.push_back(last);
  }
  cut.op.axes = plan.axes;
  cut.op.steps = plan.strides;
  return cut;
}

}  // namespace

Result<ir::ValueId> ConvertStridedSlice(NodeContext& c) {
  const char* roles[] = {"", "the begin", "the end", "the strides"};
  for (size_t i = 1; i < 4; ++i) PICABIA_RETURN_IF_ERROR(CheckIntegers(c, i, roles[i]));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<int64_t> strides,
                           ConstantIntegers(c, 3, "the strides"));
  PICABIA_ASSIGN_OR_RETURN(const Plan plan, MakePlan(c, strides));
  // Slice, Squeeze, Unsqueeze, as far as they do something; the last one is the node itself.
  std::vector<std::pair<const char*, ops::Op>> steps;
  if (!plan.entries.empty()) {
    PICABIA_ASSIGN_OR_RETURN(Cut cut, MakeCut(c, plan, strides.size()));
    c.inputs = std::move(cut.inputs);
    steps.push_back({"cut", std::move(cut.op)});
  } else {
    c.inputs.resize(1);
  }
  if (!plan.removed.empty()) steps.push_back({"single", ops::Squeeze{plan.removed}});
  if (!plan.added.empty()) steps.push_back({"more", ops::Unsqueeze{plan.added}});
  if (steps.empty()) return AddNode(c, ops::Identity{});
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId y,
                             AddStep(c, steps[i].first, std::move(steps[i].second), c.inputs));
    c.inputs = {y};
  }
  return AddNode(c, std::move(steps.back().second));
}

// A size of -1 is all that is left.
Result<ir::ValueId> ConvertSlice(NodeContext& c) {
  PICABIA_RETURN_IF_ERROR(CheckIntegers(c, 1, "the begin"));
  PICABIA_RETURN_IF_ERROR(CheckIntegers(c, 2, "the size"));
  const auto begin = FixedIntegers(c, c.inputs[1]), size = FixedIntegers(c, c.inputs[2]);
  if (!begin || !size) {
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId starts, Widened(c, c.inputs[1]));
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId sizes, Widened(c, c.inputs[2]));
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId ends, EndAfter(c, sizes, -1, starts));
    c.inputs = {c.inputs[0], starts, ends};
    return AddNode(c, ops::Slice{});
  }
  const Shape* x = c.builder.FrozenShape(c.inputs[0]);
  if (begin->size() != size->size() || (x != nullptr && x->size() != begin->size())) {
    return InvalidModel("it has " + std::to_string(begin->size()) + " begins and " +
                        std::to_string(size->size()) + " sizes, expected one of each an axis");
  }
  ops::Slice op;
  for (size_t i = 0; i < begin->size(); ++i) {
    const int64_t first = (*begin)[i], count = (*size)[i];
    const bool fits = first >= 0 && count >= -1 && first <= INT32_MAX && count <= INT32_MAX &&
                      (x == nullptr || first + std::max<int64_t>(count, 0) <= (*x)[i]);
    if (!fits) {
      return InvalidModel("it takes " + std::to_string(count) + " elements from element " +
                          std::to_string(first) + " of axis " + std::to_string(i) +
                          (x == nullptr ? "" : " of " + ShapeString(*x)));
    }
    op.starts.push_back(first);
    op.ends.push_back(count == -1 ? kEnd : first + count);
  }
  c.inputs.resize(1);
  return AddNode(c, std::move(op));
}

}  // namespace picabia::import::tensorflow
