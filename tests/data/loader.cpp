// SPDX-License-Identifier: MIT
// The loader's promises: the same batches for any number of workers, from any batch on; errors reach the caller;
// workers stop when they are not wanted. Also run under -fsanitize=thread.
#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <ctnet/data.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/sanitizers.hpp"

namespace ct = ctnet;
namespace data = ctnet::data;

namespace {

struct Copy {
  std::vector<float> images;
  std::vector<int> labels;
  std::vector<std::size_t> indices, dims;
  bool operator==(const Copy&) const = default;
};
Copy copy(const data::Batch& b) {
  const auto dims = b.images.shape();
  return {{b.images.begin(), b.images.end()},
          {b.labels.begin(), b.labels.end()},
          {b.indices.begin(), b.indices.end()},
          {dims.begin(), dims.end()}};
}
template <class Range>
std::vector<Copy> collect(Range&& range) {
  std::vector<Copy> all;
  for (const auto& batch : range) all.push_back(copy(batch));
  return all;
}

const data::Compose augment{data::RandomHorizontalFlip{},
                            data::RandomRotation{.degrees = 10},
                            data::RandomCrop<28>{.padding = 2},
                            data::ColorJitter{.brightness = 0.2, .hue = 0.1},
                            data::ToTensor{},
                            data::Normalize{{0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}}};
const data::Compose plain{data::ToTensor{}};

// A set of tiny pictures that can be told to fail, to be slow, or to differ in size.
struct Odd : data::Get<Odd> {
  static constexpr ct::Shape shape{1, ct::any_size, ct::any_size};
  std::size_t count = 40;
  std::size_t fails_at = 1000, throws_at = 1000, larger_from = 1000;
  int milliseconds = 0;
  std::atomic<int>* reads = nullptr;

  std::size_t size() const { return count; }
  int label(std::size_t i) const { return static_cast<int>(i % 3); }
  void read(std::size_t i, data::Sample& sample) const {
    if (milliseconds) std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    if (reads) ++*reads;
    if (i == fails_at) ct::fail("photo.png: broken");
    if (i == throws_at) throw std::out_of_range("not ours");
    sample.label = label(i);
    sample.image.resize(1, 2, i >= larger_from ? 4 : 3);
    std::fill(sample.image.values.begin(), sample.image.values.end(), static_cast<unsigned char>(i));
  }
};

struct Liar : Odd {
  static constexpr ct::Shape shape{1, 2, 3};
};

}  // namespace

TEST_CASE("the same seed gives the same batches for any number of workers") {
  const data::Shapes<32> set{data::Split::train, {.size = 101}};
  for (const int batch_size : {1, 4, 33, 200}) {
    data::LoaderOptions options{.batch_size = batch_size, .shuffle = true, .seed = 3};
    data::Loader alone{set, augment, options};
    const auto first = collect(alone), second = collect(alone);
    CHECK(first.size() == alone.batches());
    CHECK(first != second);
    for (const int workers : {1, 2, 5}) {
      CAPTURE(workers);
      options.workers = workers;
      data::Loader loader{set, augment, options};
      CHECK(collect(loader) == first);
      CHECK(collect(loader) == second);
    }
    options.seed = 4;
    data::Loader other{set, augment, options};
    CHECK(collect(other) != first);
  }
}

TEST_CASE("an epoch can be entered at any batch") {
  const data::Shapes<32> set{data::Split::train, {.size = 50}};
  for (const int workers : {0, 2}) {
    data::Loader loader{set, augment, {.batch_size = 8, .shuffle = true, .workers = workers, .seed = 9}};
    collect(loader);
    const auto whole = collect(loader);  // epoch 1
    REQUIRE(whole.size() == 7);
    for (std::size_t from = 0; from <= 8; ++from) {
      const auto rest = collect(loader.epoch(1, from));
      const std::vector<Copy> expected(whole.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(from, 7)),
                                       whole.end());
      CHECK(rest == expected);
    }
  }
}

TEST_CASE("every image comes once an epoch; drop_last leaves the rest out") {
  for (const std::size_t n : {1u, 7u, 8u, 9u}) {
    const data::Shapes<16> set{data::Split::test, {.size = n}};
    for (const bool drop : {false, true})
      for (const bool shuffle : {false, true}) {
        data::Loader loader{set, plain, {.batch_size = 4, .shuffle = shuffle, .workers = 1, .drop_last = drop}};
        const std::size_t batches = drop ? n / 4 : (n + 3) / 4;
        CHECK(loader.batches() == batches);
        const auto all = collect(loader);
        CHECK(all.size() == batches);
        std::vector<std::size_t> seen;
        for (const auto& batch : all) {
          CHECK(batch.dims == std::vector<std::size_t>{batch.labels.size(), 3, 16, 16});
          for (std::size_t k = 0; k < batch.labels.size(); ++k) {
            const auto sample = set.get(batch.indices[k]);
            CHECK(batch.labels[k] == sample.label);
            CHECK(batch.images[k * 768] == static_cast<float>(sample.image.values[0]) / 255.0f);
            seen.push_back(batch.indices[k]);
          }
        }
        CHECK(seen.size() == (drop ? n / 4 * 4 : n));
        CHECK((shuffle || std::is_sorted(seen.begin(), seen.end())));
        std::sort(seen.begin(), seen.end());
        CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
      }
  }
}

TEST_CASE("what a worker throws reaches the caller, in its turn, and names the image") {
  for (const int workers : {0, 1, 3}) {
    CAPTURE(workers);
    Odd set;
    set.fails_at = 22;
    data::Loader loader{set, plain, {.batch_size = 4, .workers = workers}};
    for (int epoch = 0; epoch < 2; ++epoch) {
      int good = 0;
      std::string words;
      try {
        for (const auto& batch : loader) good += batch.size() == 4;
      } catch (const ct::Error& e) {
        words = e.what();
      }
      CHECK(good == 5);
      CHECK(words == "image 22: photo.png: broken");
    }
    set.fails_at = 1000, set.throws_at = 3;
    CHECK_THROWS_AS(collect(loader), std::out_of_range);
    set.throws_at = 1000;
    CHECK(collect(loader).size() == 10);
  }
}

TEST_CASE("a loader dropped in mid-epoch stops its workers at once") {
  std::atomic<int> reads{0};
  Odd set;
  set.count = 100000, set.milliseconds = 1, set.reads = &reads;
  const auto start = std::chrono::steady_clock::now();
  {
    data::Loader loader{set, plain, {.batch_size = 3000, .workers = 3}};
    auto epoch = loader.epoch(0);
    auto moved = std::move(epoch);
    while (reads == 0) std::this_thread::yield();
  }
  {
    data::Loader loader{set, plain, {.batch_size = 2, .workers = 3}};
    for (const auto& batch : loader)
      if (batch.indices[0] >= 4) break;
    const auto again = loader.begin();  // a new epoch begins while the old one is not over
    CHECK(again->indices[0] == 0);
  }
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  CHECK(passed.count() < 2);  // one batch alone would take three
  const int after = reads;
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(reads == after);
}

TEST_CASE("workers run ahead, but not without bound") {
  std::atomic<int> reads{0};
  Odd set;
  set.count = 1000, set.reads = &reads;
  data::Loader loader{set, plain, {.workers = 2}};
  auto it = loader.begin();
  CHECK(it->size() == 1);
  for (int i = 0; i < 500 && reads < 4; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(reads >= 4);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(reads < 20);
}

TEST_CASE("an open shape needs equal images in a batch, or batches of one") {
  Odd set;
  set.larger_from = 6;
  data::Loader one{set, plain};
  static_assert(decltype(one)::shape == ct::Shape{1, ct::any_size, ct::any_size});
  std::vector<std::size_t> widths;
  for (const auto& batch : one) widths.push_back(batch.images.shape(3));
  CHECK(std::count(widths.begin(), widths.end(), 3u) == 6);
  CHECK(std::count(widths.begin(), widths.end(), 4u) == 34);

  data::Loader lucky{set, plain, {.batch_size = 3}};  // the size changes between two batches
  CHECK(collect(lucky).size() == 14);
  data::Loader mixed{set, plain, {.batch_size = 4}};
  CHECK_THROWS_WITH_AS(collect(mixed),
                       doctest::Contains("image 6: is 1 x 2 x 4, but the batch began with an image of 1 x 2 x 3"),
                       ct::Error);
}

TEST_CASE("a set that does not keep its word about its shape is an error") {
  Liar set;
  set.larger_from = 1;
  data::Loader loader{set, plain, {.batch_size = 4}};
  CHECK_THROWS_WITH_AS(collect(loader), doctest::Contains("image 1: is 1 x 2 x 4, but this loader gives 1 x 2 x 3"),
                       ct::Error);
}

TEST_CASE("options that make no sense are errors") {
  const data::Shapes<16> set{data::Split::test, {.size = 5}};
  const auto refuses = [&](data::LoaderOptions options, const char* words) {
    CHECK_THROWS_WITH_AS((data::Loader{set, plain, options}), doctest::Contains(words), ct::Error);
  };
  refuses({.batch_size = 0}, "batch_size is 0");
  refuses({.batch_size = -3}, "batch_size is -3");
  refuses({.workers = -1}, "workers is -1");
  refuses({.shuffle = true, .sampler = data::ClassBalancedSampler{}}, "shuffle and a sampler");
  Odd empty;
  empty.count = 0;
  CHECK_THROWS_WITH_AS((data::Loader{empty, plain}), doctest::Contains("no images"), ct::Error);
}

TEST_CASE("a temporary set is kept; a loader can be moved") {
  data::Loader a{data::Shapes<16>{data::Split::test, {.size = 6}}, plain, {.batch_size = 4, .workers = 1}};
  auto it = a.begin();
  const auto first = copy(*it);
  auto b = std::move(a);
  ++it;  // the pass goes on
  CHECK(it->size() == 2);
  CHECK(collect(b.epoch(0))[0] == first);
}

TEST_CASE("passes over one loader at the same time do not disturb each other") {
  const data::Shapes<16> set{data::Split::test, {.size = 7}};
  for (const int workers : {0, 2}) {
    data::Loader loader{set,
                        data::Compose{data::RandomHorizontalFlip{}, data::ToTensor{}},
                        {.batch_size = 2, .shuffle = true, .workers = workers, .seed = 5}};
    std::vector<std::vector<Copy>> epochs;
    for (std::size_t e = 0; e < 5; ++e) epochs.push_back(collect(loader.epoch(e)));
    std::size_t outer = 0;
    for (const auto& a : loader) {
      std::size_t inner = 0;
      for (const auto& b : loader) {
        CHECK(copy(b) == epochs[outer + 1][inner]);
        CHECK(copy(a) == epochs[0][outer]);
        ++inner;
      }
      CHECK(inner == 4);
      ++outer;
    }
    CHECK(outer == 4);
  }
}

TEST_CASE("a pass outlives the loader that was given its set") {
  auto pass = [] {
    data::Loader loader{data::Shapes<16>{data::Split::test, {.size = 6}}, plain, {.batch_size = 2, .workers = 2}};
    return loader.epoch(0);
  }();
  const data::Shapes<16> set{data::Split::test, {.size = 6}};
  data::Loader loader{set, plain, {.batch_size = 2}};
  CHECK(collect(pass) == collect(loader));
}

TEST_CASE("a loader is a range of batches, of as many as it says") {
  using Loader = decltype(data::Loader{std::declval<const data::Shapes<16>&>(), plain});
  static_assert(std::ranges::input_range<Loader> && std::ranges::sized_range<Loader>);
  static_assert(!std::ranges::forward_range<Loader>);
  static_assert(std::same_as<std::ranges::range_reference_t<Loader>, const data::Batch&>);
  const data::Shapes<16> set{data::Split::test, {.size = 11}};
  for (const bool drop : {false, true}) {
    data::Loader loader{set, plain, {.batch_size = 2, .workers = 1, .drop_last = drop}};
    const std::size_t batches = drop ? 5 : 6;
    CHECK(loader.size() == batches);
    CHECK(loader.images() == 11);
    CHECK(static_cast<std::size_t>(std::ranges::distance(loader)) == batches);
    std::size_t all = 0, three = 0, images = 0;
    for (const auto& batch : loader | std::views::take(8)) ++all, images += batch.size();
    for ([[maybe_unused]] const auto& batch : loader | std::views::take(3)) ++three;
    CHECK(all == batches);
    CHECK(images == (drop ? 10 : 11));
    CHECK(three == 3);
    std::vector<std::size_t> sizes;
    for (const std::size_t n : loader | std::views::transform([](const data::Batch& b) { return b.size(); }))
      sizes.push_back(n);
    CHECK(sizes.size() == batches);
    CHECK(std::ranges::count_if(loader, [](const data::Batch& b) { return b.size() == 2; }) == 5);
  }
}

#if !CTNET_TEST_TSAN  // which ends a forked child that starts threads
TEST_CASE("a forked child leaves its parent's passes alone and begins its own") {
  const data::Shapes<16> set{data::Split::test, {.size = 40}};
  data::LoaderOptions options{.batch_size = 2, .workers = 3};
  auto loader =
      std::make_unique<data::Loader<data::Shapes<16>, std::remove_const_t<decltype(plain)>>>(set, plain, options);
  const auto whole = collect(loader->epoch(0));
  for (int round = 0; round < 20; ++round) {  // the workers are somewhere else each time
    auto epoch = std::make_unique<decltype(loader->epoch(0))>(loader->epoch(0));
    auto it = std::make_unique<decltype(epoch->begin())>(epoch->begin());
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);  // ends a child that hangs
      bool refused = false;
      try {
        ++*it;
      } catch (const ct::Error& e) {
        refused = std::string(e.what()).find("before fork()") != std::string::npos;
      }
      it.reset();
      epoch.reset();
      const bool same = collect(loader->epoch(0)) == whole;
      loader.reset();
      ::_exit(refused && same ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    std::size_t rest = 1;
    for (++*it; !(*it == epoch->end()); ++*it) ++rest;
    CHECK(rest == whole.size());
  }
}
#endif
