// SPDX-License-Identifier: MIT
// Numbers as text, tables, and the confusion matrix with its text.
#include <doctest/doctest.h>
#include <ctnet/report.hpp>

#include <cmath>

using namespace ctnet;

TEST_CASE("numbers for people") {
  CHECK(report::grouped(0) == "0");
  CHECK(report::grouped(999) == "999");
  CHECK(report::grouped(1000) == "1,000");
  CHECK(report::grouped(62006) == "62,006");
  CHECK(report::grouped(-1234567) == "-1,234,567");
  CHECK(report::grouped(-999) == "-999");
  CHECK(report::duration(0.4) == "0 s");
  CHECK(report::duration(59.6) == "1:00 min");
  CHECK(report::duration(3723) == "1:02:03 h");
  CHECK(report::duration(not_measured) == "-");
  CHECK(report::duration(-1) == "-");
  CHECK(report::fixed(1.005, 1) == "1.0");
  CHECK(report::figure(0.25, 4) == "0.2500");
  CHECK(report::figure(0.00012345, 4) == "0.000123");
  CHECK(report::figure(-2.5e-9, 4) == "-2.5e-09");
  CHECK(report::figure(0, 4) == "0.0000");
  CHECK(report::figure(not_measured, 4) == "-");
  CHECK(report::fixed(not_measured, 1) == "-");
  CHECK(report::fixed(1e300, 0).size() == 301);
  CHECK(report::percent(0.5479, 2) == "54.79 %");
  CHECK(report::general(-INFINITY, 3) == "-");
  CHECK(report::width_of("a\u00e9\u4e2d") == 3);
  CHECK(report::shortened("automobile", 8) == "automob\u2026");
  CHECK(report::shortened("\u00e9\u00e9\u00e9", 2) == "\u00e9\u2026");
  CHECK(report::shortened("ship", 4) == "ship");
}

TEST_CASE("columns are as wide as their widest cell") {
  using report::Align;
  report::Table t({{"layer"}, {"n", Align::right}, {"note"}});
  t.row({"Conv", "456", ""}).row({"\u00e9", "7", "x"}).rule().row({"all", "1,463", "-"});
  CHECK(t.str() ==
        "layer      n  note\n"
        "------------------\n"
        "Conv     456\n"
        "\u00e9          7  x\n"
        "------------------\n"
        "all    1,463  -\n");
  CHECK_THROWS_WITH_AS(t.row({"a", "b"}), "a table of 3 columns got a row of 2 cells", Error);
}

TEST_CASE("a confusion matrix counts, sums and divides") {
  ConfusionMatrix m(3, {"cat", "dog", "ship"});
  m.add(0, 0, 6);
  m.add(0, 1, 2);
  m.add(1, 1, 3);
  m.add(1, 0);
  CHECK(m.total() == 12);
  CHECK(m.correct() == 9);
  CHECK(m.accuracy() == 0.75);
  CHECK(m.precision(0) == doctest::Approx(6.0 / 7));
  CHECK(m.recall(0) == 0.75);
  CHECK(m.f1(0) == doctest::Approx(2 * (6.0 / 7) * 0.75 / (6.0 / 7 + 0.75)));
  CHECK(std::isnan(m.precision(2)));
  CHECK(std::isnan(m.f1(2)));
  CHECK(m.of_truth(0) == 8);
  CHECK(m.of_predicted(0) == 7);
  CHECK(std::isnan(ConfusionMatrix(2).accuracy()));
  CHECK(ConfusionMatrix(2).name(1) == "1");
  CHECK(m.str() ==
        "truth \\ predicted  cat  dog  ship  images  precision  recall      F1\n"
        "--------------------------------------------------------------------\n"
        "cat                  6    2     0       8     85.7 %  75.0 %  80.0 %\n"
        "dog                  1    3     0       4     60.0 %  75.0 %  66.7 %\n"
        "ship                 0    0     0       0          -       -       -\n"
        "accuracy 75.00 %, 9 of 12 images\n");
  m += m;
  CHECK(m(0, 1) == 4);
  CHECK_THROWS_AS(m += ConfusionMatrix(2), Error);
  CHECK_THROWS_WITH_AS(m.add(3, 0), "class pair (3, 0) is outside a confusion matrix of 3 classes", Error);
  CHECK_THROWS_AS(m.add(0, -1), Error);
  CHECK_THROWS_AS(ConfusionMatrix(2, {"a"}), Error);
}

TEST_CASE("sums over classes agree with the whole, for any matrix") {
  for (int n = 1; n < 30; n += 4) {
    ConfusionMatrix m(n);
    unsigned seed = 1;
    for (int i = 0; i < 500; ++i) {
      seed = seed * 1664525u + 1013904223u;
      m.add(static_cast<int>(seed >> 8) % n, static_cast<int>(seed >> 16) % n);
    }
    long long truth = 0, predicted = 0;
    for (int c = 0; c < n; ++c) truth += m.of_truth(c), predicted += m.of_predicted(c);
    CHECK(truth == 500);
    CHECK(predicted == 500);
  }
}

TEST_CASE("names of classes steer no terminal and break no file") {
  CHECK(report::printable("caf\u00e9 \u4e2d\U0001F600") == "caf\u00e9 \u4e2d\U0001F600");
  CHECK(report::printable("\x1b[31mred") == "\\x1b[31mred");
  CHECK(report::printable("a\nb\t\r\x7f\u0085\u202e") == "a\\nb\\t\\r\\x7f\\xc2\\x85\\xe2\\x80\\xae");
  CHECK(report::printable("\xff\xfe\xc3") == "\\xff\\xfe\\xc3");
  CHECK(report::printable("a\nb\x01", report::Keep::lines) == "a\nb\\x01");
  CHECK(report::printable("\x1b\xff", report::Keep::controls) == "\x1b\\xff");
  ConfusionMatrix m(3, {"\x1b[31mred", "new\nline", "\xff\xfe"});
  m.add(0, 1), m.add(1, 1), m.add(2, 0);
  for (const std::string& text : {m.str(), to_svg(m), to_html(History{}, &m), to_json(m)}) {
    int control = 0;
    for (const char c : text) control += static_cast<unsigned char>(c) < 0x20 && c != '\n';
    CHECK(control == 0);
    std::size_t i = 0;
    while (i < text.size() && detail::utf8_at(text, i).bytes) i += detail::utf8_at(text, i).bytes;
    CHECK(i == text.size());
    CHECK(text.find("xff") != text.npos);
  }
  CHECK(nlohmann::json::parse(to_json(m))["classes"][0] == "\x1b[31mred");
  CHECK(m.name(2) == "\xff\xfe");  // what the program asks for is what it gave
}
