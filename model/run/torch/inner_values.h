#pragma once

#include "graph/model_file.h"
#include "quant/quantizer.h"

#include <map>
#include <memory>
#include <optional>

namespace quantscope {

/// A place at which a quantizer stands, as a run sees it.
struct InnerPlace {
    GraphSpan span;
    bool makesCodes = false; ///< what is behind it are codes that operators of the graph read
    std::optional<std::size_t> within; ///< position among the quantizers that lie within the node of span.to
};

/// A file's graph in which what operators round within themselves has values too, behind those of the file: outputs of
/// their nodes behind those that the file names.
class InnerValues {
public:
    explicit InnerValues(const ModelFile &file);

    const Graph &graph() const { return *m_graph; }
    /// What a layer with a weight computes, before it rounds that: the value itself where it rounds nothing.
    ValueId unrounded(ValueId made) const;
    /// Where the span of a slot is one value of codes: what is rounded to them, as far as it is there.
    InnerPlace placeOf(Slot slot, const GraphSpan &span) const;

private:
    void addRounded(Graph &graph, NodeId node);
    void addCell(Graph &graph, NodeId node);

    const ModelFile &m_file;
    std::shared_ptr<const Graph> m_graph; ///< the file's own where nothing was added
    std::map<ValueId, ValueId> m_unrounded;
};

} // namespace quantscope
