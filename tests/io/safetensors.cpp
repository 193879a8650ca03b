// SPDX-License-Identifier: MIT
// safetensors out and in again: every type, names and metadata that need escapes, empty and scalar tensors, layout.
#include <doctest/doctest.h>
#include <ctnet/io/safetensors.hpp>
#include <ctnet/io/safetensors_writer.hpp>

#include <Eigen/Core>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include <cmath>
#include <limits>

#include "temporary.hpp"

using namespace ctnet;

namespace {

template <class T>
std::vector<T> read(const io::Safetensors& file, std::string_view name) {
  const io::TensorInfo& t = file.at(name);
  std::vector<T> out(t.size);
  file.read(t, std::span(out));
  return out;
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("what is written is read, through a file") {
  TemporaryFolder folder;
  const std::string path = folder / "all.safetensors";
  const std::vector<float> f{1.5f, -0.0f, std::numeric_limits<float>::infinity(), 1e-40f, 3e38f, 7};
  const std::vector<double> d{1e300, std::numeric_limits<double>::denorm_min()};
  const std::vector<std::uint64_t> u{0, UINT64_MAX, 5};
  const std::vector<std::int64_t> i{INT64_MIN};
  const std::vector<std::uint32_t> u4{7, UINT32_MAX};
  const std::vector<std::int32_t> i4{-1};
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  const std::vector<float> none, one{42};
  const std::string odd_name = "a\"\\/\b\n\t\x01 \u00e9 \u4e2d \U0001F600 .weight";

  io::SafetensorsWriter w;
  w.add("bytes", {3}, bytes);
  w.add("conv.weight", {1, 2, 3}, f);
  w.add("scalar", {}, one);
  w.add("none", {4, 0, 2}, none);
  w.add(odd_name, {2}, d);
  w.add("u", {3}, std::span<const std::uint64_t>(u));
  w.add("i", {1}, i);
  w.add("u4", {2}, u4);
  w.add("i4", {1, 1}, i4);
  w.add("view", {2, 3}, View<const float>(f.data(), 2, {2, 3, 0, 0}));
  w.metadata("epoch", "3");
  w.metadata("odd \"key\"", odd_name);
  w.metadata("epoch", "4");
  w.write(path);

  const auto file = io::Safetensors::open(path);
  CHECK(file.name() == path);
  CHECK(file.tensors().size() == 10);
  CHECK(file.metadata() == std::map<std::string, std::string>{{"epoch", "4"}, {"odd \"key\"", odd_name}});
  CHECK(read<float>(file, "conv.weight") == f);
  CHECK(std::signbit(read<float>(file, "conv.weight")[1]));
  CHECK(read<float>(file, "view") == f);
  CHECK(read<double>(file, odd_name) == d);
  CHECK(read<std::uint64_t>(file, "u") == u);
  CHECK(read<std::int64_t>(file, "i") == i);
  CHECK(read<std::uint32_t>(file, "u4") == u4);
  CHECK(read<std::int32_t>(file, "i4") == i4);
  CHECK(read<std::uint8_t>(file, "bytes") == bytes);
  CHECK(read<float>(file, "scalar") == one);
  CHECK(file.at("scalar").shape.empty());
  CHECK(file.at("none").shape == io::Dims{4, 0, 2});
  CHECK(read<float>(file, "none").empty());
  CHECK(file.find("conv") == nullptr);
  CHECK(file.find("") == nullptr);

  std::uint64_t header = 0;
  const io::Bytes raw = io::read_file(path);
  std::memcpy(&header, raw.data(), 8);
  CHECK(header % 8 == 0);
  for (const io::TensorInfo& t : file.tensors()) CHECK(t.begin % io::size_of(t.dtype) == 0);
  CHECK(w.bytes() == raw);
}

TEST_CASE("pieces of tensors, and tensors in another order, are written by their indices") {
  xt::xtensor<float, 2> a({4, 3});
  for (std::size_t i = 0; i < a.size(); ++i) a.data()[i] = static_cast<float>(i);
  const auto rows = xt::view(a, xt::range(2, 4));
  const xt::xtensor<float, 2, xt::layout_type::column_major> columns = rows;
  const Eigen::MatrixXf matrix = Eigen::Map<const Eigen::MatrixXf>(a.data(), 3, 4).rightCols(2);  // (F, N)
  io::SafetensorsWriter w;
  w.add("rows", {2, 3}, rows);
  w.add("part", {4, 2}, xt::view(a, xt::all(), xt::range(1, 3)));
  w.add("columns", {2, 3}, columns);
  w.add("matrix", {2, 3}, matrix);
  CHECK(message_of<Error>([&] {
          w.add("wrong", {3, 2}, matrix);
        }) ==
        "tensor 'wrong' is a column-major Eigen matrix of 3 x 2, which lies in memory as 2 runs of 3, expected runs of "
        "3 x 2 (N x F row-major or F x N column-major)");
  auto other = w;  // what was gathered belongs to both
  w = io::SafetensorsWriter{};
  const auto file = io::Safetensors::parse(other.bytes(), "memory");
  for (const char* name : {"rows", "columns", "matrix"})
    CHECK(read<float>(file, name) == std::vector<float>{6, 7, 8, 9, 10, 11});
  CHECK(read<float>(file, "part") == std::vector<float>{1, 2, 4, 5, 7, 8, 10, 11});

  xt::xtensor<float, 2> into = xt::zeros<float>({4, 3});
  auto piece = xt::view(into, xt::range(1, 3));
  file.read<float>("rows", {2, 3}, piece);  // and read into pieces
  CHECK(into == xt::xtensor<float, 2>{{0, 0, 0}, {6, 7, 8}, {9, 10, 11}, {0, 0, 0}});
}

TEST_CASE("an empty file of no tensors, and one of metadata alone") {
  io::SafetensorsWriter w;
  CHECK(io::Safetensors::parse(w.bytes(), "x").tensors().empty());
  w.metadata("a", "b");
  const io::Bytes bytes = w.bytes();
  CHECK(io::Safetensors::parse(bytes, "x").metadata().at("a") == "b");
}

TEST_CASE("F16, BF16, F32 and F64 become float or double") {
  const std::vector<double> values{0.0, -0.0, 1.0, -2.5, 0x1p-24, 65504, std::numeric_limits<double>::infinity()};
  std::vector<float> f32;
  std::vector<std::uint16_t> f16, bf16;
  for (const double v : values) {
    f32.push_back(static_cast<float>(v));
    f16.push_back(io::float_to_half(f32.back()));
    bf16.push_back(io::float_to_bfloat16(f32.back()));
  }
  const auto raw = [](const auto& v) {
    return io::ByteSpan(reinterpret_cast<const unsigned char*>(v.data()), v.size() * sizeof v[0]);
  };
  const std::size_t n = values.size();
  io::SafetensorsWriter w;
  w.add("f64", {n}, values);
  w.add("f32", {n}, f32);
  w.add("f16", io::Dtype::F16, {n}, raw(f16));
  w.add("bf16", io::Dtype::BF16, {n}, raw(bf16));
  const io::Bytes bytes = w.bytes();
  const auto file = io::Safetensors::parse(bytes, "x");
  for (const char* name : {"f64", "f32", "f16"}) {
    CAPTURE(name);
    CHECK(read<double>(file, name) == values);
    CHECK(read<float>(file, name) == f32);
  }
  CHECK(read<double>(file, "bf16")[3] == -2.5);
  CHECK(read<float>(file, "bf16")[5] == 65536);  // rounded when it was written
}

TEST_CASE("a wrong tensor, type or shape is an Error that names both sides") {
  const std::vector<float> f(6);
  const std::vector<std::int64_t> i(6);
  io::SafetensorsWriter w;
  w.add("w", {2, 3}, f);
  w.add("i", {6}, i);
  const io::Bytes bytes = w.bytes();
  const auto file = io::Safetensors::parse(bytes, "net.safetensors");
  const auto error = [](auto g) { return message_of<Error>(g); };
  std::vector<float> six(6), five(5);
  std::vector<std::int64_t> ints(6);
  CHECK(error([&] { (void)file.at("bias"); }) == "net.safetensors: tensor 'bias' is missing, the file has 2 others");
  CHECK(error([&] {
          file.read("w", {3, 2}, std::span(six));
        }) == "net.safetensors: tensor 'w' has shape [2, 3], expected [3, 2]");
  CHECK(error([&] { file.read(file.at("w"), std::span(five)); }) ==
        "net.safetensors: tensor 'w' has 6 elements, shape [2, 3], expected 5");
  CHECK(error([&] { file.read("i", {6}, std::span(six)); }) ==
        "net.safetensors: tensor 'i' is I64, expected F32, F64, F16 or BF16");
  CHECK(error([&] { file.read("w", {2, 3}, std::span(ints)); }) == "net.safetensors: tensor 'w' is F32, expected I64");

  CHECK(has(error([&] { w.add("w", {6}, f); }), "twice"));
  CHECK(has(error([&] { w.add("v", {7}, f); }), "24 bytes, shape [7] of F32 expects 28"));
  CHECK(has(error([&] { w.add("v", {1ull << 62, 8}, f); }), "2^64"));
  CHECK(has(error([&] { w.add("v", {1ull << 62}, f); }), "24 bytes"));
  CHECK(has(error([&] { w.add("\xff", {6}, f); }), "name"));
  CHECK(has(error([&] { w.add("__metadata__", {6}, f); }), "name"));
  CHECK(has(error([&] { w.metadata("k", "\xc0\x80"); }), "UTF-8"));
  CHECK(w.bytes() == bytes);
}

TEST_CASE("CRC-64/XZ: its published check value, any cut, any single bit") {
  CHECK(io::crc64("123456789", 9) == 0x995DC9BBDF1939FAu);  // the "check" of the catalogue of CRCs
  CHECK(io::crc64("", 0) == 0);
  std::vector<unsigned char> bytes(20'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<unsigned char>(i * i >> 3);
  const auto bit_by_bit = [&](std::size_t n) {
    std::uint64_t c = ~std::uint64_t{0};
    for (std::size_t i = 0; i < 8 * n; ++i) {
      const std::uint64_t bit = (c ^ bytes[i / 8] >> (i % 8)) & 1;
      c = c >> 1 ^ (bit ? 0xC96C5795D7870F42u : 0);
    }
    return ~c;
  };
  // Lengths on both sides of where it goes over to four parts, with every remainder.
  for (const std::size_t n : {1u, 7u, 8u, 9u, 63u, 4095u, 4096u, 4097u, 4103u, 4127u, 4128u, 12345u, 20000u}) {
    CAPTURE(n);
    const std::uint64_t whole = io::crc64(bytes.data(), n);
    CHECK(whole == bit_by_bit(n));
    for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, n / 3, n})
      CHECK(io::crc64(bytes.data() + cut, n - cut, io::crc64(bytes.data(), cut)) == whole);
    bytes[n / 2] ^= 4;
    CHECK(io::crc64(bytes.data(), n) != whole);
    bytes[n / 2] ^= 4;
  }
}

TEST_CASE("a checksum finds every bit that is flipped, and only what is changed") {
  const std::vector<float> f{1, 2, 3, 4, 5, 6};
  const std::vector<double> d{7, 8};
  io::SafetensorsWriter w;
  w.add("f", {2, 3}, f);
  w.add_checksum();
  w.add("d", {2}, d);
  w.metadata("format", "pt");
  w.metadata("mean", "0.5");
  const io::Bytes whole = w.bytes();
  const auto file = io::Safetensors::parse(whole, "x");
  CHECK(file.checksum() == io::ChecksumIs::right);
  CHECK(file.metadata().at("ctnet.crc64").size() == 16);
  const auto same_but_sum = [&](const io::Safetensors& other) {
    if (other.tensors().size() != 2 || other.metadata().at("format") != "pt" || other.metadata().at("mean") != "0.5")
      return false;
    const auto *a = other.find("f"), *b = other.find("d");
    return a && b && a->shape == io::Dims{2, 3} && read<float>(other, "f") == f && read<double>(other, "d") == d;
  };
  int refused = 0, kept = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    io::Bytes b = whole;
    b[bit / 8] = static_cast<unsigned char>(b[bit / 8] ^ 1u << bit % 8);
    bool same = false;
    const std::string said = message_of<Error>([&] { same = same_but_sum(io::Safetensors::parse(b, "x")); });
    // What is not refused says the same: a bit of the checksum's own name, a blank that became another.
    CHECK((said.empty() ? same : said.starts_with("x: ")));
    ++(said.empty() ? kept : refused);
  }
  CHECK(refused > kept * 10);

  io::Bytes bad = whole;
  bad.back() ^= 1;
  CHECK(has(message_of<Error>([&] { (void)io::Safetensors::parse(bad, "x"); }), "x: its checksum is "));
  CHECK(io::Safetensors::parse(bad, "x", io::Verify::no).checksum() == io::ChecksumIs::wrong);

  // Another order of tensors and metadata, as another program writes them, is the same file.
  io::SafetensorsWriter other;
  const std::vector<float> none;
  other.metadata("ctnet.crc64", file.metadata().at("ctnet.crc64"));
  other.metadata("mean", "0.5");
  other.metadata("format", "pt");
  other.add("d", {2}, d);
  other.add("f", {2, 3}, f);
  CHECK_NOTHROW((void)io::Safetensors::parse(other.bytes(), "x"));
  other.add("more", {0}, none);
  CHECK(has(message_of<Error>([&] { (void)io::Safetensors::parse(other.bytes(), "x"); }), "kept its metadata"));
  CHECK(io::Safetensors::parse(io::SafetensorsWriter{}.bytes(), "x").checksum() == io::ChecksumIs::absent);
}
