// SPDX-License-Identifier: MIT
// What the compiler knows about transforms and loaders, and laws of the geometry over sizes from one up.
#include <doctest/doctest.h>

#include <ctnet/data.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace ct = ctnet;
namespace data = ctnet::data;
using ct::any_size;
using ct::Shape;

namespace {

constexpr Shape photo{3, any_size, any_size}, cifar{3, 32, 32};

template <class... T>
using Compose = data::Compose<T...>;

static_assert(Compose<>::shape(cifar) == cifar);
static_assert(Compose<data::ToTensor>::shape(photo) == photo);
static_assert(Compose<data::Resize<256>>::shape(photo) == photo);
static_assert(Compose<data::Resize<256>>::shape(cifar) == Shape{3, 256, 256});
static_assert(Compose<data::Resize<20>>::shape(Shape{3, 30, 41}) == Shape{3, 20, 27});
static_assert(Compose<data::Resize<20>>::shape(Shape{3, 41, 30}) == Shape{3, 27, 20});
static_assert(Compose<data::Resize<20, 30>>::shape(photo) == Shape{3, 20, 30});
static_assert(Compose<data::Resize<20, 0, 24>>::shape(Shape{3, 41, 30}) == Shape{3, 24, 17});
static_assert(Compose<data::Resize<20, 0, 40>>::shape(Shape{3, 30, 41}) == Shape{3, 20, 27});
static_assert(Compose<data::RandomRotationExpand>::shape(cifar) == photo);
static_assert(Compose<data::RandomRotationExpand, data::Resize<32, 32>>::shape(cifar) == cifar);
static_assert(Compose<data::RandomAffine, data::GaussianBlur, data::RandomGrayscale>::shape(photo) == photo);
static_assert(Compose<data::Grayscale<>>::shape(photo) == Shape{1, any_size, any_size});
static_assert(Compose<data::ImagePad<2>>::shape(cifar) == Shape{3, 36, 36});
static_assert(Compose<data::ImagePad<1, 2, 3, 4>>::shape(cifar) == Shape{3, 38, 36});
static_assert(Compose<data::ImagePad<1, 2>>::shape(Shape{3, any_size, 9}) == Shape{3, any_size, 11});
static_assert(Compose<data::Resize<256>, data::CenterCrop<224>>::shape(photo) == Shape{3, 224, 224});
static_assert(Compose<data::CenterCrop<20, 30>>::shape(photo) == Shape{3, 20, 30});
static_assert(Compose<data::RandomCrop<24>, data::ToTensor>::shape(cifar) == Shape{3, 24, 24});
static_assert(Compose<data::RandomCrop<24, 16>, data::ToTensor>::shape(Shape{1, 28, 28}) == Shape{1, 24, 16});
static_assert(Compose<data::RandomResizedCrop<224>, data::ToTensor>::shape(photo) == Shape{3, 224, 224});
static_assert(Compose<data::RandomRotation, data::RandomVerticalFlip, data::ColorJitter>::shape(photo) == photo);
static_assert(Compose<data::RandomRotation, data::ToTensor>::has_to_tensor);
static_assert(!Compose<data::RandomRotation>::has_to_tensor);

template <class Set, class... T>
constexpr Shape loads = data::Loader<Set, Compose<T...>>::shape;
static_assert(loads<data::Cifar10, data::ToTensor, data::Normalize<3>> == cifar);
static_assert(loads<data::Mnist, data::Resize<32>, data::ToTensor, data::Normalize<1>> == Shape{1, 32, 32});
static_assert(loads<data::Cifar10, data::Grayscale<>, data::ToTensor, data::Normalize<1>> == Shape{1, 32, 32});
static_assert(loads<data::Mnist, data::Grayscale<3>, data::ToTensor, data::Normalize<3>, data::RandomErasing> ==
              Shape{3, 28, 28});
static_assert(loads<data::ImageFolder, data::Resize<256>, data::ToTensor> == photo);
static_assert(loads<data::ImageFolder, data::Resize<256>, data::ToTensor, data::CenterCrop<224>> == Shape{3, 224, 224});
static_assert(loads<data::Shapes<64>, data::ToTensor> == Shape{3, 64, 64});
static_assert(loads<data::TensorDataset<ct::Features<7>>> == Shape{7});
static_assert(data::Dataset<data::Cifar10> && data::Dataset<data::ImageFolder> && !data::Dataset<int>);

// A value for each place, so that a wrong place shows.
data::Bitmap numbered(int c, int h, int w) {
  data::Bitmap image;
  image.resize(c, h, w);
  for (std::size_t i = 0; i < image.size(); ++i) image.values[i] = static_cast<unsigned char>(i * 7 + i / 251);
  return image;
}
data::Planes planes(const data::Bitmap& image) {
  data::Planes out;
  out.resize(image.c, image.h, image.w);
  for (int c = 0; c < image.c; ++c)
    for (int y = 0; y < image.h; ++y)
      for (int x = 0; x < image.w; ++x) out.at(c, y, x) = image.at(c, y, x);
  return out;
}

struct Size {
  int c, h, w;
};
const std::vector<Size> sizes{{1, 1, 1}, {3, 1, 1}, {3, 1, 5}, {3, 5, 1}, {1, 4, 7}, {3, 6, 6}, {4, 9, 2}, {3, 31, 33}};

}  // namespace

TEST_CASE("flips mirror, twice is nothing, and planes do as bitmaps do") {
  for (const auto& s : sizes) {
    CAPTURE(s.h);
    CAPTURE(s.w);
    const data::Bitmap image = numbered(s.c, s.h, s.w);
    data::Bitmap across = image, down = image;
    data::functional::hflip(across);
    data::functional::vflip(down);
    for (int c = 0; c < s.c; ++c)
      for (int y = 0; y < s.h; ++y)
        for (int x = 0; x < s.w; ++x) {
          REQUIRE(across.at(c, y, x) == image.at(c, y, s.w - 1 - x));
          REQUIRE(down.at(c, y, x) == image.at(c, s.h - 1 - y, x));
        }
    data::Planes p = planes(image), q = p;
    data::functional::hflip(p);
    data::functional::vflip(q);
    CHECK(p.values == planes(across).values);
    CHECK(q.values == planes(down).values);
    data::functional::hflip(across);
    CHECK(across.values == image.values);
  }
}

TEST_CASE("a crop reads 0 outside of the image, on bytes and on floats") {
  for (const auto& s : sizes)
    for (const data::Region& at :
         {data::Region{0, 0, s.h, s.w}, {-2, -3, 9, 4}, {1, 2, 3, 8}, {-50, 0, 4, 4}, {0, 90, 2, 2}}) {
      const data::Bitmap image = numbered(s.c, s.h, s.w);
      data::Bitmap out;
      data::Planes floats;
      data::functional::crop(image, at, out);
      data::functional::crop(planes(image), at, floats);
      REQUIRE(out.shape() == Shape{s.c, at.h, at.w});
      for (int c = 0; c < s.c; ++c)
        for (int y = 0; y < at.h; ++y)
          for (int x = 0; x < at.w; ++x) {
            const int sy = at.top + y, sx = at.left + x;
            const bool in = sy >= 0 && sy < s.h && sx >= 0 && sx < s.w;
            REQUIRE(out.at(c, y, x) == (in ? image.at(c, sy, sx) : 0));
          }
      CHECK(floats.values == planes(out).values);
    }
}

TEST_CASE("a picture of one colour keeps it at any size") {
  data::Workspace workspace;
  for (const auto& s : sizes)
    for (const Size to : {Size{0, 1, 1}, {0, 3, 50}, {0, 41, 2}, {0, 16, 16}}) {
      data::Bitmap image;
      image.resize(s.c, s.h, s.w);
      for (unsigned char& v : image.values) v = 201;
      data::functional::resize(image, to.h, to.w, workspace);
      REQUIRE(image.shape() == Shape{s.c, to.h, to.w});
      for (const unsigned char v : image.values) REQUIRE(v == 201);
    }
}

TEST_CASE("rotations by right angles permute the pixels of a square") {
  for (const int n : {1, 2, 5, 32}) {
    const data::Bitmap image = numbered(3, n, n);
    data::Bitmap once, twice, four;
    data::functional::rotate(image, 90, once);
    data::functional::rotate(once, 90, twice);
    data::functional::rotate(image, 180, four);
    CHECK(twice.values == four.values);
    for (int y = 0; y < n; ++y)
      for (int x = 0; x < n; ++x) REQUIRE(once.at(1, n - 1 - x, y) == image.at(1, y, x));
  }
}

TEST_CASE("magnitudes that make no sense are errors") {
  data::Workspace workspace;
  ct::Random random{ct::Seed{1}};
  data::Bitmap image = numbered(3, 8, 9);
  // a Compose refuses them, and so does the transform alone
  const auto refuses = [&](const auto& transform, const std::string& words) {
    data::Bitmap copy = image;
    CHECK_THROWS_WITH_AS(data::Compose{transform}, doctest::Contains(words.c_str()), ct::Error);
    if constexpr (requires { transform(copy, workspace, random); })
      CHECK_THROWS_WITH_AS(transform(copy, workspace, random), doctest::Contains(words.c_str()), ct::Error);
  };
  const auto too_small = [&](const auto& transform, const std::string& words) {
    data::Bitmap copy = image;
    CHECK_THROWS_WITH_AS(transform(copy, workspace, random), doctest::Contains(words.c_str()), ct::Error);
    CHECK(copy.values == image.values);
  };
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  too_small(data::RandomCrop<10>{}, "RandomCrop of 10 x 10 from an image of 8 x 9");
  too_small(data::RandomCrop<13>{.padding = 2}, "with padding 2");
  too_small(data::GaussianBlur{.kernel_size = {3, 19}},
            "kernel_size 3 x 19 needs an image of 2 x 10 or more, gets 8 x 9");
  too_small(data::ImagePad<9, 0>{.padding_mode = data::PaddingMode::reflect}, "too small to be mirrored by 9, 0, 9, 0");
  too_small(data::RandomAffine{.fill = {1, 2}}, "RandomAffine: fill has 2 values, the image has 3 channels");
  refuses(data::RandomCrop<2>{.padding = -1}, "RandomCrop: padding is -1, expected 0 to");
  refuses(data::ColorJitter{.brightness = -1}, "ColorJitter: brightness is -1");
  refuses(data::ColorJitter{.contrast = infinity}, "ColorJitter: contrast is inf");
  refuses(data::ColorJitter{.saturation = nan}, "ColorJitter: saturation is nan");
  refuses(data::ColorJitter{.hue = 0.6}, "hue is 0.6");
  refuses(data::RandomHorizontalFlip{.p = 1.5}, "RandomHorizontalFlip: p is 1.5");
  refuses(data::RandomVerticalFlip{.p = nan}, "RandomVerticalFlip: p is nan");
  refuses(data::RandomGrayscale{.p = -0.5}, "RandomGrayscale: p is -0.5");
  refuses(data::RandomRotation{.degrees = -4}, "RandomRotation: degrees is -4");
  refuses(data::RandomRotation{.degrees = {20, 10}}, "RandomRotation: degrees is 20");
  refuses(data::RandomRotation{.degrees = nan}, "RandomRotation: degrees is ");
  refuses(data::RandomRotation{.fill = {0, 300, 0}}, "RandomRotation: fill is 300");
  refuses(data::RandomRotationExpand{.degrees = 361}, "RandomRotationExpand: degrees is 361");
  refuses(data::RandomAffine{.translate = {0, 1.5}}, "RandomAffine: translate is 0");
  refuses(data::RandomAffine{.scale = {0, 1}}, "RandomAffine: scale begins at 0");
  refuses(data::RandomAffine{.scale = {2, 1}}, "RandomAffine: scale is 2");
  refuses(data::RandomAffine{.shear = {0, 5, 7, 5}}, "RandomAffine: shear parallel to y is 7");
  refuses(data::RandomResizedCrop<4>{.ratio = {2, 1}}, "ratio 2");
  refuses(data::RandomResizedCrop<4>{.scale = {0.5, nan}}, "scale 0.5");
  refuses(data::GaussianBlur{}, "GaussianBlur: kernel_size is 0 x 0, expected odd numbers above 0");
  refuses(data::GaussianBlur{.kernel_size = {3, 4}}, "kernel_size is 3 x 4");
  refuses(data::GaussianBlur{.kernel_size = 3, .sigma = {0, 1}}, "GaussianBlur: sigma is 0");
  refuses(data::RandomErasing{.p = 2}, "RandomErasing: p is 2");
  refuses(data::RandomErasing{.scale = {0.5, 1.5}}, "RandomErasing: scale is 0.5");
  refuses(data::RandomErasing{.ratio = {0, 1}}, "RandomErasing: ratio is 0");
  refuses(data::RandomErasing{.value = nan}, "RandomErasing: value is nan");
  refuses(data::ImagePad<1>{.fill = nan}, "ImagePad: fill is nan");
  CHECK_THROWS_WITH_AS((data::Fill{1, 2, 3, 4, 5}), doctest::Contains("fill has 5 values"), ct::Error);
  const float bad[][2] = {{0.5f, 0}, {0.5f, -1}, {0.5f, std::nanf("")}, {0.5f, std::numeric_limits<float>::infinity()}};
  for (const auto& [mean, std] : bad)
    CHECK_THROWS_WITH_AS((data::Normalize{{0.1f, mean}, {1.0f, std}}),
                         doctest::Contains("Normalize: the standard deviation of channel 1 is "), ct::Error);
  CHECK_THROWS_WITH_AS((data::Normalize{{std::nanf("")}, {1.0f}}),
                       doctest::Contains("Normalize: the mean of channel 0 is nan"), ct::Error);
}

TEST_CASE("a Compose takes one picture as a Loader would") {
  const data::Shapes<16> set{data::Split::train, {.size = 3}};
  const data::Compose prepare{data::Resize<12, 10>{}, data::ToTensor{},
                              data::Normalize{{0.5f, 0.4f, 0.3f}, {2, 1, 0.5f}}};
  data::Loader loader{set, prepare, {.batch_size = 1}};
  std::size_t i = 0;
  for (const auto& batch : loader) {
    const data::Planes picture = prepare(set.get(i++).image);
    REQUIRE(picture.shape() == Shape{3, 12, 10});
    CHECK(std::equal(picture.begin(), picture.end(), batch.images.begin(), batch.images.end()));
  }
  const std::vector<float> mean{0.5f, 0.4f, 0.3f}, deviation{2, 1, 0.5f};
  const data::Compose from_a_file{data::Resize<12, 10>{}, data::ToTensor{}, data::Normalize<3>{mean, deviation}};
  CHECK(from_a_file(set.get(0).image).values == prepare(set.get(0).image).values);
  CHECK_THROWS_WITH_AS((data::Normalize<1>{mean, deviation}),
                       "Normalize: 3 means and 3 standard deviations, expected 1 of each", ct::Error);
  CHECK_THROWS_WITH_AS(prepare(numbered(1, 12, 10)),
                       "Compose: a transform is made for another number of channels than 1", ct::Error);
}
