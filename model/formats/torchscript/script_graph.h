#pragma once

#include "base/limits.h"
#include "formats/budget.h"
#include "formats/torchscript/script_value.h"
#include "graph/model_file.h"

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace quantscope {

/// What an operator is called with, in order; a name where it is given by keyword.
using ScriptArguments = std::vector<std::pair<std::string, ScriptValue>>;

/// The graph while code is followed. An argument that is a value becomes the input at its position; a constant becomes
/// an attribute whose name is its position, "0" for the first, and leaves the input at that position absent. Arguments
/// by keyword are attributes of that name, or inputs behind all others. A list with values in it is a node
/// prim::ListConstruct of its own.
class ScriptGraph {
public:
    ScriptGraph(ModelFile &file, const Limits &limits, Budget &budget)
        : m_file(file)
        , m_limits(limits)
        , m_budget(budget)
        , m_tensorValues(file.tensors.size(), kNoValue)
    {
        m_file.graph.emplace();
    }

    void charge(std::uint64_t bytes) { m_budget.charge(bytes, "the graph of this archive"); }
    ValueId addInput(std::string name);
    /// The value of a tensor of the file.
    ValueId tensorValue(std::size_t tensor);
    /// Appends a node with one output; returns that. `objects` stands for what operators read of an object.
    ValueId addNode(std::string domain, std::string opType, const std::string &scope, const ScriptArguments &arguments);
    /// A value in any case: constants within sequences stay attributes, a lone constant is a node prim::Constant.
    ValueId asValue(const ScriptValue &value, const std::string &scope);
    /// One of several outputs of the node that makes a value; another node where a tensor is taken apart.
    ValueId part(ValueId value, std::size_t index, const std::string &scope);
    /// The variable that holds it; the first stays.
    void name(ValueId value, const std::string &name);
    const std::string &nameOf(ValueId value) const { return m_file.graph->values[value].name; }
    void addOutput(ValueId value);
    /// An operator changed a value in place and returned what became of it. Whoever reads that value from here on reads
    /// the result; a value that shares elements with it becomes a node prim::ChangedInPlace of itself, the value and
    /// the result when it is read.
    void changeInPlace(ValueId value, ValueId result);
    struct Change {
        ValueId value = kNoValue, result = kNoValue;
        bool known = true;
        ScriptValue condition = {}; ///< where `otherwise` is a value: `result` where it holds
        ValueId otherwise = kNoValue;
    };
    using Changes = std::map<ValueId, Change>;
    const Changes &changes() const { return m_changes; }
    /// What was changed since then may have happened or not, or again: prim::ChangedPerhaps where it is read.
    void doubtChanges(const Changes &before);
    /// One of two ways was gone: a node prim::If where what they left differently is read.
    void joinChanges(const ScriptValue &condition, const Changes &then, const Changes &other);
    void restoreChanges(Changes before) { m_changes = std::move(before); }
    /// The tensor behind a value gets the name that its module's code gives it.
    void renameTensor(ValueId value, const std::string &name);

private:
    Graph &graph() { return *m_file.graph; }
    ValueId addValue();
    ValueId current(ValueId value, const std::string &scope);
    ValueId changedNode(ValueId value, const Change &change, const std::string &scope);
    void shareElements(ValueId view, ValueId base);
    void addArgument(
        Node &node, const std::string &name, const ScriptValue &value, const std::string &scope, std::uint32_t depth);
    void addInput(Node &node, std::size_t position, const std::string &keyword, ValueId value);
    bool addNumbers(Node &node, const std::string &name, const std::vector<ScriptValue> &items);

    ModelFile &m_file;
    const Limits &m_limits;
    Budget &m_budget;
    std::vector<ValueId> m_tensorValues;
    Changes m_changes;
    std::unordered_map<ValueId, ValueId> m_root; ///< of what shares elements with it
    std::unordered_map<ValueId, std::vector<ValueId>> m_sharing; ///< by root, which is not among them
    std::unordered_set<ValueId> m_changedRoots;
};

} // namespace quantscope
