// SPDX-License-Identifier: MIT
// infer_file.hpp is infer.hpp and a reader of model files: no Network, no third party, no stream.
#include <ctnet/infer_file.hpp>

#if defined(_GLIBCXX_IOSTREAM) || defined(_GLIBCXX_FSTREAM) || defined(_GLIBCXX_SSTREAM)
#  error "infer_file.hpp includes streams"
#endif
#if defined(_GLIBCXX_FUNCTIONAL) || defined(_GLIBCXX_THREAD) || defined(_GLIBCXX_MUTEX)
#  error "infer_file.hpp includes what only training needs"
#endif
#if defined(ZLIB_H) || defined(STBI_INCLUDE_STB_IMAGE_H) || defined(XTENSOR_CONFIG_HPP) || \
    defined(EIGEN_WORLD_VERSION) || defined(NLOHMANN_JSON_VERSION_MAJOR)
#  error "infer_file.hpp includes a third party's headers"
#endif
namespace ctnet {
template <int>
struct Network;  // another of this name: an error where training's is included
}
