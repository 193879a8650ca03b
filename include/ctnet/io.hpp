// SPDX-License-Identifier: MIT
// Files: whole files replaced atomically, safetensors, 16-bit floats. Light. numpy's files are in io/npy.hpp, which
// needs xtensor and zlib.
#pragma once

#include "core/begin_door.hpp"

#include "io/file.hpp"
#include "io/half.hpp"
#include "io/safetensors.hpp"
#include "io/safetensors_writer.hpp"

#include "core/end_door.hpp"  // last
