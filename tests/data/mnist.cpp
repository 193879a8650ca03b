// SPDX-License-Identifier: MIT
// IDX files, raw and compressed: what is read from good ones, and what is said about bad ones.
#include <doctest/doctest.h>

#include <ctnet/data.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include <zlib.h>

#include "folder.hpp"

namespace data = ctnet::data;
using Bytes = std::vector<unsigned char>;

namespace {

Bytes idx(const std::vector<unsigned>& dims, const Bytes& values) {
  Bytes bytes{0, 0, 8, static_cast<unsigned char>(dims.size())};
  for (const unsigned d : dims)
    for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<unsigned char>(d >> shift));
  bytes.insert(bytes.end(), values.begin(), values.end());
  return bytes;
}
Bytes pictures(unsigned n) {
  Bytes values(n * 784);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<unsigned char>(i / 784 * 11 + i % 89);
  return idx({n, 28, 28}, values);
}
Bytes gzip(const Bytes& bytes) {
  const Folder dir;
  gzFile file = gzopen((dir / "x.gz").c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  return ctnet::io::read_file(dir / "x.gz");
}

}  // namespace

TEST_CASE("Mnist reads raw and compressed files alike") {
  const Folder raw, packed;
  const Bytes images = pictures(5), labels = idx({5}, {3, 1, 4, 1, 5});
  raw.write("train-images-idx3-ubyte", images);
  raw.write("train-labels-idx1-ubyte", labels);
  packed.write("t10k-images-idx3-ubyte.gz", gzip(images));
  packed.write("t10k-labels-idx1-ubyte.gz", gzip(labels));
  const data::Mnist a{raw.path};
  const data::FashionMnist b{packed.path, data::Split::test};
  REQUIRE(a.size() == 5);
  REQUIRE(b.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(a.label(i) == int{labels[8 + i]});
    CHECK(b.label(i) == a.get(i).label);
    CHECK(a.get(i).image.values == b.get(i).image.values);
    CHECK(a.get(i).image.at(0, 1, 2) == images[16 + i * 784 + 30]);
  }
  CHECK(std::string(data::FashionMnist::classes()[9]) == "Ankle boot");
}

TEST_CASE("an IDX file cut at any byte, or longer than it says, is an error") {
  const Bytes good = idx({2, 3, 4}, Bytes(24, 7));
  CHECK(data::parse_idx(good, "x").dims[2] == 4);
  for (std::size_t n = 0; n < good.size(); ++n) {
    const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK_THROWS_WITH_AS(data::parse_idx(cut, "x.idx"), doctest::Contains("x.idx: "), ctnet::Error);
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK_THROWS_WITH_AS(data::parse_idx(longer, "x.idx"),
                       "x.idx: 25 bytes of values, expected 2 x 3 x 4 as its header says", ctnet::Error);
}

TEST_CASE("IDX headers that lie are errors") {
  const auto refuses = [](const Bytes& bytes, const char* words) {
    CHECK_THROWS_WITH_AS(data::parse_idx(bytes, "f"), doctest::Contains(words), ctnet::Error);
  };
  refuses({0, 0, 13, 1, 0, 0, 0, 1, 5}, "begins with 0 0 13 1, expected 0 0 8");
  refuses({0, 0, 8, 0}, "a rank of 1 to 4");
  refuses({0, 0, 8, 5}, "a rank of 1 to 4");
  refuses({'P', 'K', 3, 4}, "begins with 80 75 3 4");
  refuses(idx({0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu}, Bytes(9)), "4294967295 x 4294967295");
  refuses(idx({1u << 31, 1u << 31, 4}, {}), "2147483648 x 2147483648 x 4");  // 2^64: overflows to 0
  CHECK(data::parse_idx(idx({0, 28, 28}, {}), "f").values.empty());
  CHECK(data::parse_idx(idx({5, 0, 0xFFFFFFFFu}, {}), "f").values.empty());
}

TEST_CASE("MNIST files that do not fit together are errors that name them") {
  const Folder dir;
  const auto refuses = [&](const std::string& words) {
    CHECK_THROWS_WITH_AS((data::Mnist{dir.path}), doctest::Contains(words.c_str()), ctnet::Error);
  };
  refuses("train-images-idx3-ubyte: no such file");
  dir.write("train-images-idx3-ubyte", pictures(3));
  refuses("train-labels-idx1-ubyte: no such file");
  dir.write("train-labels-idx1-ubyte", idx({4}, {1, 2, 3, 4}));
  refuses("train-labels-idx1-ubyte: 4 labels, expected 3");
  dir.write("train-labels-idx1-ubyte", idx({3}, {1, 10, 3}));
  refuses("train-labels-idx1-ubyte: label 1 is 10, expected 0 to 9");
  dir.write("train-labels-idx1-ubyte", idx({3}, {1, 0, 3}));
  CHECK(data::Mnist{dir.path}.size() == 3);
  dir.write("train-images-idx3-ubyte", idx({3, 27, 28}, Bytes(3 * 27 * 28)));
  refuses("train-images-idx3-ubyte: 3 x 27 x 28, expected N x 28 x 28");
}

TEST_CASE("damaged compressed files are errors") {
  const Folder dir;
  dir.write("t10k-labels-idx1-ubyte", idx({40}, Bytes(40, 1)));
  const Bytes good = gzip(pictures(40));
  const auto tried = [&](const Bytes& bytes) {
    dir.write("t10k-images-idx3-ubyte.gz", bytes);
    CHECK_THROWS_WITH_AS((data::Mnist{dir.path, data::Split::test}), doctest::Contains("t10k-images-idx3-ubyte.gz: "),
                         ctnet::Error);
  };
  for (std::size_t n = 0; n < good.size(); n += 1 + n / 7)
    tried({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n)});
  tried({good.begin(), good.end() - 1});
  Bytes flipped = good;
  flipped[good.size() - 6] ^= 1;  // the checksum
  tried(flipped);
  dir.write("bomb.gz", gzip(Bytes(3 << 20)));
  CHECK_THROWS_WITH_AS(ctnet::io::read_gzip(dir / "bomb.gz", 1 << 20), doctest::Contains("more than 1048576 bytes"),
                       ctnet::Error);
  std::filesystem::resize_file(dir / "bomb.gz", std::uintmax_t{20'000'000'000});
  CHECK_THROWS_WITH_AS(ctnet::io::read_gzip(dir / "bomb.gz"), doctest::Contains("has 20000000000 bytes"), ctnet::Error);
}

TEST_CASE("gzip files of several members, with padding, and with what does not belong there") {
  const Bytes a = idx({3}, {1, 2, 3}), b = pictures(2);
  Bytes two = gzip(a), whole = a;
  const Bytes second = gzip(b);
  two.insert(two.end(), second.begin(), second.end());
  whole.insert(whole.end(), b.begin(), b.end());
  CHECK(ctnet::io::gunzip(two, "x") == whole);
  two.resize(two.size() + 512);
  CHECK(ctnet::io::gunzip(two, "x") == whole);
  two.push_back(1);
  CHECK_THROWS_WITH_AS(ctnet::io::gunzip(two, "x"), doctest::Contains("x: damaged gzip file: "), ctnet::Error);
  const Bytes cut(second.begin(), second.begin() + static_cast<std::ptrdiff_t>(second.size() / 2));
  CHECK_THROWS_WITH_AS(ctnet::io::gunzip(cut, "x"), "x: the gzip file ends too early", ctnet::Error);
}

TEST_CASE("MNIST itself") {
  const std::string dir = CTNET_DATA_DIR + std::string("/mnist");
  if (std::string(CTNET_DATA_DIR).empty() || !ctnet::io::file_exists(dir)) {
    MESSAGE("skipped: needs CTNET_DATA_DIR with mnist/");
    return;
  }
  const data::Mnist train{dir}, test{dir, data::Split::test};
  CHECK(train.size() == 60000);
  CHECK(test.size() == 10000);
  const std::vector<int> first{5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(train.label(i) == first[i]);
  double sum = 0;
  for (std::size_t i = 0; i < train.size(); ++i)
    for (const unsigned char v : train.get(i).image.values) sum += v;
  CHECK(sum / (60000.0 * 784) / 255 ==
        doctest::Approx(0.1307).epsilon(0.001));  // the mean that everybody normalizes with
}
