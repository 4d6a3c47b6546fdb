// Several threads, each with a queue and notifiers of its own, share one context.
//
// usage: many_pictures MODEL.cambricon THREADS OUTFOLDER IN.jpg...
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "offline_model.h"
#include "picture.h"

namespace {

std::atomic<int> failed{0};

void Work(const OfflineModel& model, const std::string& folder, char** names, int count,
          std::atomic<int>& next) {
  model.UseDevice();
  Lane lane(model);
  for (int i = next++; i < count; i = next++) {
    try {
      std::vector<float> picture = ReadPlanar(names[i], model.width(), model.height());
      const float us = lane.Run(picture);
      const std::string name = std::filesystem::path(names[i]).stem().string() + ".png";
      WritePlanar(folder + "/" + name, picture, model.width(), model.height());
      std::printf("%s: %.3f ms\n", name.c_str(), static_cast<double>(us) / 1000);
    } catch (const vips::VError& error) {
      std::fprintf(stderr, "%s: %s\n", names[i], error.what());
      ++failed;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 2 ? std::atoi(argv[2]) : 0;
  if (argc < 5 || threads < 1 || threads > 64) {
    std::fprintf(stderr, "usage: %s MODEL.cambricon THREADS OUTFOLDER IN.jpg...\n", argv[0]);
    return 2;
  }
  if (VIPS_INIT(argv[0]) != 0) return 1;
  OfflineModel model(argv[1]);
  std::atomic<int> next{0};
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&] { Work(model, argv[3], argv + 4, argc - 4, next); });
  for (std::thread& worker : workers) worker.join();
  return failed == 0 ? 0 : 1;
}
