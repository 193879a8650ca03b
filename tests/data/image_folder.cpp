// SPDX-License-Identifier: MIT
// ImageFolder: order, labels, what is left out, what is an error.
#include <doctest/doctest.h>

#include <ctnet/data.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
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
  static_assert(decltype(loader)::shape == ctnet::Shape{1, ctnet::any_size, ctnet::any_size});
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
  refuses(dir.path, "/a/loop: is the folder " + dir.path + " again, by a link");
}

TEST_CASE("what cannot be opened is counted or an Error, never a smaller set in silence") {
  namespace fs = std::filesystem;
  const Folder dir;
  dir.folder("a/deep");
  dir.png("a/1.png", 2, 2, 3, 1);
  dir.png("a/deep/2.png", 2, 2, 3, 1);
  fs::create_symlink("/nowhere/b.png", dir / "a/nothing.png");
  fs::create_symlink("itself.png", dir / "a/itself.png");
  REQUIRE(::mkfifo((dir / "a/pipe.png").c_str(), 0600) == 0);
  fs::create_symlink(dir / "a/1.png", dir / "a/linked.png");
  const data::ImageFolder set{dir.path};
  CHECK(set.size() == 3);
  CHECK(set.skipped() == std::vector<std::string>{dir / "a/itself.png", dir / "a/nothing.png", dir / "a/pipe.png"});

  const auto refuses = [&](const std::string& words) {
    CHECK_THROWS_WITH_AS((data::ImageFolder{dir.path}), doctest::Contains(words.c_str()), ctnet::Error);
  };
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
  const rlimit none{0, old.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  refuses(dir.path + ": cannot be opened: Too many open files");
  CHECK_THROWS_WITH_AS(set.get(0), doctest::Contains("/a/1.png: cannot open: Too many open files"), ctnet::Error);
  ::setrlimit(RLIMIT_NOFILE, &old);

  fs::create_symlink("/nowhere", dir / "b");
  refuses("/b: a link to nothing");
  fs::remove(dir / "b");
  // each folder leads to the next by two links: 2^30 ways to the last
  dir.folder("web");
  for (int i = 0; i < 30; ++i) {
    dir.folder("a/" + std::to_string(i));
    for (const char* way : {"l", "r"})
      fs::create_directory_symlink(dir / ("a/" + std::to_string(i + 1)), dir / ("a/" + std::to_string(i) + "/" + way));
  }
  fs::create_directory_symlink(dir / "a/0", dir / "web/in");
  refuses("again, by a link");
}

TEST_CASE("a file far larger than its picture is not read") {
  const Folder dir;
  dir.folder("a");
  dir.png("a/hole.png", 8, 8, 3, 1);
  std::filesystem::resize_file(dir / "a/hole.png", std::uintmax_t{10'000'000'000});
  const data::ImageFolder set{dir.path};
  CHECK_THROWS_WITH_AS(set.get(0),
                       doctest::Contains("hole.png: has 10000000000 bytes or more, expected at most 603979776"),
                       ctnet::Error);
  const data::ImageFolder small{dir.path, {.max_pixels = 63}};
  std::filesystem::resize_file(dir / "a/hole.png", 1'000'000);  // zeros behind a picture are not looked at
  CHECK(set.get(0).image.w == 8);
  CHECK_THROWS_WITH_AS(small.get(0), doctest::Contains("a PNG of 8 x 8 pixels, expected at most 63"), ctnet::Error);
}

TEST_CASE("a picture that breaks later is an error that names it, through the loader too") {
  const Folder dir;
  dir.folder("a");
  for (const char* name : {"a/1.png", "a/2.png", "a/3.png"}) dir.png(name, 40, 40, 3, 9);
  const data::ImageFolder set{dir.path};
  auto bytes = ctnet::io::read_file(dir / "a/2.png");
  bytes.resize(bytes.size() / 2);
  dir.write("a/2.png", bytes);
  CHECK_THROWS_WITH_AS(set.get(1), doctest::Contains("a/2.png: the PNG ends too early"), ctnet::Error);
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
