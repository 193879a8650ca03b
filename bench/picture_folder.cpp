// SPDX-License-Identifier: MIT
// How fast a folder of JPEGs becomes batches: decoding alone, and with the usual augmentation of ImageNet by a loader
// with workers.   picture_folder DIR WORKERS EPOCHS; prints one line of JSON for picture_folder.py.
#include <ctnet/data.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  namespace data = ctnet::data;
  if (argc != 4) return 2;
  const int workers = std::atoi(argv[2]), epochs = std::atoi(argv[3]);
  const data::ImageFolder set{argv[1]};
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](Clock::time_point from) {
    return std::chrono::duration<double>(Clock::now() - from).count();
  };
  double decoding = 1e300, loading = 1e300, sum = 0;
  for (int e = 0; workers == 1 && e < epochs; ++e) {
    const auto from = Clock::now();
    data::Sample sample;
    for (std::size_t i = 0; i < set.size(); ++i) set.read(i, sample), sum += sample.image.values[0];
    decoding = std::min(decoding, seconds(from));
  }
  data::Loader loader{set,
                      data::Compose{data::RandomResizedCrop<224>{}, data::RandomHorizontalFlip{}, data::ToTensor{},
                                    data::Normalize{{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}}},
                      {.batch_size = 32, .shuffle = true, .workers = workers}};
  for (int e = 0; e < epochs; ++e) {
    const auto from = Clock::now();
    for (const auto& batch : loader) sum += static_cast<double>(batch.images.data()[0]);
    loading = std::min(loading, seconds(from));
  }
  const double n = static_cast<double>(set.size());
  std::printf("{\"decoding\": %.1f, \"loading\": %.1f, \"sum\": %.3f}\n", workers == 1 ? n / decoding : 0, n / loading,
              sum);
}
