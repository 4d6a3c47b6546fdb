// What a file is taken for, and the small helpers that both importers share.
#include <gtest/gtest.h>

#include <string>

#include "import/import.h"
#include "import/names.h"
#include "import/order.h"
#include "import/testing/messages.h"

namespace picabia::import {
namespace {

using namespace std::string_literals;
using testing::Error;

Result<ModelFormat> Detect(const std::string& bytes) {
  return DetectFormat(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

void ExpectRefused(const std::string& bytes, const std::string& part) {
  const auto format = Detect(bytes);
  ASSERT_FALSE(format.ok());
  EXPECT_NE(format.status().message().find(part), std::string::npos) << format.status().message();
  EXPECT_NE(format.status().message().find("expected a frozen TensorFlow graph"),
            std::string::npos);
  EXPECT_TRUE(Error(bytes).starts_with("m.pb: the file ")) << Error(bytes);
}

TEST(Detect, case_001_002_EmptyAndShort) {
  ExpectRefused("", "the file is empty");
  ExpectRefused("\x01\x02\x03\x04\x05\x06\x07\x08", "no protobuf message");
  ExpectRefused(std::string(8, '\0'), "no protobuf message");
  ExpectRefused("\x7F", "no protobuf message");
}

TEST(Detect, case_003_OtherFiles) {
  ExpectRefused("hello, world\n", "text, which begins 'hello, world\\x0a'");
  ExpectRefused("  \n\n", "nothing but white space");
  ExpectRefused("<!DOCTYPE html>\n<html>", "an HTML or XML page");
  ExpectRefused("\n<html>", "an HTML or XML page");
  ExpectRefused("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 6737508\n",
                "a Git LFS pointer");
  ExpectRefused("node {\n  name: \"x\"\n}\n", "protobuf text form (pbtxt)");
  ExpectRefused("ir_version: 8\n", "protobuf text form (pbtxt)");
  ExpectRefused("\x89PNG\r\n\x1a\n"s, "a PNG picture");
  ExpectRefused("\xFF\xD8\xFF\xE0", "a JPEG picture");
  ExpectRefused("\x7FMEF\x01\x02"s, "a Cambricon offline model");
  ExpectRefused("\x20\0\0\0PICB\0\0"s, "a compiled Picabia program");
  ExpectRefused("\x1C\0\0\0TFL3\0\0"s, "a TensorFlow Lite model");
  ExpectRefused("PK\x03\x04", "a zip archive");
  ExpectRefused("\x7F"s + "ELF", "an ELF program");
  ExpectRefused("\x93NUMPY", "a NumPy array");
}

TEST(Detect, FormatsByStructure) {
  const std::string tensorflow = testing::tf::Graph({testing::tf::Placeholder("x", {1})});
  EXPECT_EQ(*Detect(tensorflow), ModelFormat::kTensorFlow);
  testing::onnx::Model model;
  EXPECT_EQ(*Detect(model.Bytes()), ModelFormat::kOnnx);
  EXPECT_EQ(*Detect(model.Bytes().substr(0, 4)), ModelFormat::kOnnx);  // cut short
  // Versions first: the order of fields is free.
  const std::string versions = testing::Write([](auto& w) { w.add_message(4, "\x08\x26"s); });
  EXPECT_EQ(*Detect(versions + tensorflow), ModelFormat::kTensorFlow);
  const std::string saved_model = testing::Write([&](auto& w) {
    w.add_int64(1, 1);
    w.add_message(2, tensorflow);
  });
  ExpectRefused(saved_model, "a TensorFlow SavedModel");
  ExpectRefused(testing::Write([](auto& w) { w.add_message(4, "\x08\x26"s); }), "no graph in it");
}

TEST(Import, FilesThatCannotBeOpened) {
  const auto missing = ImportModel("/nonexistent/model.pb");
  EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(missing.status().message().starts_with("/nonexistent/model.pb: "));
  EXPECT_FALSE(ImportModel("/dev/zero").ok());
  EXPECT_FALSE(ImportModel("/").ok());
}

TEST(Import, FromAFile) {
  const std::string path = ::testing::TempDir() + "picabia_import_test.pb";
  const std::string bytes = testing::tf::Graph(
      {testing::tf::Placeholder("x", {1, 4, 4, 3}), testing::tf::Node("y", "Relu", {"x"})});
  ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  const auto graph = ImportModel(path);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph->source, path);
  auto file = FileBytes::Open(path);
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(ImportTensorFlow(*file, "a").ok());
  const auto wrong = ImportOnnx(*file, "named");
  EXPECT_TRUE(wrong.status().message().starts_with("named: ")) << wrong.status().message();
  std::remove(path.c_str());
}

TEST(Names, Quoted) {
  EXPECT_EQ(Quoted("conv/1"), "'conv/1'");
  EXPECT_EQ(Quoted("a\tb\x7F"), "'a\\x09b\\x7f'");
  EXPECT_EQ(Quoted("it's\\"), "'it\\x27s\\x5c'");
  EXPECT_EQ(Quoted("gr\xC3\xB6\xC3"), "'gr\xC3\xB6\\xc3'");
  EXPECT_EQ(Quoted("\xC0\xAF\xED\xA0\x80"), "'\\xc0\\xaf\\xed\\xa0\\x80'");  // overlong, surrogate
  EXPECT_EQ(Quoted("\xC2\x85"), "'\\xc2\\x85'");                             // a C1 control
  EXPECT_EQ(Quoted("\xF0\x9F\x8E\xA8"), "'\xF0\x9F\x8E\xA8'");
  const std::string name = Quoted(std::string(119, 'a') + "\xF0\x9F\x8E\xA8" + "b");
  EXPECT_EQ(name, "'" + std::string(119, 'a') + "\xF0\x9F\x8E\xA8... (124 bytes)'");
}

TEST(Names, Check) {
  EXPECT_TRUE(CheckName("a", "node").ok());
  EXPECT_TRUE(CheckName(std::string(kMaxNameBytes, 'a'), "node").ok());
  EXPECT_FALSE(CheckName(std::string(kMaxNameBytes + 1, 'a'), "node").ok());
  EXPECT_FALSE(CheckName("", "node").ok());
  EXPECT_FALSE(CheckName("\xF4\x90\x80\x80", "node").ok());  // beyond Unicode
}

TEST(Names, Index) {
  const NameIndex index({"b", "a", "", "b"});
  EXPECT_EQ(index.Find("a"), 1);
  EXPECT_EQ(index.Find("b"), 0);
  EXPECT_EQ(index.Find(""), 2);
  EXPECT_EQ(index.Find("c"), -1);
  EXPECT_EQ(index.Duplicate(), (std::pair<int32_t, int32_t>(0, 3)));
  EXPECT_FALSE(NameIndex({"a", "b"}).Duplicate().has_value());
  EXPECT_EQ(NameIndex().Find("a"), -1);
}

Edges EdgesOf(const std::vector<std::vector<int32_t>>& lists) {
  Edges edges;
  for (const auto& list : lists) {
    edges.from.insert(edges.from.end(), list.begin(), list.end());
    edges.EndNode();
  }
  return edges;
}

TEST(Order, KeepsAnOrderThatIsRight) {
  EXPECT_EQ(TopologicalOrder(EdgesOf({{}, {0}, {0, 1}, {}})).nodes,
            (std::vector<int32_t>{0, 1, 2, 3}));
  EXPECT_EQ(TopologicalOrder(EdgesOf({{2, 2}, {0}, {3}, {}})).nodes,
            (std::vector<int32_t>{3, 2, 0, 1}));
  EXPECT_TRUE(TopologicalOrder(Edges()).nodes.empty());
}

TEST(Order, NamesACycle) {
  EXPECT_EQ(TopologicalOrder(EdgesOf({{0}})).cycle, (std::vector<int32_t>{0}));
  const auto cycle = TopologicalOrder(EdgesOf({{1}, {2}, {3}, {1}})).cycle;
  EXPECT_EQ(cycle, (std::vector<int32_t>{3, 2, 1}));  // 2 reads 3, 1 reads 2, 3 reads 1
}

}  // namespace
}  // namespace picabia::import
