// SPDX-License-Identifier: MIT
// Every deterministic transform against torchvision's own result on the same picture: equal, pixel by pixel.
#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <cstdlib>
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

// What has an outside to fill.
bool apply_outside(const recorded::Entry& e, Bitmap& image) {
  const data::Fill fill = image.c == 3 ? data::Fill{10, 200, 90} : data::Fill(200);
  const auto& v = e.arguments;
  const std::string what = e.operation.substr(0, e.operation.rfind('_')), how = e.operation.substr(what.size() + 1);
  const auto mode = how == "bilinear" ? data::Interpolation::bilinear : data::Interpolation::nearest;
  Bitmap out;
  if (what == "rotate_fill") {
    run(data::RandomRotation{.degrees = {v.at(0), v.at(0)}, .interpolation = mode, .fill = fill}, image);
  } else if (what == "rotate_expand") {
    run(data::RandomRotationExpand{.degrees = {v.at(0), v.at(0)}, .interpolation = mode, .fill = fill}, image);
  } else if (what == "affine") {
    const auto map = functional::affine_map(image.h, image.w, v.at(0), static_cast<int>(v.at(1)),
                                            static_cast<int>(v.at(2)), v.at(3), v.at(4), v.at(5));
    functional::warp(image, map, image.h, image.w, mode, fill, out);
    image = out;
  } else if (what == "pad") {
    const auto padding = how == "edge"       ? data::PaddingMode::edge
                         : how == "reflect"  ? data::PaddingMode::reflect
                         : how == "constant" ? data::PaddingMode::constant
                                             : data::PaddingMode::symmetric;
    run(data::ImagePad<3, 1, 2, 4>{.fill = fill, .padding_mode = padding}, image);
  } else {
    return false;
  }
  return true;
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
  } else if (op == "resize_max") {
    run(data::Resize<22, 0, 27>{}, image);
  } else if (op == "resize_nearest") {
    functional::resize(image, argument(0), argument(1), workspace, data::Interpolation::nearest);
  } else if (op == "resize_plain") {
    functional::resize(image, argument(0), argument(1), workspace, data::Interpolation::bilinear, false);
  } else if (op == "grayscale") {
    argument(0) == 1 ? run(data::Grayscale<>{}, image) : run(data::Grayscale<3>{}, image);
  } else if (op == "blur") {
    run(data::GaussianBlur{.kernel_size = {argument(1), argument(0)}, .sigma = {e.arguments[2], e.arguments[2]}},
        image);
  } else {
    return apply_outside(e, image);
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
    int most = 0;
    for (std::size_t i = 0; i < image.size(); ++i) {
      different += image.values[i] != e.bytes[i];
      most = std::max(most, std::abs(image.values[i] - e.bytes[i]));
    }
    // These two torchvision computes in float, on vectors that round a half now to one side, now to the other.
    if (e.operation == "blur" || e.operation == "resize_plain") {
      CHECK(most <= 1);
      CHECK(static_cast<double>(different) <= 0.02 * static_cast<double>(image.size()));
    } else {
      CHECK(different == 0);
    }
  }
  CHECK(seen.size() == 27);
  CHECK(seen["rotate"] == 70);
  CHECK(seen["hue"] == 35);
  CHECK(seen["affine_bilinear"] == 20);
}

TEST_CASE("grey and blurred floats are torchvision's") {
  data::Planes image, grey;
  data::ToTensor{}(recorded::picture("square"), image);
  grey = image;
  data::Workspace workspace;
  ctnet::Random random{ctnet::Seed{1}};
  data::Grayscale<>{}(grey, workspace, random);
  data::GaussianBlur{.kernel_size = {3, 5}, .sigma = {1.1, 1.1}}(image, workspace, random);
  const auto near = [](const data::Planes& ours, const recorded::Entry& theirs) {
    REQUIRE(ours.size() == theirs.floats.size());
    for (std::size_t i = 0; i < ours.size(); ++i) REQUIRE(std::abs(ours.values[i] - theirs.floats[i]) < 2e-6f);
  };
  near(grey, recorded::find("grayscale_float square"));
  near(image, recorded::find("blur_float square 5 3 1.1"));
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
