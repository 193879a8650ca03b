// SPDX-License-Identifier: MIT
// decode: Pillow's pixels, and an Error for whatever is damaged, cut short or too large, before memory is taken for it.
#include <doctest/doctest.h>

#include <ctnet/data/decode.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "picture_files.hpp"
#include "recorded.hpp"

namespace data = ctnet::data;
using Bytes = std::vector<unsigned char>;

namespace {

const std::map<std::string, recorded::Entry>& known() {
  static const std::map<std::string, recorded::Entry> all = [] {
    std::map<std::string, recorded::Entry> by_name;
    for (auto& e : recorded::read("pictures.bin")) by_name[e.name] = e;
    return by_name;
  }();
  return all;
}
const Bytes& file(const std::string& name) { return known().at("file " + name).bytes; }

// What decoding says, "" where it gives a picture.
std::string refusal(const Bytes& bytes, const data::DecodeOptions& options = {}, data::Bitmap* picture = nullptr) {
  data::Bitmap own;
  try {
    data::decode(bytes, 3, "x", picture ? *picture : own, options);
    return "";
  } catch (const ctnet::Error& e) {
    return e.what();
  }
}
bool has(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

// Equal to the recorded one; says where not.
void check_same(const data::Bitmap& got, const std::string& name) {
  const auto& want = known().at(name);
  INFO(name);
  REQUIRE(std::vector<int>{got.h, got.w, got.c} == want.dims);
  for (std::size_t i = 0; i < want.bytes.size(); ++i)
    if (got.values[i] != want.bytes[i]) {
      CHECK_MESSAGE(got.values[i] == want.bytes[i], "at byte ", i);
      return;
    }
}

}  // namespace

TEST_CASE("Pillow's pixels, of every kind of PNG and JPEG") {
  int files = 0;
  for (const auto& [name, entry] : known()) {
    if (!name.starts_with("file ")) continue;
    const std::string which = name.substr(5);
    data::Bitmap picture;
    data::decode(entry.bytes, 3, which, picture);
    check_same(picture, "rgb " + which);
    data::decode(entry.bytes, 1, which, picture);
    check_same(picture, "grey " + which);
    if (known().contains("upright " + which)) {
      data::decode(entry.bytes, 3, which, picture, {.exif_transpose = true});
      check_same(picture, "upright " + which);
    }
    ++files;
  }
  CHECK(files > 50);
}

TEST_CASE("a picture that is cut short, at any byte, is an Error that says so") {
  for (const char* name :
       {"png-2-8", "png-3-4-interlaced", "jpeg-420", "jpeg-progressive", "jpeg-grey", "jpeg-exif-6"}) {
    const Bytes& whole = file(name);
    const char* const kind = name[0] == 'p' ? "PNG" : "JPEG";
    for (std::size_t n = 8; n < whole.size(); ++n) {
      const std::string words = refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)});
      if (!has(words, "x: the ") || !has(words, kind) || !has(words, "ends too early"))
        FAIL_CHECK(name << " cut to " << n << " bytes: " << words);
    }
    // cut, and the end put behind it
    if (name[0] == 'p') continue;
    Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * 3 / 4));
    cut.insert(cut.end(), {0xFF, 0xD9});
    CHECK(has(refusal(cut), "JPEG"));
  }
}

TEST_CASE("no flipped bit of a PNG gives other pixels, nor a sum that was put right afterwards") {
  for (const char* name : {"png-2-8", "png-3-2", "png-0-16-interlaced"}) {
    const Bytes& good = file(name);
    data::Bitmap want, got;
    data::decode(good, 3, "x", want);
    for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
      Bytes bad = good;
      bad[bit / 8] ^= static_cast<unsigned char>(1u << bit % 8);
      const std::string words = refusal(bad, {}, &got);
      if (words.empty() || (bit >= 64 && !has(words, "PNG"))) FAIL_CHECK(name << ", bit " << bit << ": " << words);
    }
  }
  // the last four bytes of zlib's stream are its Adler-32
  Bytes bad = picture_files::png(9, 9, 3, 77);
  const std::size_t end = bad.size() - 12;  // IEND
  bad[end - 5] ^= 1;
  picture_files::sum_again(bad);
  CHECK(has(refusal(bad), "x: damaged PNG: "));
}

TEST_CASE("no damage of a JPEG is more than an Error") {
  for (const char* name : {"jpeg-422", "jpeg-progressive", "jpeg-ycck"}) {
    const Bytes& good = file(name);
    int refused = 0;
    for (std::size_t bit = 16; bit < 8 * good.size(); bit += 3) {
      Bytes bad = good;
      bad[bit / 8] ^= static_cast<unsigned char>(1u << bit % 8);
      const std::string words = refusal(bad, {.exif_transpose = true});
      if (!words.empty() && bit >= 24 && !has(words, "JPEG")) FAIL_CHECK(name << ", bit " << bit << ": " << words);
      refused += !words.empty();
    }
    CHECK(refused > 100);
  }
}

TEST_CASE("what a header claims is held against the limit and the file's size first") {
  CHECK(has(refusal(picture_files::empty_jpeg(16384, 16384, true)),
            "x: a JPEG of 16384 x 16384 pixels, expected at most"));
  CHECK(has(refusal(picture_files::empty_png(16384, 16384)),
            "x: a PNG of 16384 x 16384 pixels, expected at most 67108864"));
  const data::DecodeOptions large{.max_pixels = ctnet::i64{1} << 40};
  for (const bool progressive : {false, true}) {
    const std::string words = refusal(picture_files::empty_jpeg(60000, 60000, progressive), large);
    CHECK(has(words, "the JPEG ends too early"));
    CHECK(has(words, "cannot hold 60000 x 60000 pixels"));
  }
  CHECK(has(refusal(picture_files::empty_png(0x7FFFFFFF, 0x7FFFFFFF), large), "expected at most"));
  CHECK(has(refusal(picture_files::empty_png(1 << 19, 1 << 19), large), "cannot hold 524288 x 524288 pixels"));
  CHECK(has(refusal(picture_files::empty_png(0, 5)), "damaged PNG: 0 x 5 pixels"));
  CHECK(has(refusal(file("jpeg-444"), {.max_pixels = 37 * 45 - 1}), "of 37 x 45 pixels, expected at most 1664"));
  CHECK(refusal(file("jpeg-444"), {.max_pixels = 37 * 45}).empty());
}

TEST_CASE("scans: too many, and one too few") {
  CHECK(refusal(picture_files::jpeg_of_scans(99)).empty());
  CHECK(refusal(picture_files::jpeg_of_scans(100)) == "x: damaged JPEG: more than 100 scans");
  // a first scan of one component, then the end
  Bytes one = picture_files::jpeg_of_one_scan_of_three();
  CHECK(has(refusal(one), "the JPEG ends too early"));
}

TEST_CASE("channels are 1 or 3, and what is neither PNG nor JPEG says so") {
  data::Bitmap picture;
  CHECK_THROWS_WITH_AS(data::decode(file("png-2-8"), 4, "x", picture),
                       "decode: 4 channels, expected 1 (grey) or 3 (RGB)", ctnet::Error);
  CHECK_THROWS_WITH_AS(data::decode({}, 3, "x.png", picture), "x.png: neither a PNG nor a JPEG file", ctnet::Error);
}

TEST_CASE("decoding in several threads, good files and bad") {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (std::size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i)
        for (const char* name : {"jpeg-420", "png-6-8", "jpeg-progressive"}) {
          Bytes cut = file(name);
          wrong[t] += !refusal(cut).empty();
          cut.resize(cut.size() / 2);
          wrong[t] += refusal(cut).empty();
        }
    });
  for (auto& t : threads) t.join();
  CHECK(wrong == std::vector<int>(4));
}
