// SPDX-License-Identifier: MIT
// Histories and matrices as CSV, SVG and HTML: nothing that is not finite is written, and the XML is well-formed.
#include <doctest/doctest.h>
#include <ctnet/report/csv.hpp>
#include <ctnet/report/html.hpp>

#include <cmath>

#include "../io/temporary.hpp"
#include "run.hpp"

using namespace ctnet;

namespace {

std::size_t count(const std::string& s, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = s.find(part, at)) != s.npos; at += part.size()) ++n;
  return n;
}

// Tags open and close in order, attributes are quoted, and no stray < or & is left.
bool well_formed(const std::string& s) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < s.size(); ++at) {
    if (s[at] == '&') {
      const std::size_t end = s.find(';', at);
      if (end == s.npos || end - at > 6) return false;
    }
    if (s[at] == '>') return false;
    if (s[at] != '<') continue;
    const std::size_t end = s.find('>', at);
    if (end == s.npos) return false;
    const std::string tag = s.substr(at + 1, end - at - 1), name = tag.substr(0, tag.find(' '));
    if (tag.find('<') != tag.npos || count(tag, "\"") % 2) return false;
    at = end;
    if (tag[0] == '!' || name == "meta" || tag.back() == '/') continue;
    if (tag[0] != '/') {
      open.push_back(name);
      if (name == "style") at = s.find("</style>", at) - 1;
    } else {
      if (open.empty() || "/" + open.back() != tag) return false;
      open.pop_back();
    }
  }
  return open.empty();
}
bool finite_only(const std::string& s) { return !count(s, "nan") && !count(s, "inf") && !count(s, "-0.0\""); }

}  // namespace

TEST_CASE("a history is a sequence of epochs") {
  const History h = run(3, false);
  double sum = 0;
  for (const auto& epoch : h) sum += epoch.loss;
  CHECK(sum == doctest::Approx(2 + 1 + 2.0 / 3));
  CHECK(h.size() == 3);
  CHECK(h[1].epoch == 2);
  CHECK(h.back().epoch == 3);
  CHECK(std::isnan(h.front().validation_loss));
  CHECK(History{}.empty());
}

TEST_CASE("CSV: a line per epoch, empty cells for what is not finite") {
  History h = run(2, false);
  h[1].loss = INFINITY;
  CHECK(to_csv(h) ==
        "epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,seconds,images_per_second,images\n"
        "1,2,0.1,,,0.001,1.5,1000,1500\n"
        "2,,0.55,,,0.001,1.5,1000,1500\n");
}

TEST_CASE("ticks are round, few, and enclose") {
  for (double low : {-3.7, 0.0, 1e-9, 0.123, 99.0, 12345.0})
    for (double span : {0.0, 1e-9, 0.004, 1.0, 2.31, 87.0, 1e6})
      for (const int wanted : {2, 5, 9}) {
        if (span != 0 && span < 1e-6 * std::abs(low)) continue;  // below what a double resolves
        const report::Ticks t = report::round_ticks(low, low + span, wanted);
        CAPTURE(low);
        CAPTURE(span);
        CHECK(t.count >= 2);
        CHECK(t.count <= wanted + 3);
        CHECK(t.first <= low + 1e-6 * t.step);
        CHECK(t.last() >= low + span - 1e-6 * t.step);
        const double mantissa = t.step / std::pow(10, std::floor(std::log10(t.step) + 1e-9));
        CHECK((std::abs(mantissa - 1) < 1e-6 || std::abs(mantissa - 2) < 1e-6 || std::abs(mantissa - 5) < 1e-6));
      }
  CHECK(report::round_ticks(1, 2, 8, true).step == 1);
}

TEST_CASE("curves: well-formed, finite, with a gap where nothing was measured") {
  History odd = run(9, true);
  odd[4].validation_loss = odd[4].validation_accuracy = not_measured;
  odd[6].loss = INFINITY;
  History huge = run(3, false);
  huge[0].loss = 1e30;
  History broken = run(1, false);
  broken[0].loss = broken[0].accuracy = not_measured;
  for (const History& h : {History{}, run(1, false), run(2, true), run(300, true, 10'000), odd, huge, broken}) {
    const std::string s = to_svg(h, {.title = "a < b & \"c\""});
    CHECK(well_formed(s));
    CHECK(finite_only(s));
    CHECK(s.size() < 200'000);
    CHECK(s.find("a &lt; b &amp; &quot;c&quot;") != s.npos);
  }
  const std::string s = to_svg(odd);
  CHECK(count(s, "<circle") == 2 * 9 + 2 * 8 - 1);
  CHECK(count(s, "<path d=\"M") == 4);
  std::size_t pens = 0;
  for (std::size_t at = 0; (at = s.find("<path d=\"", at)) != s.npos; ++at)
    pens += count(s.substr(at, s.find(" fill", at) - at), "M");
  CHECK(pens == 4 + 3);
  CHECK(count(to_svg(run(3, false)), ">validation<") == 0);
  CHECK(count(to_svg(run(3, true)), ">validation<") == 2);
  CHECK(count(to_svg(History{}), "nothing was measured") == 1);
}

TEST_CASE("heat maps and pages: well-formed for any number of classes and odd names") {
  TemporaryFolder folder;
  for (const int n : {0, 1, 2, 10, 100}) {
    std::vector<std::string> names;
    for (int i = 0; i < n; ++i) names.push_back("<class> & " + std::to_string(i));
    ConfusionMatrix m(n, names);
    for (int i = 0; i < n; ++i) m.add(i, i / 2, i);
    const std::string s = to_svg(m);
    CHECK(well_formed(s));
    CHECK(finite_only(s));
    CHECK(count(s, "<rect") == 1 + static_cast<std::size_t>(n) * static_cast<std::size_t>(n));
    const std::string page = to_html(run(3, true), &m, {.title = "<x>", .note = "a & b"});
    CHECK(well_formed(page));
    CHECK(finite_only(page));
    CHECK(count(page, "<svg") == 2);
    CHECK(count(page, "http") == count(page, "http://www.w3.org/2000/svg"));  // nothing is loaded from elsewhere
  }
  CHECK(well_formed(to_html(History{})));
  write_html(run(2, true), folder / "a.html");
  write_svg(run(2, true), folder / "a.svg");
  write_csv(run(2, true), folder / "a.csv");
  CHECK(folder.names().size() == 3);
  CHECK_THROWS_AS(write_svg(run(2, true), folder / "none/a.svg"), Error);
}
