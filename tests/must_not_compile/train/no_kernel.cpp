// must say: Mine has no Kernel for MyOp Cpu<
// (a layer of the user's own on a backend for which it has no kernel)
#include <ctnet/ctnet.hpp>
using namespace ctnet;
struct MyOp {
  int size;
};
#ifdef FIXED
template <class B>
struct ctnet::Kernel<MyOp, B> {
  static void forward(const MyOp&, const Forward<float>&) {}
  static void backward(const MyOp&, const Backward<float>&) {}
};
#else

#endif
struct Mine : NoState {
  using Op = MyOp;
  static constexpr Traits traits{};
  static constexpr Shape infer(Shape in, Diagnosis&) { return in; }
  static constexpr MyOp op(Shape in, Shape) { return {int(in.size())}; }
};
int main() {
  Network<Sequential<Mine, Flatten, Linear<3072, 10>>, Image<3, 32, 32>> net;
  net.zero_grad();
}
