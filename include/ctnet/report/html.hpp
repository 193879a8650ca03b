// SPDX-License-Identifier: MIT
// One self-contained page about a run: the curves inline, the best and the last epoch, all epochs as a table and, where
// given, the confusion matrix. No scripts, nothing loaded from elsewhere.
#pragma once

#include <cmath>
#include <initializer_list>
#include <string>

#include "../core/finite.hpp"
#include "../io/file.hpp"
#include "confusion_svg.hpp"
#include "history.hpp"
#include "svg.hpp"
#include "text.hpp"

namespace ctnet {

struct HtmlOptions {
  std::string title = "Training";
  std::string note{};  // a paragraph under the title: the network, the data, the settings
};

namespace detail {

inline constexpr const char* page_style = R"(
body{font:15px/1.5 system-ui,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',sans-serif;color:#1f2933;background:#f6f7f9;
margin:0}main{max-width:860px;margin:0 auto;padding:32px 20px 60px}h1{font-size:26px;margin:0 0 4px}
h2{font-size:18px;margin:36px 0 12px}p{margin:4px 0;color:#52606d}svg{max-width:100%;height:auto;display:block}
.card{background:#fff;border:1px solid #e4e8ec;border-radius:10px;padding:12px;overflow-x:auto}
.facts{display:flex;flex-wrap:wrap;gap:12px;margin:20px 0}.facts div{background:#fff;border:1px solid #e4e8ec;
border-radius:10px;padding:10px 16px}.facts b{display:block;font-size:20px}.facts span{color:#66717d;font-size:13px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14px}
th,td{text-align:right;padding:5px 10px;border-bottom:1px solid #eef1f4}th{color:#66717d;font-weight:600}
th:first-child,td:first-child{text-align:left}tr:last-child td{border-bottom:0}
)";

struct HtmlTable {
  std::string text = "<div class=\"card\"><table>\n";

  void row(const char* tag, std::initializer_list<std::string> cells) {
    text += "<tr>";
    for (const std::string& c : cells) text += std::string("<") + tag + ">" + report::escaped(c) + "</" + tag + ">";
    text += "</tr>\n";
  }
  std::string str() const { return text + "</table></div>\n"; }
};

inline std::string fact(const std::string& value, const std::string& what) {
  return "<div><b>" + report::escaped(value) + "</b><span>" + report::escaped(what) + "</span></div>\n";
}

inline std::string facts_of(const History& h, const ConfusionMatrix* m) {
  std::string s;
  double seconds = 0, best = -1;
  int best_epoch = 0;
  for (const EpochRecord& e : h) {
    seconds += is_finite(e.seconds) ? e.seconds : 0;
    const double v = e.validation_accuracy;
    if (is_finite(v) && v > best) best = v, best_epoch = e.epoch;
  }
  if (m) s += fact(report::percent(m->accuracy(), 2), "accuracy on " + report::grouped(m->total()) + " images");
  if (best_epoch) s += fact(report::percent(best, 2), "best validation accuracy, epoch " + std::to_string(best_epoch));
  if (!h.empty()) {
    s += fact(report::figure(h.back().loss, 4), "loss, last epoch");
    s += fact(report::duration(seconds), std::to_string(h.size()) + (h.size() == 1 ? " epoch" : " epochs"));
    s += fact(report::grouped(std::llround(is_finite(h.back().images_per_second) ? h.back().images_per_second : 0)),
              "images per second");
  }
  return s.empty() ? s : "<div class=\"facts\">\n" + s + "</div>\n";
}

}  // namespace detail

inline std::string to_html(const History& history, const ConfusionMatrix* confusion = nullptr,
                           const HtmlOptions& options = {}) {
  using report::figure, report::fixed, report::percent, report::general;
  std::string s =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>" +
      report::escaped(options.title) + "</title><style>" + detail::page_style + "</style></head><body><main>\n<h1>" +
      report::escaped(options.title) + "</h1>\n";
  if (!options.note.empty()) s += "<p>" + report::escaped(options.note) + "</p>\n";
  s += detail::facts_of(history, confusion);
  s += "<div class=\"card\">" + to_svg(history) + "</div>\n";
  if (confusion) {
    s += "<h2>What is taken for what</h2>\n<div class=\"card\">" + to_svg(*confusion) + "</div>\n<h2>By class</h2>\n";
    detail::HtmlTable t;
    t.row("th", {"class", "images", "precision", "recall", "F1"});
    for (int c = 0; c < confusion->classes(); ++c)
      t.row("td", {report::printable(confusion->name(c)), std::to_string(confusion->of_truth(c)),
                   percent(confusion->precision(c)), percent(confusion->recall(c)), percent(confusion->f1(c))});
    s += t.str();
  }
  s += "<h2>Epochs</h2>\n";
  detail::HtmlTable t;
  t.row("th",
        {"epoch", "loss", "accuracy", "validation loss", "validation accuracy", "learning rate", "images/s", "time"});
  for (const EpochRecord& e : history)
    t.row("td", {std::to_string(e.epoch), figure(e.loss, 4), percent(e.accuracy, 2), figure(e.validation_loss, 4),
                 percent(e.validation_accuracy, 2), general(e.learning_rate, 4), fixed(e.images_per_second, 0),
                 fixed(e.seconds, 1) + " s"});
  return s + t.str() + "</main></body></html>\n";
}

// Replaces the file; see io::replace_file.
inline void write_html(const History& history, const std::string& path, const ConfusionMatrix* confusion = nullptr,
                       const HtmlOptions& options = {}) {
  io::replace_file(path, to_html(history, confusion, options));
}

}  // namespace ctnet
