// Tests of what `stylize` reads and writes.
#include "apps/cli/jobs.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace picabia::cli {
namespace {

namespace fs = std::filesystem;

class Jobs : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(studio::StartPictures("cli_test", 1).ok());
    std::string name = (fs::temp_directory_path() / "jobs_test.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Make(const std::string& name, const std::string& text = "x") {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  std::string In(const std::string& name) { return (folder_ / name).string(); }

  fs::path folder_;
};

TEST_F(Jobs, OneFileToOneFile) {
  const auto list = PlanJobs({.inputs = {Make("a.jpg")}, .output = In("b.webp")});
  ASSERT_TRUE(list.ok()) << list.status().message();
  ASSERT_EQ(list->jobs.size(), 1u);
  EXPECT_EQ(list->jobs[0].output, In("b.webp"));
  EXPECT_EQ(list->jobs[0].format, studio::PictureFormat::kWebp);
  EXPECT_FALSE(list->to_folder);
}

TEST_F(Jobs, SeveralFilesGoToAFolderUnderTheirNames) {
  const auto list = PlanJobs({.inputs = {Make("a.jpg"), Make("b.heic"), "-"}, .output = In("out")});
  ASSERT_TRUE(list.ok()) << list.status().message();
  ASSERT_EQ(list->jobs.size(), 3u);
  EXPECT_EQ(list->jobs[0].output, In("out/a.jpg"));
  EXPECT_EQ(list->jobs[0].format, studio::PictureFormat::kJpeg);
  EXPECT_EQ(list->jobs[1].output, In("out/b.png"));
  EXPECT_EQ(list->jobs[2].output, In("out/stdin.png"));
  EXPECT_FALSE(fs::exists(In("out")));
  ASSERT_TRUE(CreateFolders(*list).ok());
  EXPECT_TRUE(fs::is_directory(In("out")));
}

TEST_F(Jobs, FoldersAreOpened) {
  Make("in/b.jpg");
  Make("in/a.png");
  Make("in/notes.txt");
  Make("in/.hidden.png");
  Make("in/deep/c.png");
  const auto flat = PlanJobs({.inputs = {In("in")}, .output = In("out")});
  ASSERT_TRUE(flat.ok()) << flat.status().message();
  ASSERT_EQ(flat->jobs.size(), 2u);
  EXPECT_EQ(flat->jobs[0].output, In("out/a.png"));
  EXPECT_EQ(flat->skipped, std::vector<std::string>{In("in/notes.txt")});
  const auto deep =
      PlanJobs({.inputs = {In("in")}, .output = In("out"), .format = "webp", .recursive = true});
  ASSERT_TRUE(deep.ok()) << deep.status().message();
  ASSERT_EQ(deep->jobs.size(), 3u);
  EXPECT_EQ(deep->jobs[2].output, In("out/deep/c.webp"));
}

TEST_F(Jobs, AFolderWithoutPicturesFails) {
  Make("in/notes.txt");
  const auto list = PlanJobs({.inputs = {In("in")}, .output = In("out")});
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.status().code(), StatusCode::kNotFound);
}

TEST_F(Jobs, NoInputIsWrittenOver) {
  const std::string a = Make("a.png");
  const std::string b = Make("b.png");
  fs::create_symlink(a, In("link.png"));
  fs::create_hard_link(a, In("hard.png"));
  fs::create_directory(In("out"));
  fs::create_symlink(b, In("out/a.png"));
  for (const auto& [inputs, output] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{{{a}, a},
                                                                     {{a}, In("link.png")},
                                                                     {{In("link.png")}, a},
                                                                     {{a}, In("hard.png")},
                                                                     {{a}, In("./out/../a.png")},
                                                                     {{a, b}, folder_.string()},
                                                                     {{a, b}, In("out")}}) {
    const auto list = PlanJobs({.inputs = inputs, .output = output});
    ASSERT_FALSE(list.ok()) << output;
    EXPECT_EQ(list.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(list.status().message().find("would overwrite the input"), std::string::npos);
  }
  EXPECT_FALSE(PlanJobs({.inputs = {a}, .output = b, .model = b}).ok());
  EXPECT_TRUE(PlanJobs({.inputs = {a}, .output = b}).ok());
}

TEST_F(Jobs, MisuseIsFoundBeforeWorkStarts) {
  const std::string a = Make("a.png");
  const std::string same = Make("other/a.png");
  for (const JobOptions& options :
       {JobOptions{.inputs = {a, same}, .output = In("out")},
        JobOptions{.inputs = {a, Make("b.png")}, .output = In("other/a.png")},
        JobOptions{.inputs = {a, same}, .output = "-"},
        JobOptions{.inputs = {"-", "-"}, .output = In("out")},
        JobOptions{.inputs = {a}, .output = In("x")},
        JobOptions{.inputs = {a}, .output = In("x.gif")},
        JobOptions{.inputs = {a}, .output = In("x.png"), .format = "bmp"}}) {
    const auto list = PlanJobs(options);
    ASSERT_FALSE(list.ok()) << options.output;
    EXPECT_EQ(list.status().code(), StatusCode::kInvalidArgument) << list.status().message();
  }
}

TEST_F(Jobs, DevicesMayBeInputAndOutput) {
  const auto list = PlanJobs({.inputs = {"/dev/null"}, .output = "/dev/null", .format = "png"});
  EXPECT_TRUE(list.ok()) << list.status().message();
}

}  // namespace
}  // namespace picabia::cli
