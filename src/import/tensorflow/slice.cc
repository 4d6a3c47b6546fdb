// Slice and StridedSlice. Called by the table in operators.cc.
#include <cstdint>
#include <string>

#include "import/tensorflow/operators.h"

namespace picabia::import::tensorflow {
namespace {

// The five masks of StridedSlice; bit i speaks of entry i.
struct Masks {
  int64_t begin = 0, end = 0, ellipsis = 0, new_axis = 0, shrink = 0;

  static bool Has(int64_t mask, size_t i) { return i < 63 && (mask >> i & 1) != 0; }
};

Result<Masks> ParseMasks(NodeContext& c) {
  Masks m;
  PICABIA_ASSIGN_OR_RETURN(m.begin, c.attributes.Int("begin_mask", 0));
  PICABIA_ASSIGN_OR_RETURN(m.end, c.attributes.Int("end_mask", 0));
  PICABIA_ASSIGN_OR_RETURN(m.ellipsis, c.attributes.Int("ellipsis_mask", 0));
  PICABIA_ASSIGN_OR_RETURN(m.new_axis, c.attributes.Int("new_axis_mask", 0));
  PICABIA_ASSIGN_OR_RETURN(m.shrink, c.attributes.Int("shrink_axis_mask", 0));
  return m;
}

// x[begin:end:stride, ...] in parts: a slice, axes to drop, axes to add.
struct Indexing {
  ops::Slice slice;
  std::vector<int64_t> dropped;  // axes of x
  std::vector<int64_t> added;    // axes of the result
};

class Indexer {
 public:
  Indexer(const Masks& masks, size_t rank) : masks_(masks), rank_(rank) {}

  Result<Indexing> Run(const std::vector<int64_t>& begin, const std::vector<int64_t>& end,
                       const std::vector<int64_t>& strides) {
    if (end.size() != begin.size() || strides.size() != begin.size())
      return InvalidModel("begin, end and strides have " + std::to_string(begin.size()) + ", " +
                          std::to_string(end.size()) + " and " + std::to_string(strides.size()) +
                          " elements, expected as many");
    size_t taken = 0, ellipses = 0;  // axes of x that entries name
    for (size_t i = 0; i < begin.size(); ++i) {
      const bool ellipsis = Masks::Has(masks_.ellipsis, i);
      ellipses += ellipsis ? 1 : 0;
      taken += !ellipsis && !Masks::Has(masks_.new_axis, i) ? 1 : 0;
    }
    if (ellipses > 1) return InvalidModel("attribute 'ellipsis_mask' has more than one ellipsis");
    if (taken > rank_)
      return InvalidModel("it indexes " + std::to_string(taken) + " axes of a tensor of rank " +
                          std::to_string(rank_));
    for (size_t i = 0; i < begin.size(); ++i) {
      if (Masks::Has(masks_.ellipsis, i)) {
        axis_ += static_cast<int64_t>(rank_ - taken);
        result_axis_ += static_cast<int64_t>(rank_ - taken);
      } else if (Masks::Has(masks_.new_axis, i)) {
        out_.added.push_back(result_axis_++);
      } else {
        PICABIA_RETURN_IF_ERROR(TakeAxis(i, begin[i], end[i], strides[i]));
      }
    }
    return std::move(out_);
  }

 private:
  Status TakeAxis(size_t i, int64_t begin, int64_t end, int64_t stride) {
    if (stride == 0) return InvalidModel("stride " + std::to_string(i) + " is 0");
    const bool shrink = Masks::Has(masks_.shrink, i);
    if (shrink) {
      if (stride < 0)
        return InvalidModel("a single index has a stride of " + std::to_string(stride));
      out_.dropped.push_back(axis_);
      end = begin == -1 ? INT64_MAX : begin + 1;
      stride = 1;
    } else {
      if (Masks::Has(masks_.begin, i)) begin = stride > 0 ? 0 : INT64_MAX;
      if (Masks::Has(masks_.end, i)) end = stride > 0 ? INT64_MAX : INT64_MIN;
      ++result_axis_;
    }
    out_.slice.axes.push_back(axis_++);
    out_.slice.starts.push_back(begin);
    out_.slice.ends.push_back(end);
    out_.slice.steps.push_back(stride);
    return OkStatus();
  }

  const Masks masks_;
  const size_t rank_;
  int64_t axis_ = 0;         // of x
  int64_t result_axis_ = 0;  // of the result
  Indexing out_;
};

}  // namespace

Result<ir::ValueId> ConvertStridedSlice(NodeContext& c) {
  PICABIA_ASSIGN_OR_RETURN(const Masks masks, ParseMasks(c));
  PICABIA_ASSIGN_OR_RETURN(const auto begin, ConstantIntegers(c, 1, "begin"));
  PICABIA_ASSIGN_OR_RETURN(const auto end, ConstantIntegers(c, 2, "end"));
  PICABIA_ASSIGN_OR_RETURN(const auto strides, ConstantIntegers(c, 3, "strides"));
  PICABIA_ASSIGN_OR_RETURN(const size_t rank, RankOf(c, 0));
  PICABIA_ASSIGN_OR_RETURN(Indexing indexing, Indexer(masks, rank).Run(begin, end, strides));
  std::vector<ops::Op> steps = {std::move(indexing.slice)};
  if (!indexing.dropped.empty()) steps.push_back(ops::Squeeze{std::move(indexing.dropped)});
  if (!indexing.added.empty()) steps.push_back(ops::Unsqueeze{std::move(indexing.added)});
  return AddSequence(c, std::move(steps));
}

// begin, and sizes of which -1 means the rest.
Result<ir::ValueId> ConvertSlice(NodeContext& c) {
  ops::Slice op;
  PICABIA_ASSIGN_OR_RETURN(op.starts, ConstantIntegers(c, 1, "begin"));
  PICABIA_ASSIGN_OR_RETURN(const auto sizes, ConstantIntegers(c, 2, "size"));
  if (sizes.size() != op.starts.size())
    return InvalidModel("begin and size have " + std::to_string(op.starts.size()) + " and " +
                        std::to_string(sizes.size()) + " elements, expected as many");
  const Shape* x = c.builder.FrozenShape(c.inputs[0]);
  for (size_t i = 0; i < sizes.size(); ++i) {
    const int64_t start = op.starts[i], size = sizes[i];
    if (start < 0 || start > INT32_MAX || size < -1 || size > INT32_MAX)
      return InvalidModel("it begins at " + std::to_string(start) + " with size " +
                          std::to_string(size) + ", expected a begin >= 0 and a size >= -1");
    if (x != nullptr && i < x->size() && size >= 0 && start + size > (*x)[i])
      return InvalidModel("it takes " + std::to_string(size) + " elements from " +
                          std::to_string(start) + " on of axis " + std::to_string(i) + " of " +
                          ShapeString(*x));
    op.ends.push_back(size < 0 ? INT64_MAX : start + size);
  }
  c.inputs.resize(1);
  return AddNode(c, std::move(op));
}

}  // namespace picabia::import::tensorflow
