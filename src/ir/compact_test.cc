// The holders of ir/compact.h: what std::optional and std::vector would do.
#include "ir/compact.h"

#include <gtest/gtest.h>

#include "ir/graph.h"

namespace picabia::ir {
namespace {

static_assert(sizeof(Boxed<Shape>) == 8 && sizeof(ValueIds) == 16);

std::vector<int> Items(const ShortList<int>& list) { return list; }

TEST(Compact, BoxedIsAnOptional) {
  Boxed<Shape> empty, also_empty(std::nullopt), full = Shape{1, 2};
  EXPECT_FALSE(empty || also_empty);
  EXPECT_TRUE(empty == also_empty);
  EXPECT_FALSE(empty == full);
  EXPECT_EQ(empty.value_or(Shape{3}), Shape{3});
  Boxed<Shape> copy = full;
  copy->push_back(3);
  EXPECT_EQ(*full, (Shape{1, 2}));
  EXPECT_EQ(*copy, (Shape{1, 2, 3}));
  full = Boxed<Shape>(std::optional<Shape>());
  EXPECT_FALSE(full.has_value());
  full = copy;
  EXPECT_TRUE(full == copy);
  EXPECT_EQ(std::optional<Shape>(full), (Shape{1, 2, 3}));
  full.reset();
  EXPECT_EQ(std::optional<Shape>(full), std::nullopt);
}

TEST(Compact, ShortListIsAVector) {
  for (int n = 0; n < 9; ++n) {  // on both sides of what stands inside
    ShortList<int> list;
    std::vector<int> expected;
    for (int i = 0; i < n; ++i) {
      list.push_back(i);
      expected.push_back(i);
    }
    EXPECT_EQ(Items(list), expected);
    ShortList<int> copy = list, moved = std::move(list);
    EXPECT_EQ(copy, moved);
    EXPECT_EQ(Items(ShortList<int>(expected)), expected);
    copy.insert(copy.begin() + n / 2, 7);
    expected.insert(expected.begin() + n / 2, 7);
    EXPECT_EQ(Items(copy), expected);
    EXPECT_NE(copy, moved);
    copy.erase(copy.begin());
    expected.erase(expected.begin());
    EXPECT_EQ(Items(copy), expected);
    copy.resize(5, -1);
    expected.resize(5, -1);
    EXPECT_EQ(Items(copy), expected);
    const ShortList<int>& self = copy;
    copy = self;  // itself
    EXPECT_EQ(Items(copy), expected);
    copy.erase(copy.begin() + 1, copy.end());
    EXPECT_EQ(Items(copy), std::vector<int>{expected[0]});
    copy.clear();
    EXPECT_TRUE(copy.empty());
  }
}

}  // namespace
}  // namespace picabia::ir
