#pragma once

#include "formats/onnx/graph_proto.h"

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace quantscope::onnx {

/// Resolves names to values, once: inner graphs see outer names, equal names in two branches are two values. All
/// subgraphs end up in one flat list of nodes that carry their scope. A call of a function of the file becomes the
/// nodes of its body, wherever it is called, so that what it is given is what they read.
class GraphBuilder {
public:
    /// The functions must outlive it.
    GraphBuilder(Context &context, const std::vector<RawFunction> &functions);

    void addTop(const RawGraph &graph);
    /// Functions that nothing has called, each for itself.
    void addUncalled();
    Graph take();

private:
    struct Function {
        const RawFunction *raw = nullptr;
        std::uint64_t cost = 0; ///< of one call, in nodes of usual size
        std::size_t calls = 0;
        bool active = false; ///< one of its calls is being added
        bool said = false; ///< that its calls are not followed
    };
    /// Attributes of a call of a function, with the function's defaults.
    using CallAttributes = std::vector<Attribute>;
    struct Scope {
        const Scope *outer = nullptr; ///< whose names it sees; functions see none
        const Scope *holder = nullptr; ///< that its path begins with
        std::string part; ///< "sel/then_branch", or the name of a call
        const Function *function = nullptr;
        const CallAttributes *call = nullptr; ///< where attributes that refer to a call find their values
        std::uint32_t depth = 1;
        std::string path = {};
        std::unordered_map<std::string, ValueId> values = {};
    };
    /// A node whose inputs are not connected yet.
    struct Made {
        const RawNode *raw;
        NodeId id;
        Scope *scope;
        std::size_t index; ///< among the nodes of its graph
    };

    void add(const RawGraph &raw, Scope &scope);
    void addSubgraphs(const Made &made);
    void defineInputs(const RawGraph &raw, Scope &scope);
    void defineInitializers(const RawGraph &raw, Scope &scope);
    void defineNodes(const std::vector<RawNode> &nodes, Scope &scope, std::vector<Made> &made);
    void defineNode(const RawNode &raw, std::size_t index, Scope &scope, std::vector<Made> &made);
    void defineNodeOutput(const RawNode &node, std::size_t output, Scope &scope, std::optional<NodeId> id,
        std::optional<std::size_t> constant);
    void connect(const RawNode &raw, NodeId id, Scope &scope);
    void addInput(NodeId id, ValueId value);
    void annotate(const RawGraph &raw, Scope &scope);

    Function *calledBy(const RawNode &node, const Scope &scope);
    void sayUnfollowed(Function &function);
    void expand(const RawNode &call, std::size_t index, Function &function, Scope &scope, std::vector<Made> &made);
    void passOn(const RawNode &call, const Function &function, Scope &scope, Scope &body);
    std::vector<Attribute> resolved(const RawNode &node, const Scope &scope);
    std::optional<std::size_t> constantOf(
        const RawNode &node, const std::vector<Attribute> &attributes, const Scope &scope);

    Scope &newScope(Scope scope);
    std::string pathOf(const Scope &scope) const;
    ValueId newValue(const std::string &name, Scope &scope);
    std::optional<ValueId> find(const std::string &name, const Scope &scope) const;
    /// A value that nothing defines is made up, so that the nodes around it keep their edges.
    ValueId require(const std::string &name, Scope &scope, const std::string &reader);

    Context &m_context;
    Graph m_graph;
    std::deque<Function> m_functions;
    std::map<std::tuple<std::string, std::string, std::string>, Function *> m_byName; ///< domain, name, overload
    std::deque<Scope> m_scopes;
    std::deque<CallAttributes> m_calls;
    std::vector<const Scope *> m_scopeOf; ///< of each node
    std::uint64_t m_calledNodes = 0; ///< and what takes as much memory
};

} // namespace quantscope::onnx
