#pragma once

#include "run/torch/kept_values.h"
#include "run/torch/observed_places.h"
#include "run/torch/op_table.h"
#include "run/torch/run_engine.h"
#include "run/torch/sites_in_force.h"

#include <map>
#include <vector>

namespace quantscope {

/// What all runs of one network share.
struct RunContext {
    const RunGraph &graph;
    const SitesInForce &sites;
    const std::vector<ObservedPlace> &places;
    const std::vector<OpFunction> &functions; ///< by node; null for what is not known
    std::map<ValueId, c10::IValue> &constants; ///< computed once, for all pieces
    KeptValues &kept;
};

/// One run of one piece. It computes what the outputs and the places that are observed rest on, as far as neither the
/// constants nor the piece hold it, and lets go of each value behind its last use.
class Evaluation {
public:
    Evaluation(const RunContext &context, KeptPiece &piece, const Observer &observe, const Cancelled &cancelled);

    /// Throws CancelledError. What an operator cannot do is PieceResult::stopped, and what was observed before stands.
    PieceResult run(std::span<const at::Tensor> inputs);

private:
    struct Step {
        enum class Kind : std::uint8_t { Node, Site, Observe };
        Kind kind = Kind::Node;
        std::size_t index = 0; ///< NodeId, or position among sites or places
        std::size_t position = 0; ///< in the order of computation
    };

    Step nodeStep(NodeId id) const;
    Step siteStep(std::size_t site) const;
    Step observeStep(std::size_t place) const;
    std::size_t positionOf(ValueId made) const;
    std::size_t numberOf(const Step &step) const;
    std::vector<ValueId> readBy(const Step &step) const;
    std::vector<ValueId> madeBy(const Step &step) const;
    std::string textOf(const Step &step) const;

    bool isThere(ValueId value) const;
    std::optional<Step> makerOf(ValueId value) const;
    bool isUnobserved(std::size_t place) const;
    /// Everything that has to run for those steps and values, in order; what they read has one use more.
    std::vector<Step> plan(std::vector<Step> open, const std::vector<ValueId> &values);
    void runAll(const std::vector<Step> &steps);
    void runNode(NodeId id);
    void runBranch(NodeId id);
    void runSite(std::size_t site);
    void observe(std::size_t place);
    c10::IValue fetch(ValueId value);
    void store(ValueId value, c10::IValue computed);
    void release(ValueId value);
    at::Tensor outputOf(ValueId value);
    void collectObserved(PieceResult &out) const;

    const RunContext &m_context;
    const RunGraph &m_graph;
    KeptPiece &m_piece;
    const Observer &m_observe;
    const Cancelled &m_cancelled;
    std::map<ValueId, std::vector<std::size_t>> m_placesAt;
    std::vector<c10::IValue> m_values; ///< by ValueId
    std::vector<bool> m_present; ///< by ValueId
    std::vector<std::uint32_t> m_uses; ///< by ValueId: steps that will read it
    std::vector<bool> m_planned; ///< by step
    std::optional<Step> m_current;
    std::size_t m_done = 0, m_total = 0, m_nodesRun = 0;
    unsigned m_depth = 0; ///< branches within branches
};

} // namespace quantscope
