#pragma once

#include "network/network.h"
#include "run/torch/inner_values.h"
#include "run/torch/loop_bodies.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// A place of the graph at which a quantizer of the network stands, and at which another can stand.
struct RunSite {
    GraphSpan span;
    std::vector<SlotId> owners; ///< layers that share one tensor have one place
    bool isActivation = false; ///< what flows in depends on the data
    bool makesCodes = false; ///< operators of the graph read its codes, and of another quantizer the floats
    std::optional<std::size_t> within; ///< which of the quantizers that lie within the node of span.to
};

/// What a layer with a weight computes, before any quantizer.
struct LayerResult {
    LayerId layer{};
    ValueId value = kNoValue;
};

/// Gives other numbers each time.
bool isRandomNode(const Node &node);

/// The graph of a network as it is run: found once, from types and edges alone.
class RunGraph {
public:
    /// Errors (Usage): no graph. (Parse): a circle, or a value that nothing makes, by name.
    static Result<RunGraph> create(std::shared_ptr<const Network> network);

    const Network &network() const { return *m_network; }
    const ModelFile &file() const { return *m_network->file; }
    /// That of the file, and what its operators round within themselves.
    const Graph &graph() const { return m_inner.graph(); }
    /// What the file's graph does not name.
    bool isInner(ValueId value) const { return value >= m_network->file->graph->values.size(); }

    /// The graph's inputs without those that have a tensor, which is what they are where nobody gives another.
    const std::vector<ValueId> &inputs() const { return m_inputs; }
    const std::vector<RunSite> &sites() const { return m_sites; }
    /// Position in sites() of the one that makes a value.
    std::optional<std::size_t> siteOf(ValueId value) const;
    const std::vector<LayerResult> &results() const { return m_results; }
    /// The outputs rest on it, whichever branches are taken.
    bool isAlwaysNeeded(ValueId value) const { return m_needed[value]; }

    /// It rests on tensors of the file alone.
    bool isConstant(ValueId value) const { return m_constant[value]; }
    /// An order in which each node stands behind those that it reads.
    std::size_t position(NodeId node) const { return m_position[node]; }
    /// Of the last node that reads it.
    std::size_t lastUse(ValueId value) const { return m_lastUse[value]; }
    /// A constant that something reads which is none.
    bool isConstantForData(ValueId value) const { return m_forData[value]; }
    /// Worth keeping between runs: a quantizer or a layer reads it beside what may be exchanged, or several do.
    bool isResumePoint(ValueId value) const { return m_resume[value]; }
    /// What an ONNX If or a branch of code computes: the value in either case. Nothing for other nodes.
    std::optional<std::array<ValueId, 2>> branchesOf(const Node &node, std::size_t output) const;
    /// Of a node that loops; null for all others.
    const LoopBody *bodyOf(NodeId node) const;
    /// It is made within a loop, anew in each round.
    bool isWithinLoop(ValueId value) const { return m_withinLoop[value]; }
    /// Which nodes run depends on the data.
    bool hasBranches() const;
    /// Every value that may change where those places do.
    std::vector<bool> behind(const std::vector<std::size_t> &changedSites) const;

    /// "node conv1 (Conv)"; without a name by what it makes.
    std::string nodeText(NodeId node) const;

private:
    explicit RunGraph(std::shared_ptr<const Network> network);
    void findLoopBodies();
    std::optional<Error> order();
    std::optional<Error> checkInputs() const;
    void findNeeded();
    void findConstants();
    void findSites();
    void findResults();
    void findResumePoints();
    bool isAhead(const GraphSpan &span) const;
    std::optional<NodeId> computing(ValueId constant) const;
    Error error(std::string message) const;

    std::shared_ptr<const Network> m_network;
    InnerValues m_inner;
    std::vector<ValueId> m_inputs;
    std::vector<RunSite> m_sites;
    std::vector<std::size_t> m_siteOf; ///< by value; kNone without
    std::vector<LayerResult> m_results;
    std::map<NodeId, LoopBody> m_bodies;
    std::vector<bool> m_withinLoop, m_constant, m_forData, m_resume, m_needed; ///< by value
    std::vector<std::size_t> m_position; ///< by node
    std::vector<std::size_t> m_lastUse; ///< by value
};

} // namespace quantscope
