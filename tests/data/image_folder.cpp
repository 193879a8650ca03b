// SPDX-License-Identifier: MIT
// ImageFolder: order, labels, what is left out, what is an error.
#include <doctest/doctest.h>

#include <ctnet/data.hpp>

#include <string>
#include <vector>

#include "folder.hpp"

namespace data = ctnet::data;

TEST_CASE("classes and files come sorted by name; what is no picture is left out and counted") {
  const Folder dir;
  for (const char* name : {"dog", "Cat", "ant/inner", "ant/alpha"}) dir.folder(name);
  dir.png("dog/b.png", 4, 3, 3, 20);
  dir.png("dog/a.PNG", 5, 2, 1, 30);
  dir.jpeg("dog/c.jpeg", 9, 8, 40);
  dir.png("dog/d.jpg", 2, 2, 4, 50);  // a PNG whatever its name; its alpha is left out
  dir.png("Cat/only.png", 1, 1, 3, 60);
  dir.jpeg("ant/z.jpg", 3, 3, 70);
  dir.png("ant/inner/a.png", 3, 3, 3, 80);
  dir.png("ant/alpha/a.png", 3, 3, 3, 90);
  dir.write("ant/notes.txt", {'h', 'i'});
  dir.write("dog/stray.gif", {'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0, 0, 0});
  dir.write("dog/empty.png", {});
  dir.write("dog/broken.jpg", {0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1});
  dir.png("loose.png", 2, 2, 3, 1);  // in no class

  const data::ImageFolder set{dir.path};
  REQUIRE(set.classes().size() == 3);
  CHECK(std::string(set.classes()[0]) == "Cat");
  CHECK(std::string(set.classes()[1]) == "ant");
  CHECK(std::string(set.classes()[2]) == "dog");
  const std::vector<std::string> expected{"Cat/only.png", "ant/z.jpg", "ant/alpha/a.png", "ant/inner/a.png",
                                          "dog/a.PNG",    "dog/b.png", "dog/c.jpeg",      "dog/d.jpg"};
  const std::vector<int> labels{0, 1, 1, 1, 2, 2, 2, 2}, values{60, 70, 90, 80, 30, 20, 40, 50};
  REQUIRE(set.size() == expected.size());
  for (std::size_t i = 0; i < set.size(); ++i) {
    CHECK(set.path(i) == dir / expected[i]);
    CHECK(set.label(i) == labels[i]);
    const data::Sample sample = set.get(i);
    CHECK(sample.label == labels[i]);
    CHECK(sample.image.c == 3);
    for (const unsigned char v : sample.image.values) CHECK(std::abs(int{v} - values[i]) <= 1);
  }
  CHECK(set.get(4).image.shape() == ctnet::Shape{3, 2, 5});
  CHECK(set.skipped().size() == 4);
}

TEST_CASE("a grey folder: colours become grey, and batches have one channel") {
  const Folder dir;
  dir.folder("a");
  dir.png("a/colour.png", 4, 3, 3, 90);
  dir.png("a/grey.png", 4, 3, 1, 91);
  dir.jpeg("a/photo.jpg", 4, 3, 92);
  const data::GreyImageFolder set{dir.path};
  static_assert(data::Dataset<data::GreyImageFolder>);
  data::Loader loader{set, data::Compose{data::ToTensor{}, data::Normalize{{0.0f}, {1.0f}}}, {.batch_size = 3}};
  static_assert(decltype(loader)::shape == ctnet::Shape{1, ctnet::any, ctnet::any});
  const auto batch = loader.begin();
  REQUIRE(batch->images.shape(1) == 1);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(set.get(i).image.shape() == ctnet::Shape{1, 3, 4});
    CHECK(std::abs(int{set.get(i).image.at(0, 2, 3)} - 90 - static_cast<int>(i)) <= 1);
    CHECK(std::abs(batch->images(i, 0, 1, 1) * 255 - 90 - static_cast<float>(i)) < 1.01f);
  }
}

TEST_CASE("folders without pictures are errors that name them") {
  const Folder dir;
  const auto refuses = [](const std::string& path, const std::string& words) {
    CHECK_THROWS_WITH_AS((data::ImageFolder{path}), doctest::Contains(words.c_str()), ctnet::Error);
  };
  refuses(dir / "nowhere", "nowhere: no such folder");
  refuses(dir.path, "no folders in it, expected one for each class");
  dir.folder("a");
  dir.folder("b");
  dir.png("a/1.png", 2, 2, 3, 1);
  dir.write("b/1.txt", {'x'});
  refuses(dir.path, "/b: no PNG or JPEG images (1 other files)");
  std::filesystem::create_directory_symlink(dir.path, dir / "a/loop");
  refuses(dir.path, "a link that leads back?");
}

TEST_CASE("a picture that breaks later is an error that names it, through the loader too") {
  const Folder dir;
  dir.folder("a");
  for (const char* name : {"a/1.png", "a/2.png", "a/3.png"}) dir.png(name, 40, 40, 3, 9);
  const data::ImageFolder set{dir.path};
  auto bytes = ctnet::io::read_file(dir / "a/2.png");
  bytes.resize(bytes.size() / 2);
  dir.write("a/2.png", bytes);
  CHECK_THROWS_WITH_AS(set.get(1), doctest::Contains("a/2.png: cannot be decoded"), ctnet::Error);
  data::Loader loader{set, data::Compose{data::ToTensor{}}, {.batch_size = 1, .workers = 2}};
  int good = 0;
  CHECK_THROWS_WITH_AS(
      [&] {
        for (const auto& batch : loader) good += batch.size() == 1;
      }(),
      doctest::Contains("image 1: "), ctnet::Error);
  CHECK(good == 1);
  std::filesystem::remove(dir / "a/3.png");
  CHECK_THROWS_WITH_AS(set.get(2), doctest::Contains("a/3.png"), ctnet::Error);
}

TEST_CASE("a few bytes that claim a huge picture are refused") {
  std::vector<unsigned char> png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0,
                                 0x40, 0,   0,   0,   0x40, 0,    0,    8,    2, 0, 0, 0,  0,   0,   0,   0};
  data::Bitmap out;
  CHECK_THROWS_WITH_AS(data::decode(png, 3, "x.png", out), doctest::Contains("x.png: "), ctnet::Error);
  CHECK_THROWS_WITH_AS(data::decode({}, 3, "x.png", out), "x.png: neither a PNG nor a JPEG file", ctnet::Error);
}

TEST_CASE("ants and bees") {
  const std::string dir = CTNET_DATA_DIR + std::string("/hymenoptera");
  if (std::string(CTNET_DATA_DIR).empty() || !ctnet::io::file_exists(dir)) {
    MESSAGE("skipped: needs CTNET_DATA_DIR with hymenoptera/");
    return;
  }
  const data::ImageFolder train{dir + "/train"}, val{dir + "/val"};
  CHECK(train.size() == 244);
  CHECK(val.size() == 153);
  REQUIRE(train.skipped().size() == 1);
  CHECK(train.skipped()[0] == dir + "/train/ants/imageNotFound.gif");
  data::Loader loader{val,
                      data::Compose{data::Resize<64>{}, data::CenterCrop<56>{}, data::ToTensor{}},
                      {.batch_size = 32, .workers = 2}};
  std::size_t seen = 0;
  for (const auto& batch : loader) seen += batch.images.size();
  CHECK(seen == 153u * 3 * 56 * 56);
}
