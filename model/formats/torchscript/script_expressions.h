#pragma once

#include "formats/torchscript/script_frame.h"
#include "formats/torchscript/script_library.h"
#include "formats/torchscript/script_objects.h"
#include "formats/torchscript/script_steps.h"

namespace quantscope {

/// What an expression of the code stands for: constants, objects, and operators that it writes into the graph.
class ScriptExpressions {
public:
    ScriptExpressions(ScriptObjects &objects, ScriptLibrary &library, ScriptGraph &graph)
        : m_objects(objects)
        , m_library(library)
        , m_graph(graph)
    {
    }
    virtual ~ScriptExpressions() = default;
    ScriptExpressions(const ScriptExpressions &) = delete;
    ScriptExpressions &operator=(const ScriptExpressions &) = delete;

    /// Follows a function. Throws ParseError.
    virtual ScriptValue call(
        const ScriptDefinition &function, const ScriptArguments &arguments, const std::string &scope)
        = 0;

protected:
    ScriptValue value(ScriptFrame &frame, CodeRef ref);
    /// One of two values, by a condition or by how often a loop ran.
    ScriptValue joined(const ScriptFrame &frame, const ScriptValue &condition, const std::string &opType,
        const ScriptValue &a, const ScriptValue &b);
    ScriptValue element(ScriptFrame &frame, const ScriptValue &base, const ScriptValue &index);
    ScriptValue node(
        const ScriptFrame &frame, const std::string &domain, const std::string &opType, ScriptArguments arguments);

    ScriptObjects &m_objects;
    ScriptLibrary &m_library;
    ScriptGraph &m_graph;
    ScriptSteps m_steps;
    unsigned m_loops = 0; ///< around what is followed, that are followed once

private:
    ScriptValue evaluated(ScriptFrame &frame, const CodeNode &node);
    ScriptValue values(ScriptFrame &frame, ScriptValue::Kind kind, const std::vector<CodeRef> &refs);
    ScriptValue name(ScriptFrame &frame, const CodeNode &node);
    ScriptValue attribute(ScriptFrame &frame, const ScriptValue &base, std::string_view wanted);
    std::optional<ScriptValue> fieldOf(const std::string &type, std::string_view wanted);
    std::optional<std::size_t> fieldPosition(const std::string &type, std::string_view wanted);
    ScriptValue callExpression(ScriptFrame &frame, const CodeNode &node);
    ScriptValue builtin(ScriptFrame &frame, std::string_view called, const CodeNode &node);
    ScriptValue callMethod(
        ScriptFrame &frame, const ScriptValue &base, std::string_view method, ScriptArguments arguments);
    ScriptValue callNamed(ScriptFrame &frame, const std::string &qualified, ScriptArguments arguments);
    ScriptValue callOperator(
        ScriptFrame &frame, const std::string &domain, const std::string &opType, ScriptArguments arguments);
    ScriptArguments argumentsOf(ScriptFrame &frame, const CodeNode &call);
    ValueId packed(const ScriptValue &object);
    void prepare(const ScriptValue &object);
    ScriptValue withoutObjects(const ScriptValue &sequence);
};

} // namespace quantscope
