// SPDX-License-Identifier: MIT
// What people look at after a run: histories as CSV, JSON, curves (SVG) and a page (HTML), confusion matrices as text,
// JSON and heat map, tables, the progress meter. Includes nlohmann-json; the umbrella ctnet.hpp has the light ones
// only.
#pragma once

#include "core/begin_door.hpp"

#include "report/confusion.hpp"
#include "report/confusion_svg.hpp"
#include "report/csv.hpp"
#include "report/history.hpp"
#include "report/html.hpp"
#include "report/json.hpp"
#include "report/progress.hpp"
#include "report/svg.hpp"
#include "report/table.hpp"

#include "core/end_door.hpp"  // last
