#pragma once

#include "run/torch/run_graph.h"

#include <list>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include <ATen/core/ivalue.h>

namespace quantscope {

/// What one piece of data left behind: values of the graph, and what was observed at its places.
struct KeptPiece {
    std::vector<at::Tensor> inputs;
    std::uint64_t hash = 0; ///< of the inputs' bytes
    std::map<ValueId, c10::IValue> values;
    std::map<std::size_t, std::shared_ptr<const void>> figures; ///< by place
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
    /// The piece with those inputs, bit for bit; a new one where there is none.
    KeptPiece &piece(std::span<const at::Tensor> inputs);
    void keep(KeptPiece &piece, ValueId id, const c10::IValue &value);
    void keepFigures(KeptPiece &piece, std::size_t place, std::shared_ptr<const void> figures);
    /// Other quantizers stand in the graph: drops the values that may have changed, by ValueId, and figures of places.
    void exchange(const std::vector<bool> &changedValues, const std::vector<bool> &changedPlaces);
    /// Call after a run.
    void trim();

private:
    void shrink(KeptPiece &piece, std::uint64_t most);

    const RunGraph &m_graph;
    std::list<KeptPiece> m_pieces;
    std::uint64_t m_limit = 256ull << 20;
    std::uint64_t m_exchanges = 0;
};

} // namespace quantscope
