#pragma once

#include "base/diagnostic.h"
#include "checks/target.h"
#include "network/flow.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// What a target refuses or computes differently (error), what costs or may surprise (warning), what is good to know
/// (note).
struct Finding {
    std::string rule; ///< stable id, such as "zero-point"
    Severity severity = Severity::Warning;
    Subject subject; ///< layer and slot that it is about
    std::optional<FlowNodeId> node = {}; ///< the operator that it is about
    std::string text; ///< one sentence with the offending value
    std::string fix; ///< what to write; may be empty
    std::string source; ///< tool, version and place that the rule comes from
};

/// The source of what was said when the file was read.
inline constexpr std::string_view kSaidByFile = "the file";

/// A rule that could not be looked at, and why.
struct UncheckedRule {
    std::string rule, why;
};

/// Everything that the rules say of one model, worst first.
struct CheckResult {
    std::optional<Target> target; ///< nothing: the rules that hold for every target
    std::vector<Finding> findings;
    std::vector<UncheckedRule> unchecked; ///< each rule once
    std::size_t muted = 0; ///< findings that the recipe silences

    std::size_t count(Severity severity) const;
    /// No finding is an error.
    bool accepted() const { return count(Severity::Error) == 0; }
};

/// One of a recipe's mutes (`RULE` or `RULE:LAYER`, both globs) names a finding of that rule about that layer (a
/// tensor's name where it is about one).
bool isMutedBy(const std::vector<std::string> &mutes, std::string_view rule, std::string_view subject);

} // namespace quantscope
