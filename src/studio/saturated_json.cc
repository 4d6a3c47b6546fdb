// See saturated_json.h.
#include "studio/saturated_json.h"

namespace picabia::studio {

nlohmann::ordered_json SaturatedJson(const std::vector<mlu::SaturatedMean>& means) {
  auto all = nlohmann::ordered_json::array();
  for (const mlu::SaturatedMean& m : means) {
    all.push_back({{"node", m.node},
                   {"what", m.what},
                   {"channels", m.channels},
                   {"saturated", m.saturated},
                   {"limit", m.limit},
                   {"exact", m.exact},
                   {"given", m.given}});
  }
  return all;
}

}  // namespace picabia::studio
