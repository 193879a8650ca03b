// must say: Cpu: an unknown policy
#include <ctnet/infer.hpp>
using namespace ctnet;
struct Fast {};
#ifdef FIXED
using Backend = Cpu<float, Exact>;
#else
using Backend = Cpu<float, Fast>;
#endif
static_assert(sizeof(Backend) > 0);
