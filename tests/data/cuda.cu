// SPDX-License-Identifier: MIT
// Batches made on the GPU out of a data set in its memory against those of the CPU's Loader with the same arguments.
#include <doctest/doctest.h>
#include <ctnet/data/cuda/resident.cuh>
#include <ctnet/data/tensor_dataset.hpp>

#include <string>
#include <vector>

#include "../support/compare.hpp"
#include "../support/device_memory.hpp"
#include "../support/error.hpp"

namespace ct = ctnet;
namespace cuda = ctnet::cuda;
using namespace ctnet::data;

namespace {

template <class T, class Input>
TensorDataset<Input, T> set_of(std::size_t n, int classes = 7) {
  ct::Random random{ct::Seed{21}};
  std::vector<T> images(n * static_cast<std::size_t>(Input::shape.size()));
  for (T& v : images) v = static_cast<T>(random.below(256));
  std::vector<int> labels(n);
  for (int& v : labels) v = static_cast<int>(random.below(static_cast<unsigned>(classes)));
  return TensorDataset<Input, T>(images, labels);
}

struct Made {
  std::vector<float> images;
  std::vector<int> labels;
};
template <class Batch>
Made made(const Batch& batch, const ct::Shape& shape, test::Flush flush, const test::TestStream& stream) {
  const std::size_t n = static_cast<std::size_t>(batch.size());
  test::DeviceBlock<float> images(n * static_cast<std::size_t>(shape.size()), flush);
  test::DeviceBlock<int> labels(n, flush);
  batch.queue_into({stream.get(), "data", -1}, images.data(), labels.data());
  CTNET_CUDA(cudaStreamSynchronize(stream.get()), "the test");
  CHECK(images.intact());
  CHECK(labels.intact());
  return {images.read(), labels.read()};
}

// All batches of two epochs.
template <class Set, class Transforms>
void same_as_loader(const Set& set, const Transforms& transforms, const LoaderOptions& options,
                    const std::string& what) {
  const Loader host{set, transforms, options};
  const cuda::ResidentLoader resident{set, transforms, options};
  static_assert(resident.shape == host.shape);
  REQUIRE(resident.batches() == host.batches());
  CHECK(resident.size() == host.size());
  const test::TestStream stream;
  for (const std::size_t e : {std::size_t{0}, std::size_t{5}}) {
    auto want = host.epoch(e);
    auto w = want.begin();
    std::size_t batches = 0;
    for (const auto& batch : resident.epoch(e)) {
      REQUIRE(static_cast<std::size_t>(batch.size()) == w->size());
      const Made got = made(batch, resident.shape, batches % 2 ? test::Flush::end : test::Flush::start, stream);
      test::check_same_bits(got.images, w->images, what + ", epoch " + std::to_string(e));
      for (std::size_t k = 0; k < w->size(); ++k) {
        CHECK(got.labels[k] == w->labels[k]);
        CHECK(batch.label(k) == w->labels[k]);
        CHECK(batch.indices()[k] == w->indices[k]);
      }
      ++batches, ++w;
    }
    CHECK(batches == resident.batches());
  }
}

}  // namespace

TEST_CASE("batches made on the GPU are the Loader's, bit for bit") {
  const auto bytes = set_of<unsigned char, ct::Image<3, 8, 10>>(23);
  const Normalize<3> normalize{{0.49f, 0.48f, 0.45f}, {0.25f, 0.24f, 0.26f}};
  const Compose train{RandomCrop<8, 10>{.padding = 3}, RandomHorizontalFlip{}, ToTensor{}, normalize};
  same_as_loader(bytes, Compose{ToTensor{}}, {.batch_size = 4}, "bytes");
  for (const int batch : {1, 5, 23, 64})
    same_as_loader(bytes, train, {.batch_size = batch, .shuffle = true, .seed = 9}, "as CIFAR is trained");
  same_as_loader(bytes, train, {.batch_size = 5, .shuffle = true, .seed = 10, .drop_last = true}, "full batches");
  same_as_loader(bytes, train, {.batch_size = 6, .sampler = ClassBalancedSampler{40}}, "balanced");
  same_as_loader(bytes,
                 Compose{RandomVerticalFlip{0.3}, CenterCrop<5, 13>{}, RandomHorizontalFlip{1}, ToTensor{},
                         RandomCrop<4>{}, normalize, RandomCrop<7, 6>{.padding = 2}},
                 {.batch_size = 7, .seed = 3}, "a long row");
  same_as_loader(bytes, Compose{CenterCrop<3, 7>{}, ToTensor{}}, {.batch_size = 9}, "the middle, rounded");
}

TEST_CASE("floats and features on the GPU") {
  same_as_loader(set_of<float, ct::Image<2, 6, 5>>(11), Compose{RandomHorizontalFlip{}},
                 {.batch_size = 4, .shuffle = true}, "floats");
  same_as_loader(set_of<float, ct::Features<13>>(11), Compose{}, {.batch_size = 4, .shuffle = true}, "features");
}

TEST_CASE("batches made on the GPU: from any batch on, several epochs at a time, in any order of threads") {
  const auto bytes = set_of<unsigned char, ct::Image<3, 8, 8>>(23);
  const cuda::ResidentLoader loader{bytes,
                                    Compose{RandomCrop<8>{.padding = 2}, RandomHorizontalFlip{}, ToTensor{}},
                                    {.batch_size = 5, .shuffle = true, .seed = 2}};
  const test::TestStream stream;
  const auto take = [&](const auto& batch) { return made(batch, loader.shape, test::Flush::end, stream); };
  std::vector<Made> all[4];
  for (std::size_t e = 0; e < 4; ++e)
    for (const auto& batch : loader.epoch(e)) all[e].push_back(take(batch));
  CHECK(all[0][0].images != all[1][0].images);
  const auto a = loader.epoch(0, 2), b = loader.epoch(1, 1), c = loader.epoch(2), d = loader.epoch(3, 4);
  test::in_every_thread_order([&](const std::string& order) {
    test::check_same_bits(take(*a.begin()).images, all[0][2].images, order);
    test::check_same_bits(take(*b.begin()).images, all[1][1].images, order);
    test::check_same_bits(take(*c.begin()).images, all[2][0].images, order);
    test::check_same_bits(take(*d.begin()).images, all[3][4].images, order);
    test::check_same_bits(take(*++a.begin()).images, all[0][3].images, order);
  });
  const auto past = loader.epoch(0, 9);
  CHECK(past.begin() == past.end());
  // queued one behind the other, without waiting
  test::DeviceBlock<double> images(5 * 3 * 8 * 10, test::Flush::end);
  for (std::size_t e = 0; e < 4; ++e)
    for (const auto& batch : loader.epoch(e)) batch.queue_into({stream.get(), "data", -1}, images.data(), nullptr);
  std::vector<float> last = images.read<float>();
  last.resize(all[3].back().images.size());
  test::check_same_bits(last, all[3].back().images, "the last batch");
}

TEST_CASE("a loader on the GPU gives its epochs in turn, and allocates nothing for them") {
  cuda::ResidentLoader loader{
      set_of<unsigned char, ct::Image<1, 4, 4>>(10), Compose{ToTensor{}}, {.batch_size = 3, .shuffle = true}};
  const test::TestStream stream;
  test::DeviceBlock<float> images(3 * 16, test::Flush::end);
  test::DeviceBlock<int> labels(3, test::Flush::end);
#ifdef CTNET_EMULATED_DEVICE
  const std::size_t before = ctnet_device::memory_calls();
#endif
  std::size_t images_seen = 0;
  for (int e = 0; e < 5; ++e)
    for (const auto& batch : loader) {
      batch.queue_into({stream.get(), "data", -1}, images.data(), labels.data());
      images_seen += static_cast<std::size_t>(batch.size());
    }
  CTNET_CUDA(cudaStreamSynchronize(stream.get()), "the test");
  CHECK(images_seen == 50);
  CHECK(loader.classes() <= 7);
#ifdef CTNET_EMULATED_DEVICE
  CHECK(ctnet_device::memory_calls() == before);
#endif
}

TEST_CASE("a loader on the GPU says what is wrong") {
  const std::vector<unsigned char> pixels(3 * 16);
  using Set = TensorDataset<ct::Image<1, 4, 4>, unsigned char>;
  const auto error = [](const Set& set, const auto& compose, const LoaderOptions& options = {}) {
    return test::error_of([&] { cuda::ResidentLoader loader{set, compose, options}; });
  };
  CHECK(error(Set(pixels, std::vector<int>{0, 2, 1}, {"a", "b"}), Compose{ToTensor{}}) ==
        "ResidentLoader: image 1 has label 2, expected 0 to 1");
  CHECK(error(Set(pixels, std::vector<int>{0, 2, -1}), Compose{ToTensor{}}) ==
        "ResidentLoader: image 2 has label -1, expected 0 or more");
  CHECK(error(Set(pixels, std::vector<int>{0, 2, 1}), Compose{ToTensor{}}, {.batch_size = 0}) ==
        "Loader: batch_size is 0, expected 1 or more");
  CHECK(error(Set(pixels, std::vector<int>{0, 2, 1}), Compose{RandomCrop<9>{.padding = 2}, ToTensor{}}) ==
        "RandomCrop of 9 x 9 from an image of 4 x 4 with padding 2");
}
