// Plans of the sizes seen last.
#pragma once

#include <map>
#include <memory>

#include "base/tensor.h"

namespace picabia::cpu {

// The plan for an input of this shape, made at its first use.
template <typename Plan, typename Make>
std::shared_ptr<const Plan> PlanFor(std::map<Shape, std::shared_ptr<const Plan>>& plans,
                                    const Shape& x, Make make) {
  if (const auto it = plans.find(x); it != plans.end()) return it->second;
  constexpr size_t kKeptSizes = 16;  // a server that sees every size must not grow for ever
  if (plans.size() >= kKeptSizes) plans.clear();
  std::shared_ptr<const Plan> plan = make();
  plans[x] = plan;
  return plan;
}

}  // namespace picabia::cpu
