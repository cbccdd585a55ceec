#pragma once

#include "analysis/inspection.h"
#include "checks/accumulators.h"
#include "checks/data_checks.h"
#include "checks/finding.h"
#include "network/arrivals.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// What rules look at. Inspection and accumulators must outlive it.
struct CheckFacts {
    explicit CheckFacts(
        const Inspection &inspected, std::optional<Target> asked = {}, const Accumulators *sums = nullptr);
    CheckFacts(const CheckFacts &) = delete;
    CheckFacts &operator=(const CheckFacts &) = delete;

    const Inspection &inspection;
    const Network &network;
    const std::optional<Target> target;
    const Accumulators *const accumulators; ///< null: nobody looked at them
    const Arrivals arrivals;
    std::vector<CheckedSlot> slots; ///< every slot whose quantizer is known, in the order of the list

    /// The file, or an export beside it, tells what feeds what.
    bool hasGraph() const { return !network.flow.empty(); }
};

/// What is wrong with one slot.
struct SlotProblem {
    std::string text; ///< without the slot's name
    std::string fix;
};

struct Rule;

/// Gathers what the rules of one run say.
class Findings {
public:
    /// What follows is said by this rule.
    void begin(const Rule &rule) { m_rule = &rule; }
    /// At the rule's own severity. `text` names the subject.
    void add(const Subject &subject, std::string text, std::string fix = {});
    void add(Finding finding);
    /// Part of the rule could not be looked at.
    void leaveOpen(std::string_view rule, std::string why);

    std::vector<Finding> found;
    std::vector<UncheckedRule> unchecked;

private:
    const Rule *m_rule = nullptr;
};

/// The slots that a rule looks at.
enum class SlotRole : std::uint8_t { Any, Weight, Bias, Activation };
SlotRole roleOf(Slot slot);

/// One rule: data and one function, which looks at a slot or at the whole network.
struct Rule {
    std::string_view id;
    Severity severity;
    std::string_view source; ///< tool, version and place
    SlotRole role = SlotRole::Any; ///< of `ofSlot`
    std::optional<SlotProblem> (*ofSlot)(const CheckedSlot &slot) = nullptr;
    void (*ofNetwork)(const CheckFacts &facts, Findings &out) = nullptr;
    bool needsGraph = false; ///< without one it is not checked, and that is said
    bool (*holdsFor)(const DialectTraits &traits) = nullptr; ///< of which files it speaks; null: of all
};

} // namespace quantscope
