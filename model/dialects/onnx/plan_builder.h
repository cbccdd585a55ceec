#pragma once

#include "dialects/onnx/plan.h"

#include <initializer_list>
#include <map>
#include <optional>
#include <set>

namespace quantscope::interpret {

/// The layers of a plan while it grows: each has a name of its own. Layers are told by their position.
class PlanBuilder {
public:
    /// The layer of that name, a new one where there is none.
    std::size_t layerNamed(const std::string &name);
    /// The same for a compute operator; a layer that another one has taken leaves a new one with a number behind its
    /// name.
    std::size_t claimLayer(const std::string &name);
    std::optional<std::size_t> find(const std::string &name) const;
    /// The name itself where no layer has it, else with a number.
    std::string uniqueName(const std::string &name);
    /// The first slot of a name stays. `node` is its quantizer's.
    void addSlot(std::size_t layer, PlannedSlot slot, std::optional<NodeId> node);
    /// An operator of a dialect that is listed, not decoded.
    void noteForeign(const std::string &opType);

    PlannedLayer &layer(std::size_t index) { return m_plan.layers[index]; }
    bool hasForm(Form form) const;
    /// A quantizer's node that belongs to a layer already.
    bool isUsed(NodeId node) const { return m_used.contains(node); }
    /// Quantizers are written in these forms, and at least as many as weights in other ones.
    bool mostAre(std::initializer_list<Form> forms) const;
    Plan take(Dialect dialect);

private:
    Plan m_plan;
    std::map<std::string, std::size_t> m_byName;
    std::map<std::string, int> m_lastNumber; ///< of the names that occur more than once
    std::set<NodeId> m_used;
};

} // namespace quantscope::interpret
