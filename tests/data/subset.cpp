// SPDX-License-Identifier: MIT
// Subset, random_split, KFold and StratifiedKFold: PyTorch's rounding, scikit-learn's folds, and that a Loader takes
// them.
#include <doctest/doctest.h>

#include <ctnet/data.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace ct = ctnet;
namespace data = ctnet::data;
using Indices = std::vector<std::size_t>;

namespace {

// Image i is one pixel of value i.
struct Few : data::Get<Few> {
  static constexpr ct::Shape shape{1, 1, 1};
  std::vector<int> labels;
  explicit Few(std::vector<int> l) : labels(std::move(l)) {}
  explicit Few(std::size_t n) : labels(n) {}
  std::size_t size() const { return labels.size(); }
  int label(std::size_t i) const { return labels[i]; }
  void read(std::size_t i, data::Sample& s) const {
    s.label = label(i);
    s.image.resize(1, 1, 1);
    s.image.values[0] = static_cast<unsigned char>(i);
  }
};
template <class Set>
concept named = requires(const Set& s) { s.classes(); };
template <class K>
std::vector<Indices> tests_of(const K& k, const Few& set) {
  std::vector<Indices> all;
  for (const auto& fold : k.split(set)) {
    Indices both = fold.train.indices(), in_order = both;
    CHECK(std::is_sorted(both.begin(), both.end()));
    both.insert(both.end(), fold.test.indices().begin(), fold.test.indices().end());
    std::sort(both.begin(), both.end());
    CHECK(both == data::detail::in_order(set.size()));
    all.push_back(fold.test.indices());
  }
  return all;
}

}  // namespace

TEST_CASE("a subset is a data set: images, labels, names, batches") {
  const data::Shapes<16> all{data::Split::test, {.size = 30}};
  const data::Subset part{all, {7, 3, 3, 29}};
  static_assert(data::Dataset<decltype(part)> && decltype(part)::shape == ct::Shape{3, 16, 16});
  CHECK(std::string(part.classes()[2]) == all.classes()[2]);
  data::Loader loader{part, data::Compose{data::ToTensor{}}, {.batch_size = 4, .workers = 1}};
  const auto batch = loader.begin();
  for (std::size_t k = 0; k < 4; ++k) {
    const auto sample = all.get(part.indices()[k]);
    CHECK(batch->labels[k] == sample.label);
    CHECK(batch->indices[k] == k);
    CHECK(batch->images(k, 0, 0, 0) == static_cast<float>(sample.image.values[0]) / 255.0f);
  }
  CHECK_THROWS_WITH_AS((data::Subset{all, {0, 30}}),
                       "Subset: index 1 is 30, expected below 30, the size of the data set", ct::Error);
  const data::Subset nested{part, {2, 0}};
  CHECK(nested.label(1) == all.label(7));
  // floats stay floats, and a temporary lives on
  const data::Subset rows{data::TensorDataset<ct::Features<2>>{std::vector<float>{1, 2, 3, 4}, std::vector<int>{5, 6}},
                          {1}};
  CHECK(rows.get(0).tensor.values == std::vector<float>{3, 4});
  const data::Subset copy = rows;
  CHECK(copy.label(0) == 6);
  static_assert(named<data::Subset<data::Shapes<16>>> && !named<data::Subset<Few>>);
}

TEST_CASE("random_split: PyTorch's lengths, every image once, the same for a seed") {
  const auto sizes = [](const auto& parts) {
    Indices n, all;
    for (const auto& p : parts) {
      n.push_back(p.size());
      all.insert(all.end(), p.indices().begin(), p.indices().end());
    }
    std::sort(all.begin(), all.end());
    CHECK(all == data::detail::in_order(all.size()));
    return n;
  };
  const Few ten{10}, eleven{11};
  CHECK(sizes(data::random_split(ten, {3, 7})) == Indices{3, 7});
  CHECK(sizes(data::random_split(ten, {0.3, 0.3, 0.4})) == Indices{3, 3, 4});
  // torch.utils.data.random_split(range(11), ...) of 0.33, 0.33, 0.34 and of 0.5, 0.5
  CHECK(sizes(data::random_split(eleven, {0.33, 0.33, 0.34})) == Indices{4, 4, 3});
  CHECK(sizes(data::random_split(eleven, {0.5, 0.5})) == Indices{6, 5});
  CHECK(sizes(data::random_split(Few{1000}, {0, 1000})) == Indices{0, 1000});

  auto [train, test] = data::random_split(Few{1000}, {0.8, 0.2}, 5);
  const auto again = data::random_split(Few{1000}, {0.8, 0.2}, 5), other = data::random_split(Few{1000}, {0.8, 0.2}, 6);
  CHECK(train.indices() == again[0].indices());
  CHECK(test.indices() != other[1].indices());
  CHECK(!std::is_sorted(test.indices().begin(), test.indices().end()));
  double mean = 0;
  for (const std::size_t i : test.indices()) mean += static_cast<double>(i) / 200;
  CHECK(std::abs(mean - 499.5) < 80);  // four deviations
  // the order that a loader of the same seed has is another
  const auto whole = data::random_split(Few{1000}, {1000}, 5);
  CHECK(whole[0].indices() !=
        data::Loader{Few{1000}, data::Compose{data::ToTensor{}}, {.shuffle = true, .seed = 5}}.order(0));

  const auto refuses = [&](const auto& parts, const char* words) {
    CHECK_THROWS_WITH_AS(data::random_split(ten, parts), doctest::Contains(words), ct::Error);
  };
  const int less[] = {3, 6}, more[] = {3, 8}, negative[] = {-1, 11};
  const double above[] = {0.6, 0.6}, none[] = {0.5, std::nan("")}, minus[] = {-0.5, 1.0};
  refuses(less, "the lengths' sum is 9, expected 10");
  refuses(more, "the lengths' sum is above 10");
  refuses(negative, "length 0 is -1, expected 0 or more");
  refuses(above, "the fractions' sum is 1.2");
  refuses(none, "fraction 1 is nan, expected 0 to 1");
  refuses(minus, "fraction 0 is -0.5");
}

TEST_CASE("KFold gives scikit-learn's folds") {
  // sklearn.model_selection.KFold(3).split(range(10))
  CHECK(tests_of(data::KFold{.n_splits = 3}, Few{10}) == std::vector<Indices>{{0, 1, 2, 3}, {4, 5, 6}, {7, 8, 9}});
  CHECK(tests_of(data::KFold{.n_splits = 2}, Few{4}) == std::vector<Indices>{{0, 1}, {2, 3}});
  const auto mixed = tests_of(data::KFold{.n_splits = 4, .shuffle = true, .seed = 2}, Few{39});
  for (std::size_t f = 0; f < 4; ++f) CHECK(mixed[f].size() == (f < 3 ? 10 : 9));
  CHECK(mixed == tests_of(data::KFold{.n_splits = 4, .shuffle = true, .seed = 2}, Few{39}));
  CHECK(mixed != tests_of(data::KFold{.n_splits = 4, .shuffle = true, .seed = 3}, Few{39}));
  CHECK(mixed != tests_of(data::KFold{.n_splits = 4}, Few{39}));
  CHECK_THROWS_WITH_AS(data::KFold{.n_splits = 1}.split(Few{4}), "KFold: n_splits is 1, expected 2 or more", ct::Error);
  CHECK_THROWS_WITH_AS(data::KFold{.n_splits = 5}.split(Few{4}),
                       "KFold: n_splits is 5, expected at most 4, the size of the data set", ct::Error);
}

TEST_CASE("StratifiedKFold gives scikit-learn's folds") {
  // StratifiedKFold(2).split(X, [0, 0, 1, 1]), the example of its page, and two worked by its algorithm
  CHECK(tests_of(data::StratifiedKFold{.n_splits = 2}, Few{{0, 0, 1, 1}}) == std::vector<Indices>{{0, 2}, {1, 3}});
  const Few uneven{{2, 2, 0, 0, 0, 2, 1, 2, 0, 0}};
  CHECK(tests_of(data::StratifiedKFold{.n_splits = 3}, uneven) ==
        std::vector<Indices>{{0, 1, 2, 6}, {3, 4, 5}, {7, 8, 9}});
  const auto mixed = data::StratifiedKFold{.n_splits = 2, .shuffle = true, .seed = 1}.split(uneven);
  for (const auto& fold : mixed) {
    std::vector<int> count(3);
    for (std::size_t i = 0; i < fold.test.size(); ++i) ++count[static_cast<std::size_t>(fold.test.label(i))];
    CHECK((count[0] == 2 || count[0] == 3));
    CHECK(count[2] == 2);
  }
  CHECK_THROWS_WITH_AS(data::StratifiedKFold{.n_splits = 6}.split(uneven),
                       doctest::Contains("n_splits is 6, but no class has more than 5 images"), ct::Error);
}
