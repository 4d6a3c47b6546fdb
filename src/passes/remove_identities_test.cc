// RemoveIdentities: Identities vanish, names of graph outputs stay.
#include "passes/pass_test_util.h"

namespace picabia::passes {
namespace {

TEST(RemoveIdentities, ReadersReadThroughChains) {
  ExpectRewrite(RemoveIdentities, R"(input  %x : float32
const  %v : float32 [1] = {2}
%v/read = Identity(%v)
%v/again = Identity(%v/read)
%y = Binary(%x, %v/again)
output %y
)",
                R"(input  %x : float32
const  %v : float32 [1] = {2}
%y = Binary(%x, %v)
output %y
)");
}

TEST(RemoveIdentities, OutputKeepsItsName) {
  ExpectRewrite(RemoveIdentities, R"(input  %x : float32
%a = Unary(%x)
%early = Unary(%a) {kind=1}
%b = Identity(%a)
%c = Identity(%b)
%late = Unary(%a) {kind=2}
output %c
output %early
output %late
)",
                R"(input  %x : float32
%c = Unary(%x) @a
%early = Unary(%c) {kind=1}
%late = Unary(%c) {kind=2}
output %c
output %early
output %late
)");
}

TEST(RemoveIdentities, OutputsOfInputsConstantsAndOutputsStay) {
  ExpectUntouched(RemoveIdentities, R"(input  %x : float32
const  %k : float32 [1] = {2}
%a = Identity(%x)
%b = Identity(%k)
%c = Unary(%x)
%d = Identity(%c)
output %a
output %b
output %c
output %d
)");
}

TEST(RemoveIdentities, ReadersPassAnIdentityThatStays) {
  EXPECT_EQ(After(RemoveIdentities, R"(input  %x : float32
%a = Unary(%x)
%b = Identity(%a)
%y = Unary(%b)
output %a
output %b
output %y
)"),
            R"(input  %x : float32
%a = Unary(%x)
%b = Identity(%a)
%y = Unary(%a)
output %a
output %b
output %y
)");
}

TEST(RemoveIdentities, ChainOfManyIsLinear) {
  ir::Graph g;
  ir::ValueId last = g.AddValue({"x", DType::kF32, {}, {}, {}});
  g.inputs = {last};
  for (int i = 0; i < 200000; ++i)
    last = g.AddNode("i" + std::to_string(i), ops::Identity{}, {last});
  g.outputs = {g.AddNode("y", ops::Unary{}, {last})};
  EXPECT_EQ(*RemoveIdentities(g), 200000);
  EXPECT_EQ(g.nodes.size(), 1u);
  EXPECT_TRUE(ir::Verify(g).ok());
}

}  // namespace
}  // namespace picabia::passes
