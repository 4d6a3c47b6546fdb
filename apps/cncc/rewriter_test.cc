// The rewriter by itself: what it makes of small sources, that lines stay where they are, and that
// no text upsets it.
#include "apps/cncc/rewriter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "apps/cncc/command_line.h"
#include "apps/cncc/lexer.h"
#include "apps/cncc/nearest.h"

namespace picabia::cncc {
namespace {

std::string User(const std::string& text) { return "# 1 \"k.mlu\"\n" + text; }

TEST(Lexer, KeepsEveryByteAndCountsLines) {
  const std::string text = User(
      "int a = 0x1'0p-3+1e+5; // no comment\nR\"x(\" { )x\" 'c' \"\\\"\" u8\"y\"\n# 7 \"other.h\" "
      "1 3\n::b->c\n");
  const Source source = Lex(text);
  std::string all;
  for (const Token& t : source.tokens) all += t.text;
  EXPECT_EQ(all, text);
  const auto b = std::find_if(source.tokens.begin(), source.tokens.end(),
                              [](const Token& t) { return t.Is("b"); });
  ASSERT_NE(b, source.tokens.end());
  EXPECT_EQ(b->line, 7);
  EXPECT_TRUE(b->system);
  EXPECT_EQ(source.files[static_cast<size_t>(b->file)], "other.h");
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Rewriter, Pieces) {
  const Rewritten r =
      Rewrite(User("__nram__ half pool[64];\n"
                   "__mlu_entry__ void K(half* x, int coreId) {\n"
                   "  __nram__ half a[8], *p = a;\n"
                   "  a[0] = 1.5h + taskId + coreId;\n"
                   "  pool[1] = 2;\n"
                   "}\n"
                   "void Host() { ns::K<int><<<dim, 1, q>>>(x, 1); }\n"));
  EXPECT_TRUE(r.errors.empty());
  EXPECT_EQ(r.kernels, 1);
  EXPECT_TRUE(Has(r.text, "auto& a = ::picabia_bang::Local<0>("));
  EXPECT_TRUE(Has(r.text, "p = a; "));
  EXPECT_TRUE(Has(r.text, "((half)1.5)"));
  EXPECT_TRUE(Has(r.text, "const int taskId = "));
  EXPECT_FALSE(Has(r.text, "const int coreId = "));  // a parameter has the name
  EXPECT_TRUE(Has(r.text, "auto& pool = "));
  EXPECT_TRUE(Has(r.text,
                  "::picabia_bang::Launch(ns::K<int>, \"K\", 0u, "
                  "&picabia_bang_this_module).On(dim, 1, q)(x, 1)"));
  EXPECT_FALSE(Has(r.text, "__nram__"));
}

TEST(Rewriter, LinesStay) {
  const std::string source = User(
      "int before;\n__nram__\nhalf\n  a[2]\n=\n{1,\n2};\nint after;\nvoid f() {\n  int x;\n}\nint "
      "last;\n");
  const Rewritten r = Rewrite(source);
  EXPECT_TRUE(r.errors.empty());
  const auto line_of = [](const std::string& text, const std::string& part) {
    return std::count(text.begin(), text.begin() + static_cast<int64_t>(text.find(part)), '\n');
  };
  for (const char* part : {"int before", "int after", "int x", "int last"})
    EXPECT_EQ(line_of(r.text, part), line_of(source, part)) << r.text;
}

TEST(Rewriter, LeavesOthersAlone) {
  const std::string source =
      "# 1 \"/usr/include/x.h\" 1 3\nstruct S { int taskId; void f() { taskId = 1; } };\n"
      "template <class T> bool g(T a) { return a < b<c<d<int>>>(1); }\n";
  EXPECT_EQ(Rewrite(source).text, source);
}

TEST(Rewriter, SurvivesAnyText) {
  const std::vector<std::string> words = {"__nram__",
                                          "half",
                                          "a",
                                          "[",
                                          "]",
                                          "{",
                                          "}",
                                          "(",
                                          ")",
                                          ";",
                                          "=",
                                          "<",
                                          "<<<",
                                          ">>>",
                                          ">",
                                          "*",
                                          ",",
                                          "::",
                                          "void",
                                          "class",
                                          "\n",
                                          "1h",
                                          "template",
                                          "\"x\"",
                                          "asm",
                                          "#",
                                          "'",
                                          "R\"(",
                                          "__mlu_entry__",
                                          "extern \"C\"",
                                          "namespace",
                                          "taskId",
                                          "using",
                                          "typedef",
                                          "half",
                                          "operator",
                                          "enum",
                                          "->"};
  std::mt19937 random(2026);
  for (int i = 0; i < 20000; ++i) {
    std::string text = "# 1 \"k.mlu\"\n";
    for (unsigned n = random() % 40; n > 0; --n)
      text += words[random() % words.size()] + (random() % 3 ? " " : "");
    Rewrite(text);
  }
}

TEST(Nearest, FindsWhatIsMeant) {
  const std::set<std::string, std::less<>> names = {"__bang_add", "__bang_sub", "__memcpy"};
  EXPECT_EQ(Nearest("__bang_ad", names), "__bang_add");
  EXPECT_EQ(Nearest("__bang_subb", names), "__bang_sub");
  EXPECT_EQ(Nearest("something_else", names), "");
}

TEST(CommandLine, ChoosesTheArchitecture) {
  const auto arch = [](std::vector<std::string> a) { return ReadCncc(a)->arch; };
  EXPECT_EQ(arch({"x.mlu"}), 270);
  EXPECT_EQ(arch({"--bang-mlu-arch=MLU200", "x.mlu"}), 270);
  EXPECT_EQ(arch({"--bang-mlu-arch=mtp_220", "--bang-mlu-arch=mtp_270"}), 270);
  EXPECT_EQ(arch({"--bang-mlu-arch=mtp_220"}), 220);
  EXPECT_EQ(arch({"--bang-mlu-arch=mtp_372"}), 372);
  EXPECT_EQ(arch({"--bang-arch=compute_50"}), 592);
  EXPECT_FALSE(ReadCncc({"--bang-mlu-arch=x"}).ok());
}

}  // namespace
}  // namespace picabia::cncc
