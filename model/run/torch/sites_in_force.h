#pragma once

#include "run/torch/float_flow.h"
#include "run/torch/lane_values.h"
#include "run/torch/op_table.h"
#include "run/torch/run_engine.h"
#include "run/torch/run_graph.h"

#include <map>
#include <span>
#include <vector>

namespace quantscope {

/// What stands at one place of the graph in a run.
struct SiteInForce {
    enum class Kind {
        Nodes, ///< the operators of the graph
        Quantizer, ///< a quantizer, through QuantScope's kernels
        Float, ///< what flows in
        Tensor, ///< floats of another tensor
    };
    Kind kind = Kind::Nodes;
    std::optional<SlotQuantizer> slot; ///< of Quantizer and Tensor; of Float where the file holds codes
};

/// Quantizers of the file, and what is set in their place.
class SitesInForce {
public:
    explicit SitesInForce(const RunGraph &graph);

    const SiteInForce &at(std::size_t site) const { return m_sites[site]; }
    /// Whether what stands there stands instead of the graph's own operators.
    bool replaces(std::size_t site) const
    {
        return m_sites[site].kind != SiteInForce::Kind::Nodes && !m_graph.sites()[site].within;
    }
    /// It takes what flows in: constants that another tensor replaces do not.
    bool readsInput(std::size_t site) const;
    /// In the quantizer's place, of what flows in (null where it reads nothing).
    HeldValue valueAt(std::size_t site, const HeldValue &input) const;

    /// What makes the codes there, as far as it is known; null for float, and for what is truncated.
    const Quantizer *quantizerAt(std::size_t site) const;

    /// For each of the quantizers within a node what stands instead; empty where all are the file's.
    std::span<const WithinChoice> within(NodeId node) const;
    /// Floats flow there, where the file has codes.
    bool hasFloats(ValueId value) const { return m_floats.hasFloats(value); }
    /// What an operator made of such floats, on the grid that its codes would have.
    HeldValue onGrid(ValueId value, HeldValue made) const;

    /// The places that other quantizers stand at now. Errors (Usage): a slot whose place is not known, or a quantizer
    /// that is none for it; nothing is changed then.
    Result<std::vector<std::size_t>> exchange(const std::vector<QuantizerChoice> &choices);

private:
    SiteInForce ownOf(const RunSite &site) const;
    Result<SiteInForce> chosen(const RunSite &site, const QuantizerChoice &choice) const;
    Error error(const SlotId &id, const std::string &why) const;
    bool isFloat32(const SlotQuantizer &slot) const;

    void findWithin();

    const RunGraph &m_graph;
    std::vector<SiteInForce> m_own, m_sites;
    FloatFlow m_floats;
    std::map<NodeId, std::vector<WithinChoice>> m_within;
};

} // namespace quantscope
