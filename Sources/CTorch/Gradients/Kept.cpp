#include "Kept.hpp"

#include <c10/util/Exception.h>

#include <utility>

namespace ctorch {

namespace {

thread_local KeptResults *kept_results = nullptr;
thread_local bool takes_kept = false;

}  // namespace

Keeping::Keeping(KeptResults *results, bool again)
    : results_before_(std::exchange(kept_results, results)), again_before_(std::exchange(takes_kept, again)) {}

Keeping::~Keeping() {
    kept_results = results_before_;
    takes_kept = again_before_;
}

KeptResult kept(const std::function<KeptResult()> &compute) {
    if (kept_results == nullptr) return compute();
    if (!takes_kept) {
        kept_results->all.push_back(compute());
        return kept_results->all.back();
    }
    TORCH_CHECK(kept_results->next < kept_results->all.size() && !kept_results->all[kept_results->next].empty(),
                "the second run of a checkpointed stretch has more operations than the first, or is the third");
    return std::move(kept_results->all[kept_results->next++]);
}

}  // namespace ctorch
