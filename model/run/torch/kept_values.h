#pragma once

#include "run/torch/lane_values.h"
#include "run/torch/run_graph.h"

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <vector>

namespace quantscope {

/// What pieces of data that run together left behind: values of the graph, and what was observed at its places.
struct KeptPieces {
    std::vector<at::Tensor> inputs; ///< of all pieces, behind each other
    std::size_t count = 1;
    std::uint64_t counted = 0; ///< what the observer counts of them
    std::uint64_t hash = 0; ///< of the inputs' bytes
    std::map<ValueId, HeldValue> values;
    std::map<std::size_t, std::vector<std::shared_ptr<const void>>> figures; ///< by place
    std::uint64_t bytes = 0;
    std::uint64_t used = 0; ///< the exchange of quantizers at which it ran last
};

/// Values that are kept between runs, within a limit that the pieces share. Of each piece those go first that are read
/// first, so that a change late in the network still costs only what follows it.
class KeptValues {
public:
    explicit KeptValues(const RunGraph &graph)
        : m_graph(graph)
    {
    }

    void setLimit(std::uint64_t bytes);
    /// The pieces with those inputs, bit for bit, as many of them, of which the observer counts as much; new ones where
    /// there are none.
    KeptPieces &pieces(std::span<const at::Tensor> inputs, std::size_t count, std::uint64_t counted);
    void keep(KeptPieces &pieces, ValueId id, const HeldValue &value);
    /// Instead of what was kept of that place.
    void keepFigures(KeptPieces &pieces, std::size_t place, std::vector<std::shared_ptr<const void>> figures);
    void dropFigures(KeptPieces &pieces, const std::function<bool(std::size_t place)> &isDropped);
    /// Other quantizers stand in the graph: drops the values that may have changed, by ValueId, and figures of places.
    void exchange(const std::vector<bool> &changedValues, const std::vector<bool> &changedPlaces);
    /// Call after a run.
    void trim();

private:
    void shrink(KeptPieces &pieces, std::uint64_t most);

    const RunGraph &m_graph;
    std::list<KeptPieces> m_pieces;
    std::uint64_t m_limit = 256ull << 20;
    std::uint64_t m_exchanges = 0;
};

} // namespace quantscope
