// must say: must be above the short side
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int most = 33;
#else
constexpr int most = 32;
#endif
int main() { data::Compose prepare{data::Resize<32, 0, most>{}}; }
