// SPDX-License-Identifier: MIT
// The system's calls on files and terminals. posix.hpp and windows.hpp give the same functions, and nothing else in
// ctnet asks which system it is on.
#pragma once

#ifdef _WIN32
#  include "windows.hpp"
#else
#  include "posix.hpp"
#endif
