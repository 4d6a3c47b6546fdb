/* What the code that cncc writes around kernels uses: variables of the on-chip memories,
 * trampolines, launches. */
#ifndef PICABIA_BANG_RUNTIME_H
#define PICABIA_BANG_RUNTIME_H

/* The module of this translation unit; cncc gives it a symbol that no other has. */
#if !defined(PICABIA_BANG_MODULE)
#error "compile .mlu files with cncc"
#endif
extern "C" __attribute__((visibility("default"))) picabia_bang_module
    picabia_bang_this_module __asm__(PICABIA_BANG_MODULE);

namespace picabia_bang {

namespace {
/* The kernels of this translation unit; cncc appends them. */
constexpr int kMaxKernels = 512;
[[maybe_unused]] picabia_bang_kernel kernels[kMaxKernels];
[[maybe_unused]] int num_kernels = 0;
[[maybe_unused]] int AddKernel(const picabia_bang_kernel& kernel) {
  kernels[num_kernels] = kernel;
  return num_kernels++;
}
/* Initialisers of variables at file scope. */
constexpr int kMaxInitialisers = 512;
[[maybe_unused]] void (*initialisers[kMaxInitialisers])();
[[maybe_unused]] int num_initialisers = 0;
[[maybe_unused]] int AddInitialiser(void (*initialiser)()) {
  initialisers[num_initialisers] = initialiser;
  return num_initialisers++;
}
[[maybe_unused]] void RunInitialisers() {
  for (int i = 0; i < num_initialisers; ++i) initialisers[i]();
}
}  // namespace

/* Instances of kernels that are templates, as launches name them: the checker finds the twin of one
 * by its name in the other compilation of this file. */
namespace {
[[maybe_unused]] const picabia_bang_instance* instances = nullptr;
/* `Site` tells the name and the kernel of one launch. */
template <typename Site>
struct Listed {
  picabia_bang_instance instance;
  Listed() : instance{Site::Name(), Site::Kernel(), instances} { instances = &instance; }
  static Listed listed;
};
template <typename Site>
Listed<Site> Listed<Site>::listed;
}  // namespace

/* What happens when the host calls a kernel instead of launching it. */
inline void CalledByHost(const char* name) {
  fprintf(stderr, "kernel %s was called like a function; launch it with cnrtInvokeKernel_V2\n",
          name);
}

inline picabia_bang_core* Core() { return picabia_bang_current; }

/* The line that calls a builtin, as a default argument. */
struct Here : picabia_bang_where {
  Here(const char* f = __builtin_FILE(), int l = __builtin_LINE()) : picabia_bang_where{f, l} {}
};

/* This core's copy of a variable, from its place holder. */
template <int space, typename T>
[[gnu::always_inline]] inline T& Local(T& place) {
  return *reinterpret_cast<T*>(reinterpret_cast<intptr_t>(&place) +
                               picabia_bang_current->delta[space]);
}

/* The type of an array that its initialiser counts: decltype(Counted<T>({...})). */
template <typename T, size_t n>
T (&Counted(const T (&)[n]))
[n];

template <typename T>
constexpr unsigned KindOf() {
  if (std::is_pointer_v<T>) return PICABIA_PARAM_POINTER;
  if (std::is_floating_point_v<T> || std::is_same_v<T, half>) return PICABIA_PARAM_FLOAT;
  return PICABIA_PARAM_VALUE;
}

/* Everything about a kernel that its type tells. */
template <typename F>
struct KernelType;
template <typename... P>
struct KernelType<void(P...)> {
  static constexpr int count = sizeof...(P);
  static constexpr picabia_bang_param params[sizeof...(P) + 1] = {
      {static_cast<uint32_t>(sizeof(std::remove_reference_t<P>)),
       KindOf<std::remove_cv_t<std::remove_reference_t<P>>>()}...,
      {0, 0}};

  static void Call(const void* function, void* const* arguments) {
    CallWith(reinterpret_cast<void (*)(P...)>(const_cast<void*>(function)), arguments,
             std::make_integer_sequence<int, count>());
  }

  template <int... i>
  static void CallWith(void (*kernel)(P...), void* const* arguments,
                       std::integer_sequence<int, i...>) {
    (void)arguments;
    kernel(Argument<std::remove_cv_t<std::remove_reference_t<P>>>(arguments[i])...);
  }
  template <typename T>
  static T Argument(const void* from) {
    T value;
    __builtin_memcpy(&value, from, sizeof(T));
    return value;
  }
};

template <typename... P>
picabia_bang_kernel KernelOf(void (*function)(P...)) {
  using Type = KernelType<void(P...)>;
  picabia_bang_kernel kernel = {};
  kernel.function = reinterpret_cast<const void*>(function);
  kernel.call = &Type::Call;
  kernel.params = Type::params;
  kernel.num_params = Type::count;
  return kernel;
}

/* half as hosts spell it, for the names by which they link: one pointer, array of pointers, or
 * value. */
template <typename T>
struct HostType {
  using type = T;
};
template <>
struct HostType<half> {
  using type = unsigned short;
};
template <>
struct HostType<const half> {
  using type = const unsigned short;
};
template <typename T>
struct HostType<T*> {
  using type = typename HostType<T>::type*;
};
template <typename T>
struct HostType<T* const> {
  using type = typename HostType<T>::type* const;
};
template <int i, typename F>
struct ParamType;
template <int i, typename P, typename... R>
struct ParamType<i, void(P, R...)> : ParamType<i - 1, void(R...)> {};
template <typename P, typename... R>
struct ParamType<0, void(P, R...)> {
  using type = P;
};
template <int i, typename F>
using HostParam = typename HostType<typename ParamType<i, F>::type>::type;

struct Grid {
  unsigned v[3];
  Grid(unsigned x) : v{x, 1, 1} {}  // NOLINT: a number is a row of tasks
  Grid(unsigned x, unsigned y, unsigned z = 1) : v{x, y, z} {}
  template <typename Dim, typename = decltype(Dim().x)>
  Grid(const Dim& d)
      : v{static_cast<unsigned>(d.x), static_cast<unsigned>(d.y), static_cast<unsigned>(d.z)} {
  }  // NOLINT
};

/* What stands between <<< and >>>, and of whom it is said. */
class Configuration {
 public:
  Configuration(const char* name, unsigned flags, const picabia_bang_module* module)
      : name_(name), flags_(flags), module_(module) {}

 protected:
  void Set(Grid grid, int type, void* queue) {
    grid_ = grid;
    type_ = type;
    queue_ = queue;
  }

  /* `instance`: of a template, which no table of kernels holds; the engine copies all of this. */
  template <typename... P>
  void Go(void (*function)(P...), const char* instance,
          std::remove_reference_t<P>... arguments) const {
    const void* pointers[] = {static_cast<const void*>(&arguments)..., nullptr};
    const size_t sizes[] = {sizeof(arguments)..., 0};
    picabia_bang_kernel kernel = KernelOf(function);
    kernel.name = name_;
    kernel.flags = flags_;
    kernel.file = instance;
    picabia_bang_launch(&kernel, kernel.function, module_, grid_.v, type_, queue_, pointers, sizes);
  }

 private:
  const char* name_;
  unsigned flags_;
  const picabia_bang_module* module_;
  Grid grid_{1};
  int type_ = 1;
  void* queue_ = nullptr;
};

/* `kernel<<<grid, type, queue>>>(arguments)`. */
template <typename... P>
class Launch : public Configuration {
 public:
  Launch(void (*kernel)(P...), const char* name, unsigned flags, const picabia_bang_module* module)
      : Configuration(name, flags, module), kernel_(kernel) {}

  Launch& On(Grid grid, int type = 1, void* queue = nullptr) {
    Set(grid, type, queue);
    return *this;
  }
  void operator()(std::remove_reference_t<P>... arguments) const {
    this->template Go<P...>(kernel_, instance_, arguments...);
  }

 protected:
  void (*kernel_)(P...);
  const char* instance_ = nullptr;
};

/* An object of a type without members: a lambda that captures nothing. */
template <typename T>
const T& Stateless() {
  alignas(T) static char object[sizeof(T)];
  return reinterpret_cast<const T&>(object);
}

/* The same of an instance of a template. `find`: [] { return &kernel<arguments>; }. */
template <typename Find>
struct FindSite {
  static const char* Name() { return __PRETTY_FUNCTION__; }
  static picabia_bang_kernel Kernel() { return KernelOf(Stateless<Find>()()); }
};
template <typename Find, typename... P>
class InstanceLaunch : public Launch<P...> {
 public:
  InstanceLaunch(void (*kernel)(P...), const char* name, unsigned flags,
                 const picabia_bang_module* module)
      : Launch<P...>(kernel, name, flags, module) {
    this->instance_ = Listed<FindSite<Find>>::listed.instance.name;
  }
};
template <typename Find, typename... P>
InstanceLaunch<Find, P...> MakeInstanceLaunch(void (*kernel)(P...), const char* name,
                                              unsigned flags, const picabia_bang_module* module) {
  return {kernel, name, flags, module};
}
template <typename Find>
auto LaunchTemplate(Find find, const char* name, unsigned flags,
                    const picabia_bang_module* module) {
  return MakeInstanceLaunch<Find>(find(), name, flags, module);
}

/* The same of a kernel that only a call tells: the arguments of its template are found out, or it
 * has default arguments. `call`: [](auto... a) { kernel(a...); }. */
template <typename Call, typename... A>
struct CallSite {
  using Function = void (*)(A...);
  static const char* Name() { return __PRETTY_FUNCTION__; }
  static picabia_bang_kernel Kernel() { return KernelOf(static_cast<Function>(Stateless<Call>())); }
};
template <typename Call>
class LaunchCall : public Configuration {
 public:
  LaunchCall(Call call, const char* name, unsigned flags, const picabia_bang_module* module)
      : Configuration(name, flags, module), call_(call) {}

  LaunchCall& On(Grid grid, int type = 1, void* queue = nullptr) {
    Set(grid, type, queue);
    return *this;
  }
  template <typename... A>
  void operator()(A... arguments) const {
    void (*const function)(A...) = call_;
    this->template Go<A...>(function, Listed<CallSite<Call, A...>>::listed.instance.name,
                            arguments...);
  }

 private:
  Call call_;
};

}  // namespace picabia_bang

#endif
