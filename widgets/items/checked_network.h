#pragma once

#include "analysis/inspection.h"
#include "checks/accumulators.h"
#include "checks/finding.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace quantscope {

/// What `quantscope check` says of one network, with what its recipe mutes.
struct CheckedNetwork {
    std::shared_ptr<const Network> network;
    CheckResult result;
    std::vector<Finding> muted; ///< worst first
    std::shared_ptr<const Accumulators> accumulators; ///< null: nobody looked at them
};

/// The same functions in the same order as the command line. `sums`: of this network where they are known, else they
/// are computed. `unreadable`: why slots have no statistics. Errors: Cancelled.
Result<std::shared_ptr<const CheckedNetwork>> checkNetwork(const Inspection &inspection, std::optional<Target> target,
    std::shared_ptr<const Accumulators> sums, const std::map<SlotId, std::string> &unreadable,
    const Progress &progress = {});

/// What was said when the file was read, before the rules have looked at it.
std::shared_ptr<const CheckedNetwork> saidSoFar(const Inspection &inspection);

/// What findings say of one layer.
struct LayerProblems {
    std::size_t errors = 0, warnings = 0, notes = 0;
    std::vector<std::string> rules; ///< of errors and warnings, worst first, each once

    std::size_t count() const { return errors + warnings; }
    Severity worst() const { return errors > 0 ? Severity::Error : warnings > 0 ? Severity::Warning : Severity::Note; }
    /// "1 error, 2 warnings: zero-point, bit-width"; empty without either.
    std::string text() const;
    bool operator==(const LayerProblems &) const = default;
};

/// The slots that a tensor of the file is in, or is part of.
std::vector<SlotId> slotsWith(const Network &network, const std::string &tensor);

/// By LayerId. What is said of a tensor is said of the layers that have it.
std::vector<LayerProblems> problemsByLayer(const Network &network, const std::vector<Finding> &findings);

} // namespace quantscope
