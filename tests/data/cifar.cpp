// SPDX-License-Identifier: MIT
// CIFAR files: what is read from good ones, and what is said about bad ones.
#include <doctest/doctest.h>

#include <ctnet/data.hpp>

#include <string>
#include <vector>

#include "folder.hpp"

namespace data = ctnet::data;
using Bytes = std::vector<unsigned char>;

namespace {

// Records whose pixels tell record, channel and place.
Bytes records(int n, int label_bytes, int first = 0, int classes = 10) {
  Bytes bytes;
  for (int i = first; i < first + n; ++i) {
    for (int k = 0; k < label_bytes; ++k) bytes.push_back(static_cast<unsigned char>((i + k) % classes));
    for (int p = 0; p < 3072; ++p) bytes.push_back(static_cast<unsigned char>(i * 31 + p / 1024 * 100 + p % 97));
  }
  return bytes;
}
void write_train(const Folder& dir) {
  for (int b = 1; b <= 5; ++b) dir.write("data_batch_" + std::to_string(b) + ".bin", records(4, 1, 4 * (b - 1)));
}

}  // namespace

TEST_CASE("Cifar10 reads labels and pixels, the batches in their order") {
  const Folder dir;
  write_train(dir);
  dir.write("test_batch.bin", records(3, 1, 7));
  const data::Cifar10 train{dir.path}, test{dir.path, data::Split::test};
  CHECK(train.size() == 20);
  CHECK(test.size() == 3);
  for (std::size_t i = 0; i < 20; ++i) {
    const data::Sample sample = train.get(i);
    CHECK(sample.label == static_cast<int>(i % 10));
    CHECK(train.label(i) == sample.label);
    REQUIRE(sample.image.shape() == ctnet::Shape{3, 32, 32});
    for (const int p : {0, 1, 500, 1023})
      for (int c = 0; c < 3; ++c)
        REQUIRE(sample.image.at(c, p / 32, p % 32) ==
                static_cast<unsigned char>(static_cast<int>(i) * 31 + c * 100 + (c * 1024 + p) % 97));
  }
  CHECK(test.label(0) == 7);
  CHECK(std::string(data::Cifar10::classes()[9]) == "truck");
  const data::Cifar10 copy = train;  // shares the pixels
  CHECK(copy.get(19).image.values == train.get(19).image.values);
}

TEST_CASE("Cifar100 reads fine or coarse labels") {
  const Folder dir;
  dir.write("train.bin", records(25, 2, 0, 20));
  const data::Cifar100 fine{dir.path}, coarse{dir.path, data::Split::train, data::Cifar100::Labels::coarse};
  for (std::size_t i = 0; i < 25; ++i) {
    CHECK(coarse.label(i) == static_cast<int>(i % 20));
    CHECK(fine.label(i) == static_cast<int>((i + 1) % 20));
    CHECK(fine.get(i).image.at(0, 0, 0) == static_cast<unsigned char>(i * 31));
  }
  CHECK(fine.classes().size() == 100);
  CHECK(coarse.classes().size() == 20);
  CHECK(std::string(fine.classes()[99]) == "worm");
  CHECK(std::string(coarse.classes()[19]) == "vehicles_2");
}

TEST_CASE("damaged CIFAR files are errors that name the file and both sides") {
  const Folder dir;
  const auto refuses = [&](const std::string& words) {
    CHECK_THROWS_WITH_AS((data::Cifar10{dir.path}), doctest::Contains(words.c_str()), ctnet::Error);
  };
  refuses("data_batch_1.bin");  // not there
  write_train(dir);
  Bytes cut = records(4, 1);
  for (const std::size_t size : {std::size_t{1}, std::size_t{3072}, std::size_t{3074}, cut.size() - 1}) {
    dir.write("data_batch_3.bin", {cut.begin(), cut.begin() + static_cast<std::ptrdiff_t>(size)});
    refuses("data_batch_3.bin: " + std::to_string(size) + " bytes, expected a multiple of 3073");
  }
  dir.write("data_batch_3.bin", {});
  refuses("data_batch_3.bin: 0 bytes");
  dir.write("data_batch_3.bin", records(3, 1));
  refuses("data_batch_3.bin: 3 records, expected 4 as in ");
  cut[2 * 3073] = 10;
  dir.write("data_batch_3.bin", cut);
  refuses("data_batch_3.bin: record 2 has label 10, expected 0 to 9");
  CHECK_THROWS_WITH_AS((data::Cifar10{dir / "nowhere", data::Split::test}), doctest::Contains("nowhere/test_batch.bin"),
                       ctnet::Error);
  dir.folder("test_batch.bin");
  CHECK_THROWS_WITH_AS((data::Cifar10{dir.path, data::Split::test}), doctest::Contains("test_batch.bin"), ctnet::Error);
}

TEST_CASE("CIFAR-10's own records") {
  const std::string base = CTNET_DATA_DIR + std::string("/cifar10/");
  if (std::string(CTNET_DATA_DIR).empty() || !ctnet::io::file_exists(base + "exact_test_1017.bin")) {
    MESSAGE("skipped: needs CTNET_DATA_DIR with cifar10/exact_test_1017.bin");
    return;
  }
  const auto bytes = ctnet::io::read_file(base + "exact_test_1017.bin");
  const auto labels = ctnet::io::read_file(base + "labels_test_10000.u8");
  const auto read = data::parse_cifar(bytes, "exact_test_1017.bin");
  REQUIRE(read.size() == 1017);
  for (std::size_t i = 0; i < 1017; ++i) CHECK(read.label(i) == labels.at(i));
}
