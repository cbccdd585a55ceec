#pragma once

#include "run/torch/kept_values.h"
#include "run/torch/observed_places.h"
#include "run/torch/op_table.h"
#include "run/torch/run_engine.h"
#include "run/torch/run_steps.h"
#include "run/torch/sites_in_force.h"

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace quantscope {

/// What all runs of one network share.
struct RunContext {
    const RunGraph &graph;
    const SitesInForce &sites;
    const std::vector<ObservedPlace> &places;
    const std::vector<OpFunction> &functions; ///< by node; null for what is not known
    std::map<ValueId, HeldValue> &constants; ///< computed once, for all pieces
    KeptValues &kept;
    const RunSteps &steps;
    std::size_t exchanges = 0; ///< of quantizers so far
    std::shared_ptr<const RunPlan> &lastPlan;
};

/// One run of pieces, node by node: each is computed by itself, but what quantizes elements and what is the same for
/// all happens once. It computes what the outputs and the places that are observed rest on, as far as neither the
/// constants nor the pieces hold it, and lets go of each value behind its last use.
class Evaluation {
public:
    Evaluation(const RunContext &context, KeptPieces &pieces, const Observer &observe, const Cancelled &cancelled);

    /// Of the pieces' own inputs. Throws CancelledError. What an operator cannot do is PiecesResult::stopped, and what
    /// was observed before stands.
    PiecesResult run();

private:
    bool isThere(ValueId value) const;
    bool isUnobserved(std::size_t place) const;
    bool isPlanned(ValueId value) const;
    void need(ValueId value, std::vector<RunStep> &open);
    /// Everything that has to run for those steps and values, in order; what they read has one use more.
    std::vector<RunStep> plan(std::vector<RunStep> open, const std::vector<ValueId> &values);
    std::shared_ptr<const RunPlan> planAll();
    void runAll(const std::vector<RunStep> &steps);
    void runNode(NodeId id);
    void runBranch(const RunStep &own);
    void runLoop(NodeId id);
    std::vector<c10::IValue> runRound(const LoopBody &body, std::vector<c10::IValue> given);
    void runSite(std::size_t site);
    void observe(std::size_t place);
    HeldValue fetch(ValueId value);
    void hold(ValueId value, HeldValue computed);
    void store(ValueId value, HeldValue computed);
    void release(ValueId value);
    void takeOutput(ValueId value, PiecesResult &out);
    void collectObserved(PiecesResult &out) const;

    const RunContext &m_context;
    const RunGraph &m_graph;
    KeptPieces &m_pieces;
    const Observer &m_observe;
    const Cancelled &m_cancelled;
    std::vector<HeldValue> m_values; ///< by ValueId; null for what is not there
    std::vector<std::uint32_t> m_uses; ///< by ValueId: steps that will read it
    std::vector<bool> m_planned; ///< by step: it will run
    std::vector<ValueId> m_held; ///< that the pieces keep
    std::optional<RunStep> m_current; ///< without what it reads; a branch's own steps are gone when it fails
    std::size_t m_done = 0, m_total = 0, m_nodesRun = 0;
    unsigned m_depth = 0, m_loops = 0; ///< branches and loops within each other, and loops alone
    std::size_t m_rounds = 0; ///< of all loops
};

} // namespace quantscope
