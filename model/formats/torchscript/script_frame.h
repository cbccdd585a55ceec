#pragma once

#include "formats/torchscript/code_tree.h"
#include "formats/torchscript/script_value.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// The variables of one call while it is followed.
class ScriptFrame {
public:
    ScriptFrame(const CodeTree &code, std::string path)
        : tree(code)
        , scope(std::move(path))
    {
    }

    using Variables = std::map<std::string_view, ScriptValue>;
    const ScriptValue *find(std::string_view name) const;
    void set(std::string_view name, ScriptValue value);
    /// From here on changes are kept apart: leave() takes them back and returns them.
    void enter() { m_before.emplace_back(); }
    Variables leave();

    const CodeTree &tree;
    std::string scope; ///< path of the module whose function it is
    std::optional<ScriptValue> result; ///< what it returns
    std::optional<ScriptValue> otherResult; ///< what it may have returned before
    bool raised = false;

private:
    Variables m_variables;
    std::vector<std::map<std::string_view, std::optional<ScriptValue>>> m_before;
};

} // namespace quantscope
