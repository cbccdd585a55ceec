#pragma once

#include "run/torch/observed_places.h"
#include "run/torch/sites_in_force.h"

#include <map>
#include <string>
#include <vector>

namespace quantscope {

/// One thing to do in a run.
struct RunStep {
    enum class Kind : std::uint8_t {
        Node, ///< an operator
        Site, ///< what stands in place of the operators that quantize
        Observe,
    };
    Kind kind = Kind::Node;
    std::size_t index = 0; ///< NodeId, or position among sites or places
    std::size_t number = 0; ///< of all steps
    std::size_t position = 0; ///< in the order of computation
    std::vector<ValueId> reads;
};

/// What the steps of one network read and make.
class RunSteps {
public:
    RunSteps(const RunGraph &graph, const SitesInForce &sites, const std::vector<ObservedPlace> &places);

    std::size_t count() const;
    RunStep ofNode(NodeId id) const;
    RunStep ofSite(std::size_t site) const;
    RunStep ofPlace(std::size_t place) const;
    /// What makes a value; nothing for inputs and tensors of the file.
    std::optional<RunStep> makerOf(ValueId value) const;
    std::vector<ValueId> madeBy(const RunStep &step) const;
    /// Positions of the places at which a value is observed.
    const std::vector<std::size_t> &placesAt(ValueId value) const;
    /// "node conv1 (Conv)", "the quantizer of relu1 (act)".
    std::string textOf(const RunStep &step) const;

private:
    std::size_t positionOf(ValueId made) const;
    std::size_t numberOf(RunStep::Kind kind, std::size_t index) const;

    const RunGraph &m_graph;
    const SitesInForce &m_sites;
    const std::vector<ObservedPlace> &m_places;
    std::map<ValueId, std::vector<std::size_t>> m_placesAt;
    std::vector<std::size_t> m_none;
};

/// What has to run while the piece holds certain values, and how often each value is read: the next piece that holds
/// as many needs the same.
struct RunPlan {
    std::vector<std::size_t> key;
    std::vector<RunStep> steps;
    std::vector<ValueId> held; ///< that the piece keeps
    std::vector<std::uint32_t> uses; ///< by ValueId
    std::vector<bool> planned; ///< by step
};

} // namespace quantscope
