// SPDX-License-Identifier: MIT
// npy and npz out and in again; what numpy writes in other orders and types; and every damaged file.
#include <doctest/doctest.h>
#include <ctnet/io/npy.hpp>

#include <random>
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xview.hpp>

#include "temporary.hpp"

using namespace ctnet;

namespace {

std::string npy(const std::string& dict, const std::string& data, int version = 1) {
  std::string s = std::string("\x93NUMPY") + static_cast<char>(version) + '\0';
  const std::size_t n = dict.size();
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) s += static_cast<char>(n >> (8 * i));
  return s + dict + data;
}
std::string dict(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}
template <class T, std::size_t N>
std::string fault(const std::string& bytes) {
  return message_of<Error>([&] { (void)io::parse_npy<T, N>(io::bytes_of(bytes), "x.npy"); });
}
std::string npz_fault(const io::Bytes& bytes) {
  return message_of<Error>([&] {
    const auto z = io::Npz::parse(bytes, "x.npz");
    for (const std::string& n : z.names()) (void)z.read<double, 2>(n);
  });
}

}  // namespace

TEST_CASE("tensors of any rank and type come back") {
  TemporaryFolder folder;
  const std::string path = folder / "a.npy";
  xt::xtensor<float, 4> images({2, 3, 4, 5});
  for (std::size_t i = 0; i < images.size(); ++i) images.data()[i] = 0.5f * static_cast<float>(i);
  io::save_npy(path, images);
  CHECK(io::load_npy<float, 4>(path) == images);
  CHECK(io::load_npy<double, 4>(path) == images);
  CHECK_THROWS_WITH_AS((io::load_npy<float, 3>(path)), (path + ": shape (2, 3, 4, 5), expected 3 dimensions").c_str(),
                       Error);
  CHECK_THROWS_WITH_AS((io::load_npy<int, 4>(path)),
                       (path + ": holds floating-point numbers, expected integers").c_str(), Error);

  const xt::xtensor<int, 1> labels{3, -1, 70'000};
  io::save_npy(path, labels);
  CHECK(io::load_npy<long, 1>(path) == labels);
  CHECK(io::load_npy<float, 1>(path) == labels);
  CHECK_THROWS_WITH_AS((io::load_npy<unsigned, 1>(path)),
                       (path + ": its value -1 does not fit into 4 bytes unsigned").c_str(), Error);
  CHECK_THROWS_AS((io::load_npy<short, 1>(path)), Error);

  io::save_npy(path, images + 1.0f);  // an expression
  CHECK(io::load_npy<float, 4>(path)(0, 0, 0, 1) == 1.5f);
  io::save_npy(path, xt::xtensor<double, 2>(std::array<std::size_t, 2>{0, 3}));
  CHECK(io::load_npy<double, 2>(path).shape()[1] == 3);
}

TEST_CASE("tensors in other orders, and pieces of others, are written by their indices") {
  xt::xtensor<float, 2> a({4, 6});
  for (std::size_t i = 0; i < a.size(); ++i) a.data()[i] = static_cast<float>(i);
  const auto comes_back = [](const auto& t) {
    const std::string text = io::detail::npy_text(t);
    const xt::xarray<float> want = t;
    return io::parse_npy<float, 2>(io::bytes_of(text), "x.npy") == want;
  };
  CHECK(comes_back(xt::xtensor<float, 2, xt::layout_type::column_major>(a)));
  CHECK(comes_back(xt::view(a, xt::range(1, 3))));
  CHECK(comes_back(xt::view(a, xt::range(1, 3), xt::range(2, 5))));
  CHECK(comes_back(xt::transpose(a)));
  xt::xarray<float, xt::layout_type::dynamic> strided;
  strided.resize(std::vector<std::size_t>{3, 4}, std::vector<std::ptrdiff_t>{1, 3});
  for (std::size_t i = 0; i < strided.size(); ++i) strided.data()[i] = static_cast<float>(i);
  CHECK(strided(0, 1) == 3);
  CHECK(comes_back(strided));
}

TEST_CASE("what else numpy writes: Fortran order, big-endian, half, bool, scalars, versions 2 and 3") {
  const auto load = [](const std::string& s) { return io::parse_npy<double, 2>(io::bytes_of(s), "x"); };
  const xt::xtensor<double, 2> expected{{1, 3, 5}, {2, 4, 6}};
  CHECK(load(npy(dict("|u1", "True", "(2, 3)"), "\1\2\3\4\5\6")) == expected);
  CHECK(load(npy(dict("|u1", "False", "(2, 3)"), "\1\3\5\2\4\6", 2)) == expected);
  CHECK(load(npy("{\"shape\":(2,3),\"descr\":\"|i1\",\"fortran_order\":False}", "\1\3\5\2\4\6", 3)) == expected);
  const std::string big("\x40\x00\xc0\x00", 4);
  CHECK(load(npy(dict(">f2", "False", "(1, 2)"), big)) == xt::xtensor<double, 2>{{2, -2}});
  CHECK(load(npy(dict(">u2", "False", "(1L, 2L)"), big)) == xt::xtensor<double, 2>{{16384, 49152}});
  CHECK(io::parse_npy<bool, 1>(io::bytes_of(npy(dict("|b1", "False", "(3,)"), std::string("\1\0\1", 3))), "x") ==
        xt::xtensor<bool, 1>{true, false, true});
  CHECK(io::parse_npy<float, 0>(io::bytes_of(npy(dict("|u1", "False", "()"), "\7")), "x")() == 7);
}

TEST_CASE("headers that are wrong, and what is said of them") {
  const std::string six = "\1\2\3\4\5\6";
  const auto error = [&](const std::string& header) { return fault<double, 2>(npy(header, six)); };
  const auto expect = [](const std::string& said, const char* part) {
    INFO(said);
    CHECK(said.rfind("x.npy: ", 0) == 0);
    CHECK(said.find(part) != said.npos);
  };
  expect(fault<double, 2>(""), "0 bytes");
  expect(fault<double, 2>("PK\3\4 not an npy"), "does not begin like");
  expect(fault<double, 2>(npy(dict("|u1", "False", "(2, 3)"), six, 4)), "version 4");
  expect(fault<double, 2>(std::string("\x93NUMPY\2\0\xff\xff\xff\xff", 12)), "said to have 4294967295 bytes");
  expect(error(dict("|u1", "False", "(2, 4)")), "6 bytes of data, expected 8 for shape (2, 4)");
  expect(error(dict("|u1", "False", "(2, 2)")), "6 bytes of data, expected 4");
  expect(error(dict("<f8", "False", "(1152921504606846976, 1152921504606846976)")), "too large");
  for (const char* shape :
       {"(0, 9223372036854775807, 4)", "(9223372036854775807, 4, 0)", "(2305843009213693952, 0, 1)"})
    expect(fault<double, 3>(npy(dict("<f8", "False", shape), "")), "too large");
  CHECK(io::parse_npy<double, 3>(io::bytes_of(npy(dict("<f8", "False", "(0, 1000, 4)"), "")), "x").size() == 0);
  expect(error(dict("<f8", "False", "(18446744073709551616, 1)")), "above 2^64");
  expect(error(dict("|u1", "False", "(6,)")), "shape (6), expected 2 dimensions");
  expect(error(dict("|u1", "False", "(6)")), "expected a comma");
  expect(error(dict("|u1", "False", "(-2, 3)")), "expected a natural number");
  expect(error(dict("|u1", "False", "[2, 3]")), "expected (");
  expect(error(dict("|u1", "false", "(2, 3)")), "expected True or False");
  expect(error(dict("|O", "False", "(2, 3)")), "type '|O'");
  expect(error(dict("<U2", "False", "(2, 3)")), "type '<U2'");
  expect(error(dict("<f16", "False", "(2, 3)")), "type '<f16'");
  expect(error(dict("|f1", "False", "(2, 3)")), "kind 'f' of 1 bytes");
  expect(error("{'descr': '|u1', 'shape': (2, 3)}"), "no 'fortran_order'");
  expect(error("{'descr': '|u1', 'descr': '|u1'}"), "'descr' twice");
  expect(error("{'evil': 1}"), "unknown key 'evil'");
  expect(error("{'descr': [('a', '<f4')]}"), "expected");
  expect(error(""), "expected {");
  expect(error("{'descr"), "inside a string");
  expect(error(dict("|u1", "False", "(2, 3)") + "x"), "expected the end");
}

TEST_CASE("npy truncated at any byte or changed anywhere") {
  const std::string whole = npy(dict("<f4", "False", "(2, 3)"), std::string(24, 'x'));
  REQUIRE(fault<float, 2>(whole).empty());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const io::Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK(message_of<Error>([&] { (void)io::parse_npy<float, 2>(part, "x"); }) != "");
  }
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) {
    io::Bytes b(whole.begin(), whole.end());
    for (unsigned k = 0; k < 1 + random() % 3; ++k) b[random() % b.size()] = static_cast<unsigned char>(random());
    std::size_t read = 0;
    const std::string said = message_of<Error>([&] { read = io::parse_npy<float, 2>(b, "x").size(); });
    CHECK((said.empty() ? read <= b.size() : said.rfind("x: ", 0) == 0));
  }
}

TEST_CASE("npz: several arrays, stored and deflated") {
  TemporaryFolder folder;
  const std::string path = folder / "a.npz";
  const xt::xtensor<float, 2> a{{1, 2}, {3, 4}};
  const xt::xtensor<int, 1> b{5, 6, 7};
  io::save_npz(path, "a", a, "b", b);
  for (const bool compressed : {false, true}) {
    io::NpzWriter w(compressed);
    w.add("a", a);
    w.add("zeros", xt::xtensor<double, 2>(xt::zeros<double>({100, 100})));
    CHECK_THROWS_AS(w.add("a", a), Error);
    const io::Bytes bytes = w.bytes();
    CHECK((bytes.size() < 2000) == compressed);
    const auto z = io::Npz::parse(bytes, "x");
    CHECK(z.read<float, 2>("a") == a);
    CHECK(z.read<float, 2>("zeros")(99, 99) == 0);
  }
  auto z = io::load_npz(path);
  const auto moved = std::move(z);
  CHECK(moved.names() == std::vector<std::string>{"a", "b"});
  CHECK(moved.read<double, 2>("a") == a);
  CHECK(moved.read<int, 1>("b") == b);
  CHECK_THROWS_WITH_AS((moved.read<int, 1>("c")), (path + ": array 'c' is missing, the archive has 2 others").c_str(),
                       Error);
  CHECK_THROWS_WITH_AS((moved.read<int, 2>("b")), (path + ": array 'b': shape (3), expected 2 dimensions").c_str(),
                       Error);
  CHECK(npz_fault(io::NpzWriter{}.bytes()).empty());
}

TEST_CASE("npz truncated at any byte or changed anywhere") {
  io::NpzWriter w(true);
  w.add("a", xt::xtensor<double, 2>(xt::zeros<double>({7, 9})));
  w.add("b", xt::xtensor<double, 2>{{1, 2}});
  const io::Bytes whole = w.bytes();
  REQUIRE(npz_fault(whole).empty());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const std::string said = npz_fault(io::Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)));
    CHECK(said.rfind("x.npz: ", 0) == 0);
  }
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 10'000; ++i) {
    io::Bytes b = whole;
    b[random() % b.size()] ^= static_cast<unsigned char>(1 + random() % 255);
    const std::string said = npz_fault(b);
    refused += !said.empty();
    if (!said.empty()) CHECK(said.rfind("x.npz: ", 0) == 0);
  }
  CHECK(refused > 6000);  // the rest hit times, attributes and versions, which mean nothing to us
}

TEST_CASE("an entry that promises more than deflate can give is refused before anything is allocated") {
  io::ZipWriter w;
  w.add("a.npy", io::Bytes(1000, 'x'), true);
  io::Bytes b = w.bytes();
  const auto directory = b.end() - 22 - 46 - 5;
  for (int i = 24; i < 28; ++i) directory[i] = 0xF0;
  CHECK(npz_fault(b).find("cannot inflate to 4042322160") != std::string::npos);
}
