// SPDX-License-Identifier: MIT
// ctnet on the CPU: layers, networks, losses, optimizers, training, data, files. Light: neither Eigen, xtensor nor JSON
// is included; tensors of the first two are taken and given by concept. Beside it: report.hpp (pictures, JSON),
// io/npy.hpp.
#pragma once

#include "core/begin_door.hpp"

#include "core/scores_of.hpp"
#include "data.hpp"
#include "deploy.hpp"
#include "layers.hpp"
#include "losses.hpp"
#include "optimizers.hpp"
#include "program/analysis.hpp"
#include "train/evaluate.hpp"
#include "train/export_header.hpp"
#include "train/fit.hpp"
#include "train/freeze.hpp"
#include "train/model_file.hpp"
#include "train/network.hpp"
#include "train/summary.hpp"

#include "core/end_door.hpp"  // last
