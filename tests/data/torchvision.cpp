// SPDX-License-Identifier: MIT
// Every deterministic transform against torchvision's own result on the same picture: equal, pixel by pixel.
#include <doctest/doctest.h>
#include <ctnet/data.hpp>
#include <map>

#include "recorded.hpp"

namespace data = ctnet::data;
namespace functional = ctnet::data::functional;
using data::Bitmap;

namespace {

template <class Transform>
void run(const Transform& transform, Bitmap& image) {
  data::Workspace workspace;
  ctnet::Random random{ctnet::Seed{1}};
  transform(image, workspace, random);
}

// The sizes that are template arguments in Resize and CenterCrop.
template <int... S>
bool resize_short(Bitmap& image, int size) {
  return ((size == S && (run(data::Resize<S>{}, image), true)) || ...);
}

bool apply(const recorded::Entry& e, Bitmap& image) {
  const auto argument = [&](std::size_t i) { return static_cast<int>(e.arguments.at(i)); };
  data::Workspace workspace;
  Bitmap out;
  const std::string& op = e.operation;
  if (op == "hflip") {
    run(data::RandomHorizontalFlip{.p = 1}, image);
  } else if (op == "vflip") {
    run(data::RandomVerticalFlip{.p = 1}, image);
  } else if (op == "resize_short") {
    return resize_short<1, 7, 16, 22, 50>(image, argument(0));
  } else if (op == "resize") {
    functional::resize(image, argument(0), argument(1), workspace);
  } else if (op == "rotate") {
    functional::rotate(image, e.arguments.at(0), out);
    image = out;
  } else if (op == "center_crop") {
    functional::crop(image, functional::center(image.h, image.w, argument(0), argument(1)), out);
    image = out;
  } else if (op == "pad_crop") {
    const int pad = argument(0);
    functional::crop(image, {argument(1) - pad, argument(2) - pad, argument(3), argument(4)}, out);
    image = out;
  } else if (op == "resized_crop") {
    functional::crop(image, {argument(0), argument(1), argument(2), argument(3)}, out);
    functional::resize(out, argument(4), argument(5), workspace);
    image = out;
  } else if (op == "brightness") {
    functional::adjust_brightness(image, e.arguments.at(0));
  } else if (op == "contrast") {
    functional::adjust_contrast(image, e.arguments.at(0));
  } else if (op == "saturation") {
    functional::adjust_saturation(image, e.arguments.at(0));
  } else if (op == "hue") {
    functional::adjust_hue(image, e.arguments.at(0));
  } else {
    return false;
  }
  return true;
}

}  // namespace

TEST_CASE("transforms give torchvision's pixels") {
  std::map<std::string, int> seen;
  for (const auto& e : recorded::entries()) {
    if (e.operation == "picture" || e.operation == "draws" || !e.floats.empty()) continue;
    CAPTURE(e.name);
    Bitmap image = recorded::picture(e.picture);
    REQUIRE(apply(e, image));
    ++seen[e.operation];
    CHECK(image.c == e.dims[2]);
    REQUIRE(image.h == e.dims[0]);
    REQUIRE(image.w == e.dims[1]);
    std::size_t different = 0;
    for (std::size_t i = 0; i < image.size(); ++i) different += image.values[i] != e.bytes[i];
    CHECK(different == 0);
  }
  CHECK(seen.size() == 12);
  CHECK(seen["rotate"] == 70);
  CHECK(seen["hue"] == 35);
}

TEST_CASE("ToTensor and Normalize give torchvision's floats") {
  int seen = 0;
  for (const auto& e : recorded::entries()) {
    if (e.operation != "to_tensor" && e.operation != "normalize") continue;
    CAPTURE(e.name);
    data::Planes out;
    data::ToTensor{}(recorded::picture(e.picture), out);
    if (e.operation == "normalize")
      for (int c = 0; c < 3; ++c) CHECK(e.arguments.at(static_cast<std::size_t>(c)) > 0);
    data::Workspace workspace;
    ctnet::Random random{ctnet::Seed{1}};
    if (e.operation == "normalize")
      data::Normalize{{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}}(out, workspace, random);
    REQUIRE(out.size() == e.floats.size());
    for (std::size_t i = 0; i < out.size(); ++i) REQUIRE(out.values[i] == e.floats[i]);
    ++seen;
  }
  CHECK(seen == 9);
}
