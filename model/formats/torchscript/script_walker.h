#pragma once

#include "formats/torchscript/script_expressions.h"

namespace quantscope {

/// Follows the code of a module from its first statement to the last, with its submodules' code in the place of their
/// calls, and writes down the operators that it names. None is computed; conditions are decided where constants and
/// attributes decide them, else both branches are followed once and joined by prim::If. Loops are followed as often as
/// a constant says, else once.
class ScriptWalker final : public ScriptExpressions {
public:
    using ScriptExpressions::ScriptExpressions;
    ScriptValue call(
        const ScriptDefinition &function, const ScriptArguments &arguments, const std::string &scope) override;

private:
    // True when nothing behind a statement is reached.
    bool run(ScriptFrame &frame, CodeRef block);
    bool statement(ScriptFrame &frame, CodeRef ref);
    /// What following a block without knowing that it runs came to.
    struct Way {
        ScriptFrame::Variables variables;
        std::optional<ScriptValue> result;
        bool raised = false;
        ScriptGraph::Changes changes;
    };
    Way follow(ScriptFrame &frame, CodeRef block);
    bool branch(ScriptFrame &frame, const CodeNode &node);
    std::optional<ScriptValue> roundsOf(ScriptFrame &frame, const CodeNode &node);
    bool rounds(ScriptFrame &frame, const CodeNode &node, std::int64_t count);
    bool loop(ScriptFrame &frame, CodeRef body);
    void joinVariables(ScriptFrame &frame, const ScriptValue &condition, const std::string &opType,
        const ScriptFrame::Variables &a, const ScriptFrame::Variables &b);
    void keep(ScriptFrame &frame, std::string_view name, const ScriptValue &value);
    void assign(ScriptFrame &frame, CodeRef target, const ScriptValue &value);
};

} // namespace quantscope
