#pragma once

#include "formats/onnx/graph_proto.h"

#include <string>
#include <string_view>
#include <unordered_map>

namespace quantscope::onnx {

/// Resolves names to values, once: inner graphs see outer names, equal names in two branches are two values. All
/// subgraphs end up in one flat list of nodes that carry their scope.
class GraphBuilder {
public:
    explicit GraphBuilder(Context &context)
        : m_context(context)
    {
    }

    void addTop(const RawGraph &graph);
    void addFunction(const std::string &scope, const RawGraph &graph);
    Graph take() { return std::move(m_graph); }

private:
    struct Scope {
        const Scope *outer = nullptr;
        std::string path;
        std::unordered_map<std::string, ValueId> values;
    };

    void add(const RawGraph &raw, Scope &scope, std::uint32_t depth);
    void defineInputs(const RawGraph &raw, Scope &scope);
    void defineInitializers(const RawGraph &raw, Scope &scope);
    void defineOutputs(const RawGraph &raw, Scope &scope, std::vector<std::optional<NodeId>> &ids);
    void defineNodeOutput(const RawNode &node, std::size_t output, Scope &scope, std::optional<NodeId> id);
    void connect(const RawNode &raw, NodeId id, Scope &scope);
    void annotate(const RawGraph &raw, Scope &scope);

    ValueId newValue(const std::string &name, Scope &scope);
    std::optional<ValueId> find(const std::string &name, const Scope &scope) const;
    /// A value that nothing defines is made up, so that the nodes around it keep their edges.
    ValueId require(const std::string &name, Scope &scope, const std::string &reader);

    Context &m_context;
    Graph m_graph;
};

} // namespace quantscope::onnx
