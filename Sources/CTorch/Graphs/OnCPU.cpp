// Recording on the CPU, for tests: the calls of libtorch's operations are noted while the work is done, and made again
// with the same tensors, whose memory they write to as a CUDA graph does.
//
// What a CUDA graph would not do again is not done again here either: whatever the host computes between the calls, and
// what it puts into memory by itself. So work that cannot be recorded on a GPU gives other numbers here, or is refused.
//
// Calls inside an operation are that operation's own. An operation that is composed of others, which have gradients of
// their own, is noted as those: what they leave for the backward pass is not in its results.
#include "Graph.hpp"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

namespace ctorch {

namespace {

using Values = std::vector<c10::IValue>;

struct Call {
    c10::OperatorHandle operation;
    Values inputs, outputs;
    std::string name;
};

/// Calls `body` with every tensor in a value.
template <class Body> void for_each_tensor(const c10::IValue &value, const Body &body) {
    if (value.isTensor()) {
        if (value.toTensor().defined()) body(value.toTensor());
    } else if (value.isTensorList()) {
        for (const at::Tensor &tensor : value.toTensorVector()) {
            if (tensor.defined()) body(tensor);
        }
    } else if (value.isList()) {
        for (const c10::IValue &element : value.toListRef()) for_each_tensor(element, body);
    }
}

std::vector<at::Tensor> tensors(const Values &values) {
    std::vector<at::Tensor> result;
    for (const c10::IValue &value : values) {
        for_each_tensor(value, [&](const at::Tensor &tensor) { result.push_back(tensor); });
    }
    return result;
}

/// Operations that tell the host a number of the device's.
bool reads(const std::string &name) {
    static const std::unordered_set<std::string> names{"aten::_local_scalar_dense", "aten::equal", "aten::is_nonzero",
                                                       "aten::nonzero", "aten::masked_select", "aten::item"};
    return names.count(name) > 0;
}

/// Operations whose results have no numbers yet.
bool only_allocates(const std::string &name) {
    return name.rfind("aten::empty", 0) == 0 || name.rfind("aten::new_empty", 0) == 0;
}

class CPURecording final : public Recording {
  public:
    void add(Call call) {
        for (const at::Tensor &input : tensors(call.inputs)) {
            if (input.has_storage() && made_.count(input.storage().unsafeGetStorageImpl()) == 0) {
                foreign_.insert(input.storage().unsafeGetStorageImpl());
            }
        }
        for (const at::Tensor &output : tensors(call.outputs)) {
            const auto *storage = output.has_storage() ? output.storage().unsafeGetStorageImpl() : nullptr;
            if (storage != nullptr && foreign_.count(storage) == 0) made_.insert(storage);
        }
        calls_.push_back(std::move(call));
    }

    void replay() override {
        const at::NoGradGuard no_grad;
        const at::AutoDispatchBelowADInplaceOrView below;
        for (const Call &call : calls_) {
            if (only_allocates(call.name) || is_view(call)) continue;
            torch::jit::Stack stack(call.inputs.begin(), call.inputs.end());
            call.operation.callBoxed(stack);
            if (!writes_in_place(call)) write(tensors(stack), tensors(call.outputs), call.name);
        }
    }

    std::vector<std::string> names() const override {
        std::vector<std::string> result;
        for (const Call &call : calls_) result.push_back(call.name);
        return result;
    }

    size_t foreign() const override { return foreign_.size(); }

  private:
    static bool is_view(const Call &call) {
        const auto &results = call.operation.schema().returns();
        return !results.empty() && results[0].alias_info() != nullptr && !results[0].alias_info()->isWrite();
    }

    static bool writes_in_place(const Call &call) {
        const auto &arguments = call.operation.schema().arguments();
        return std::any_of(arguments.begin(), arguments.end(), [](const c10::Argument &argument) {
            return argument.alias_info() != nullptr && argument.alias_info()->isWrite();
        });
    }

    static void write(const std::vector<at::Tensor> &from, const std::vector<at::Tensor> &to, const std::string &name) {
        TORCH_CHECK(from.size() == to.size(), name, " gave ", from.size(), " tensors, but ", to.size(),
                    " when it was recorded");
        for (size_t i = 0; i < from.size(); ++i) {
            TORCH_CHECK(from[i].sizes() == to[i].sizes(), name, " gave the shape ", from[i].sizes(), ", but ",
                        to[i].sizes(), " when it was recorded");
            if (!from[i].is_same(to[i])) to[i].copy_(from[i]);
        }
    }

    std::vector<Call> calls_;
    /// Memory of results, which the calls keep, and other memory that they read or write.
    std::unordered_set<const c10::StorageImpl *> made_, foreign_;
};

/// What notes the calls of this thread.
struct Listener {
    CPURecording *recording = nullptr;
    /// Whether a call that is noted is going on.
    bool inside = false;
    std::string reader;
};

thread_local Listener listener;

struct Heard : at::ObserverContext {
    std::optional<Call> call;
};

std::unique_ptr<at::ObserverContext> begins(const at::RecordFunction &function) {
    const auto name = function.operator_name();
    if (listener.recording == nullptr || listener.inside || !name) return nullptr;
    const auto operation = c10::Dispatcher::singleton().findSchema(*name);
    if (!operation) return nullptr;
    if (reads(name->name)) listener.reader = name->name;
    if (operation->hasKernelForDispatchKey(c10::DispatchKey::CompositeImplicitAutograd)) return nullptr;
    auto heard = std::make_unique<Heard>();
    heard->call = Call{*operation, Values(function.inputs().begin(), function.inputs().end()), {}, name->name};
    listener.inside = true;
    return heard;
}

void ends(const at::RecordFunction &function, at::ObserverContext *context) {
    auto *heard = static_cast<Heard *>(context);
    if (heard == nullptr || !heard->call) return;
    listener.inside = false;
    heard->call->outputs = function.outputs();
    if (listener.recording != nullptr) listener.recording->add(std::move(*heard->call));
}

/// Listens as long as it lives.
class Listening {
  public:
    explicit Listening(CPURecording *recording)
        : handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(begins, ends)
                                                 .needsInputs(true)
                                                 .needsOutputs(true)
                                                 .scopes({at::RecordScope::FUNCTION}))) {
        listener = Listener{recording, false, ""};
    }
    ~Listening() {
        listener = Listener{};
        at::removeCallback(handle_);
    }
    Listening(const Listening &) = delete;
    Listening &operator=(const Listening &) = delete;

  private:
    const at::CallbackHandle handle_;
};

class CPUPool final : public RecordingPool {
  public:
    std::unique_ptr<Recording> record(const std::function<void()> &work) override {
        TORCH_CHECK(listener.recording == nullptr, "work is being recorded on this thread already");
        auto recording = std::make_unique<CPURecording>();
        std::string reader;
        {
            const Listening listening(recording.get());
            work();
            reader = listener.reader;
        }
        TORCH_CHECK(reader.empty(), "the work cannot be recorded: ", reader, " reads numbers back to the host");
        return recording;
    }
};

}  // namespace

std::unique_ptr<RecordingPool> cpu_pool() { return std::make_unique<CPUPool>(); }

}  // namespace ctorch
