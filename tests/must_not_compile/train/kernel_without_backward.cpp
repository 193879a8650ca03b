// must say: Mine has a Kernel without backward for MyOp Cpu<
#include <ctnet/ctnet.hpp>
using namespace ctnet;
struct MyOp {
  int size;
};
template <class B>
struct ctnet::Kernel<MyOp, B> {
  static void forward(const MyOp&, const Forward<float>&) {}
#ifdef FIXED
  static void backward(const MyOp&, const Backward<float>&) {}
#endif
};
struct Mine : NoState {
  using Op = MyOp;
  static constexpr Traits traits{};
  static constexpr Shape infer(Shape in, Diagnosis&) { return in; }
  static constexpr MyOp op(Shape in, Shape) { return {int(in.size())}; }
};
struct Batch {
  std::vector<float> images;
  std::vector<int> labels;
};
int main() {
  const std::vector<Batch> batches{{std::vector<float>(8), std::vector<int>(2)}};
  Network<Sequential<Mine, Linear<4, 2>>, Features<4>> net;
  fit(net, batches, SGD{}, CrossEntropy{});
}
